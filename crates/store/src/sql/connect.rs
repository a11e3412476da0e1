//! Connections: how many, how long to wait for them, and when not to use one again.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection};
use tokio::time::{Instant, timeout};

use crate::error::Error;
use crate::sql::rows::execute;
use crate::store::Settings;

/// A connection that was idle for longer is asked whether it still works before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// A connection that nobody used for so long is closed.
const MAX_IDLE: Duration = Duration::from_secs(10 * 60);

/// A store in a database that speaks SQL.
pub(crate) struct Sql {
    pub(super) place: Place,
    pub(super) options: AnyConnectOptions,
    readers: AnyPool,
    /// SQLite lets one write at a time: whoever waits does so here, in order, and not in SQLite, where luck decides.
    writers: AnyPool,
    pub(super) settings: Settings,
    pub(super) is_prepared: AtomicBool,
}

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In this file.
    Sqlite(String),
    /// On a server.
    Postgres,
}

impl Sql {
    /// Connects to nothing yet.
    pub(crate) fn new(settings: &Settings) -> Result<Sql, Error> {
        sqlx::any::install_default_drivers();
        let (place, url) = locate(settings)?;
        let options = AnyConnectOptions::from_str(&url)?.disable_statement_logging();
        let pool = |size: u32| {
            AnyPoolOptions::new()
                .max_connections(size.max(1))
                .acquire_timeout(settings.timeout)
                .idle_timeout(MAX_IDLE)
                .test_before_acquire(false)
                .before_acquire(|connection, meta| {
                    Box::pin(async move {
                        if meta.idle_for > TRUSTED_IDLE {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                })
                .connect_lazy_with(options.clone())
        };
        let readers = pool(settings.pool_size);
        let writers = match &place {
            Place::Sqlite(_) => pool(1),
            Place::Postgres => readers.clone(),
        };
        let is_prepared = AtomicBool::new(false);
        Ok(Sql { place, options, readers, writers, settings: settings.clone(), is_prepared })
    }

    /// Ends an operation after the configured time, and says if it was slow.
    pub(super) async fn call<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if !self.is_prepared.load(Ordering::Acquire) {
            return Err(Error::unavailable("it was not reached since the start"));
        }
        let begun = Instant::now();
        let result = timeout(self.settings.timeout, work).await;
        let elapsed = begun.elapsed();
        if elapsed >= self.settings.slow_query {
            tracing::warn!(operation, elapsed_ms = elapsed.as_millis() as u64, "the store was slow");
        }
        result.unwrap_or_else(|_| Err(Error::unavailable("it did not answer in time")))
    }

    /// A connection for an operation that writes nothing.
    pub(super) async fn reader(&self) -> Result<Link, Error> {
        Ok(Link(Some(self.readers.acquire().await?)))
    }

    /// A connection in a transaction that may write.
    pub(super) async fn begin(&self) -> Result<Link, Error> {
        let mut link = Link(Some(self.writers.acquire().await?));
        execute(&mut link, self.place.begin()).await?;
        Ok(link)
    }
}

impl Place {
    /// How a transaction begins that will write: in SQLite it takes the lock at once, since one that read first could not
    /// wait for it any more.
    pub(super) const fn begin(&self) -> &'static str {
        match self {
            Place::Sqlite(_) => "BEGIN IMMEDIATE",
            Place::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match &self.place {
            Place::Sqlite(_) => "SQLite",
            Place::Postgres => "PostgreSQL",
        };
        f.debug_struct("Sql").field("place", &place).field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A borrowed connection. One that is dropped before it is given back is closed: nobody knows what it is in the middle of,
/// and to find out could take as long as the outage does.
pub(super) struct Link(Option<PoolConnection<Any>>);

impl Link {
    /// Gives it back after reading.
    pub(super) fn give_back<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        if is_clean(&result) {
            drop(self.0.take());
        }
        result
    }

    /// Commits, or takes back what was done, and gives it back.
    pub(super) async fn end<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        if !is_clean(&result) {
            return result;
        }
        execute(&mut self, if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
        drop(self.0.take());
        result
    }
}

/// Whether the connection is as usable as before: our own refusals say nothing about it.
fn is_clean<T>(result: &Result<T, Error>) -> bool {
    match result {
        Ok(_) | Err(Error::Conflict | Error::Invalid { .. }) => true,
        Err(Error::Unavailable { .. } | Error::Broken { .. }) => false,
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

impl Deref for Link {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        self.0.as_ref().expect("a link is held until it is given back")
    }
}

impl DerefMut for Link {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.0.as_mut().expect("a link is held until it is given back")
    }
}

/// Reads the URL, and writes down the one for the driver.
fn locate(settings: &Settings) -> Result<(Place, String), Error> {
    let url = settings.url.as_str();
    if let Some(rest) = url.strip_prefix("sqlite:") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.starts_with(':') {
            return Err(Error::broken("its URL names no file: write sqlite:<path>"));
        }
        return Ok((Place::Sqlite(path.to_owned()), format!("sqlite:{}?mode=rw", escaped(path))));
    }
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let statement_ms = settings.timeout.as_millis();
        // A process that hangs in the middle of a transaction would keep others out for good.
        let idle_ms = statement_ms * 2;
        let join = if url.contains('?') { '&' } else { '?' };
        let url = format!(
            "{url}{join}options[statement_timeout]={statement_ms}\
             &options[idle_in_transaction_session_timeout]={idle_ms}&application_name=paraclete"
        );
        return Ok((Place::Postgres, url));
    }
    Err(Error::broken(
        "there is no backend for its URL: write sqlite:<path> or postgres://user:password@host/name",
    ))
}

/// The path as the driver reads it back, whatever characters it has.
fn escaped(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => escaped.push(byte as char),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Result<Place, Error> {
        let second = Duration::from_secs(1);
        let settings = Settings { url: url.to_owned(), pool_size: 1, timeout: second, slow_query: second };
        locate(&settings).map(|(place, _)| place)
    }

    #[test]
    fn the_scheme_of_the_url_picks_the_backend() {
        assert_eq!(place("sqlite:data/a.db"), Ok(Place::Sqlite("data/a.db".to_owned())));
        assert_eq!(place("sqlite:///data/a.db"), Ok(Place::Sqlite("/data/a.db".to_owned())));
        assert_eq!(place("postgres://u:p@h/d"), Ok(Place::Postgres));
        assert_eq!(place("postgresql://h/d?sslmode=disable"), Ok(Place::Postgres));
        for url in ["", "sqlite:", "sqlite::memory:", "mysql://h/d", "/data/a.db"] {
            assert!(matches!(place(url), Err(Error::Broken { .. })), "{url}");
        }
    }

    #[test]
    fn a_path_may_have_any_characters() {
        assert_eq!(escaped("/a b?c#d%e/ü.db"), "/a%20b%3Fc%23d%25e/%C3%BC.db");
    }

    #[test]
    fn settings_hide_the_url_when_they_are_debugged() {
        let second = Duration::from_secs(1);
        let url = "postgres://user:hunter2@host/db".to_owned();
        let debug = format!("{:?}", Settings { url, pool_size: 1, timeout: second, slow_query: second });
        assert!(
            debug.contains("pool_size") && !debug.contains("hunter2") && !debug.contains("host"),
            "{debug}"
        );
    }
}
