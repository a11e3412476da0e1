//! What the command line does besides serving: tokens, accounts, the schema.
//!
//! Each command reads the same configuration as the server, does one thing in the database, and says what came of it. A
//! server that runs on the same database notices within a second: it looks there for what was revoked.
//!
//! What a command makes goes to standard output, so that scripts can take it; everything said about it goes to standard
//! error. It ends with 0 when it did what it was asked, with 1 when it did not, and with 2 when it was asked in the wrong
//! way. No password or token is read from the arguments if it can be had otherwise, and none is repeated.
//!
//! To add one: a variant of [`crate::cli::Command`] or of its group, its definition in `cli/`, and a function here.

mod password;
pub(crate) mod time;
mod token;
mod user;

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use anyhow::Context as _;
use store::Store;
use tokio_util::task::TaskTracker;

use crate::{
    cli::{TokenCommand, UserCommand},
    config::Config,
    upkeep,
};

/// `paraclete migrate`.
///
/// # Errors
/// The database cannot be used, or does not answer.
pub fn migrate(config: &Config) -> anyhow::Result<()> {
    on_a_runtime(async {
        upkeep::make_folder(config)?;
        let store = store::open(&upkeep::settings(config)).context("cannot use the database")?;
        let applied = store.prepare().await.context("cannot use the database")?;
        if applied.is_empty() {
            return say("the schema is up to date");
        }
        print(&applied.join("\n"))
    })
}

/// `paraclete token`.
///
/// # Errors
/// What hindered it; for `inspect` also that the token is not good.
pub fn token(command: TokenCommand, config: &Config) -> anyhow::Result<()> {
    on_a_runtime(async {
        match command {
            TokenCommand::Create(wanted) => token::create(*wanted, config, &TaskTracker::new()).await,
            TokenCommand::Inspect { token } => token::inspect(token, config, &TaskTracker::new()).await,
            TokenCommand::Revoke(revocation) => token::revoke(revocation, &*store(config).await?).await,
        }
    })
}

/// `paraclete user`.
///
/// # Errors
/// What hindered it.
pub fn user(command: UserCommand, config: &Config) -> anyhow::Result<()> {
    on_a_runtime(async {
        match command {
            UserCommand::Add(wanted) => user::add(*wanted, config).await,
            UserCommand::List => user::list(&*store(config).await?).await,
            UserCommand::Show(whom) => user::show(&*store(config).await?, &whom).await,
            UserCommand::SetStanding(whom, standing) => {
                user::set_standing(&*store(config).await?, &whom, standing).await
            }
            UserCommand::SetPassword(whom, from) => user::set_password(&whom, from, config).await,
        }
    })
}

fn on_a_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// The database, its schema up to date.
async fn store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    upkeep::make_folder(config)?;
    let store = store::open(&upkeep::settings(config)).context("cannot use the database")?;
    store.prepare().await.context("cannot use the database")?;
    Ok(store)
}

/// A line for whoever takes the result.
fn print(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// A line for whoever watches.
fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stderr(), "{line}")?)
}
