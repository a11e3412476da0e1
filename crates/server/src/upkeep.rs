//! The store's upkeep: opened at the start, waited for if it is away, swept now and then.
//!
//! A server starts without its database, and is ready when that has come. What no retry can mend (a folder that may not be
//! written, a schema newer than the program) ends the start instead.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use store::{Error, Settings, Store};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{clock, config::Config};

/// Between two attempts to reach a database that was away at the start.
const RETRY_PERIOD: Duration = Duration::from_secs(1);

/// Between two sweeps of what has expired.
const SWEEP_PERIOD: Duration = Duration::from_secs(600);

/// How long what has expired is kept all the same. Longer than clocks of nodes and of other issuers may differ, and than it
/// takes to set one right that went ahead: what revokes a token has to outlive it on every clock.
const SWEEP_DELAY: Duration = Duration::from_secs(86_400);

/// The store's upkeep, before it runs.
#[derive(Debug)]
pub struct Upkeep {
    store: Arc<dyn Store>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Prepared,
    Away,
}

/// The store that is configured, its schema up to date if it could be reached.
///
/// # Errors
/// What waiting does not mend, in words for who configured it.
pub async fn open(config: &Config) -> anyhow::Result<(Arc<dyn Store>, Upkeep)> {
    make_folder(config)?;
    let store = store::open(&settings(config)).context("cannot use the database")?;
    let state = match prepare(&*store).await {
        Ok(()) => State::Prepared,
        Err(Error::Unavailable { .. }) => {
            tracing::warn!("the database is away: what needs it is refused until it comes");
            State::Away
        }
        Err(error) => return Err(error).context("cannot use the database"),
    };
    Ok((Arc::clone(&store), Upkeep { store, state }))
}

/// How the store is reached.
#[must_use]
pub fn settings(config: &Config) -> Settings {
    Settings {
        url: config.database().expose().to_owned(),
        pool_size: config.database_pool,
        timeout: config.database_timeout,
        slow_query: config.slow_query,
    }
}

/// Makes the folder of the database, if it is a file in the data folder.
///
/// # Errors
/// The system refuses.
pub(crate) fn make_folder(config: &Config) -> anyhow::Result<()> {
    if config.database_url.is_none() && config.db_host.is_none() {
        make_private(&config.data_dir)?;
    }
    Ok(())
}

/// Makes the folder, and those above it, if it is not there; nobody else may look into it.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make the data folder {}: set DATA_DIR", folder.display()))
}

async fn prepare(store: &dyn Store) -> Result<(), Error> {
    let applied = store.prepare().await?;
    if !applied.is_empty() {
        tracing::info!(steps = applied.join(", "), "the database's schema was brought up to date");
    }
    Ok(())
}

impl Upkeep {
    /// Runs until `stopping`.
    pub async fn run(mut self, stopping: CancellationToken) {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = self.keep() => {}
        }
    }

    async fn keep(&mut self) {
        if self.state == State::Away {
            self.wait_for_it().await;
        }
        let mut sweeps = interval_at(Instant::now() + SWEEP_PERIOD, SWEEP_PERIOD);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            sweeps.tick().await;
            self.sweep().await;
        }
    }

    async fn wait_for_it(&mut self) {
        let mut attempts = interval(RETRY_PERIOD);
        attempts.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            attempts.tick().await;
            match prepare(&*self.store).await {
                Ok(()) => break,
                Err(Error::Unavailable { .. }) => {}
                // Somebody has to do something about it, and once that is done it goes on.
                Err(error) => {
                    let words = error.to_string();
                    if told.as_ref() != Some(&words) {
                        tracing::error!(reason = words, "the database cannot be used");
                        told = Some(words);
                    }
                }
            }
        }
        tracing::info!("the database is there");
        self.state = State::Prepared;
    }

    /// Deletes what has expired, batch by batch.
    async fn sweep(&self) {
        let delay_ms = SWEEP_DELAY.as_millis().try_into().unwrap_or(u64::MAX);
        loop {
            match self.store.purge(clock::wall_ms().saturating_sub(delay_ms)).await {
                Ok(0) => return,
                Ok(rows) => tracing::debug!(rows, "swept what had expired"),
                // The next sweep comes.
                Err(error) => return tracing::debug!(%error, "the sweep was not finished"),
            }
        }
    }
}
