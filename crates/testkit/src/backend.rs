//! Each database that the product runs on, fresh for a test.

use crate::folder::Folder;
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
            Fresh::File(folder) => format!("sqlite:{}/paraclete.db", folder.path().display()),
            Fresh::Server(database) => database.url(),
        }
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
