//! Each database that the product runs on, fresh for a test.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::postgres::{Database, Postgres};

/// A database that the product runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Backend {
    /// A new, empty one, for as long as the test keeps it.
    pub fn fresh(self) -> Fresh {
        match self {
            Backend::Sqlite => Fresh::File(Folder::new()),
            Backend::Postgres => Fresh::Server(Postgres::shared().database()),
        }
    }
}

/// An empty database. It is gone when this is dropped.
#[derive(Debug)]
pub enum Fresh {
    /// SQLite's, in a folder of its own.
    File(Folder),
    /// PostgreSQL's.
    Server(Database),
}

impl Fresh {
    /// What to set `DATABASE_URL` to.
    pub fn url(&self) -> String {
        match self {
            Fresh::File(folder) => format!("sqlite:{}/paraclete.db", folder.0.display()),
            Fresh::Server(database) => database.url(),
        }
    }
}

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("paraclete-store-{}-{count}", process::id()));
        fs::create_dir_all(&path).expect("a folder for temporary files can be written");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Makes two tests of one body, `<its name>::on_sqlite` and `<its name>::on_postgres`:
///
/// ```ignore
/// on_every_store! {
///     async fn an_account_is_there_after_a_restart(backend: Backend) {
///         let database = backend.fresh();
///         ...
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_every_store {
    ($(async fn $name:ident($backend:ident: Backend) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn story($backend: $crate::Backend) $body

            #[tokio::test]
            async fn on_sqlite() {
                story($crate::Backend::Sqlite).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                story($crate::Backend::Postgres).await;
            }
        }
    )+};
}
