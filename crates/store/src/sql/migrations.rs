//! The schema, a step at a time.
//!
//! All steps that are missing go into one transaction, under a lock that lets others who come to do the same wait; they find
//! nothing left to do. If a step fails, none of them happened.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::{AnyConnection, ConnectOptions, Connection};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::error::Error;
use crate::sql::connect::{Place, Sql};
use crate::sql::rows::{Columns, execute, query};

/// A step, and its text for each backend.
struct Step {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! step {
    ($name:literal) => {
        Step {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// All steps, oldest first. What was released stays as it is.
const STEPS: &[Step] = &[step!("0001_accounts"), step!("0002_history")];

/// How long to wait for others who change the schema, and for the change itself.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// When to ask SQLite again, which does not wait by itself while somebody switches to the log.
const BUSY_RETRY: Duration = Duration::from_millis(20);

const UNHURRIED: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

/// Any number, so that our lock is nobody else's.
const LOCK: &str = "SELECT CAST(pg_advisory_xact_lock(7310579658437) AS TEXT)";

impl Sql {
    /// See [`Store::prepare`](crate::Store::prepare).
    pub(super) async fn migrate(&self) -> Result<Vec<String>, Error> {
        if let Place::Sqlite(path) = &self.place {
            make_file(Path::new(path))?;
        }
        let connecting = timeout(self.settings.timeout, self.options.connect());
        let mut link = connecting.await.map_err(|_| Error::unavailable("it did not answer in time"))??;
        let result = match timeout(PATIENCE, self.bring_up_to_date(&mut link)).await {
            Ok(result) => result,
            Err(_) => Err(Error::unavailable("the schema could not be changed in time")),
        };
        if result.is_ok() {
            self.is_prepared.store(true, Ordering::Release);
        }
        // If it does not close in peace, nobody is interested in why.
        let _ = timeout(self.settings.timeout, link.close()).await;
        result
    }

    async fn bring_up_to_date(&self, link: &mut AnyConnection) -> Result<Vec<String>, Error> {
        match &self.place {
            Place::Sqlite(_) => write_ahead(link, Instant::now() + self.settings.timeout).await?,
            Place::Postgres => execute(link, UNHURRIED).await?,
        }
        execute(link, self.place.begin()).await?;
        match &self.place {
            Place::Sqlite(_) => {}
            Place::Postgres => execute(link, LOCK).await?,
        }
        let result = self.apply_missing(link).await;
        execute(link, if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
        result
    }

    async fn apply_missing(&self, link: &mut AnyConnection) -> Result<Vec<String>, Error> {
        execute(link, "CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY)").await?;
        let rows = query("SELECT name FROM migrations").fetch_all(&mut *link).await?;
        let done = rows.iter().map(|row| row.get_as::<String>("name")).collect::<Result<Vec<_>, _>>()?;
        if let Some(unknown) = done.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
            return Err(Error::broken(format!(
                "its schema has the step {unknown:.64?}, which this program does not know: it belongs to a newer version, so run \
                 that one or another database"
            )));
        }
        let mut applied = Vec::new();
        for step in STEPS.iter().filter(|step| done.iter().all(|name| step.name != name)) {
            let text = match &self.place {
                Place::Sqlite(_) => step.sqlite,
                Place::Postgres => step.postgres,
            };
            execute(link, text).await?;
            query("INSERT INTO migrations (name) VALUES ($1)").bind(step.name).execute(&mut *link).await?;
            applied.push(step.name.to_owned());
        }
        Ok(applied)
    }
}

/// An empty file that only its owner may read: it will hold hashes of passwords. SQLite gives its other files the same mode.
fn make_file(path: &Path) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::of_file("making the folder", &error))?;
    }
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    open.map(|_| ()).map_err(|error| Error::of_file("opening the file", &error))
}

/// Lets readers go on while one writes. It stays so in the file.
async fn write_ahead(link: &mut AnyConnection, deadline: Instant) -> Result<(), Error> {
    loop {
        match execute(link, "PRAGMA journal_mode = WAL").await {
            Err(Error::Unavailable { .. }) if Instant::now() + BUSY_RETRY < deadline => {
                let again = Instant::now() + BUSY_RETRY;
                timeout_at(deadline, sleep_until(again)).await.ok();
            }
            result => return result,
        }
    }
}
