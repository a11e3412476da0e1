//! What outlives the process: accounts, the sessions that were begun with them, what was revoked, and the history of
//! rooms.
//!
//! Everything goes through one trait, [`Store`]; its comments are the contract, and one suite of tests holds every
//! implementation to it. There are two:
//!
//! - [`open`] connects to SQLite (a file, nothing to install) or PostgreSQL, whichever the URL names. Both run the same
//!   SQL text: see the module `sql`.
//! - [`Memory`] is the same rules in maps, for tests of what stands on a store. It forgets.
//!
//! # What holds here
//!
//! - **What returned `Ok` is durable**, and what returned an error may or may not have happened: an answer can be lost
//!   on its way. So whatever is worth repeating can be repeated.
//! - **Time is an argument**: milliseconds since 1970, as in [`domain::Now`]. No operation reads a clock.
//! - **Every call ends** within [`Settings::timeout`], with [`Error::Unavailable`] if the database did not answer, and
//!   works again by itself once it does.
//! - **Nothing grows without end**: lists have a limit or a page, clean-up goes in batches, pools have a size.
//! - **No error, log line or `Debug` form has a value in it**: neither SQL, URL, hash nor name.
//!
//! # How to add
//!
//! - **An operation**: a method of [`Store`] with its contract, the rule in `memory`, the SQL in `sql`, and sentences in
//!   `tests/store/` that run on every backend.
//! - **A table or index**: a file with the next number in both `migrations/sqlite` and `migrations/postgres`, and a line in
//!   `sql/migrations.rs`. A test compares the two schemas. What was released is never edited.

mod account;
mod error;
mod history;
mod memory;
mod node;
mod revocation;
mod session;
mod sql;
mod store;

use std::sync::Arc;

pub use account::{PasswordHash, ProfileChange, Role, Standing, User};
pub use error::Error;
pub use history::{ParticipationRecord, RoomRecord};
pub use memory::{Memory, Reach};
pub use node::NodeId;
pub use revocation::{Cursor, Revocation, Revoked};
pub use session::{Families, Family, FamilyId, Rotation, TokenHash};
pub use store::{CLOCKS_DIFFER_MS, FAMILIES_OF_A_USER, REVOCATIONS_PAGE, Settings, Store};

/// Every statement that looks for rows, by its name, for the test that lets databases explain them.
#[doc(hidden)]
pub const STATEMENTS: &[(&str, &str)] = sql::TEXTS;

/// The store at that URL. It connects when it is first asked, so begin with [`Store::prepare`]; it has to be called within a
/// Tokio runtime. [`Error::Broken`] if the URL is none that there is a backend for.
pub fn open(settings: &Settings) -> Result<Arc<dyn Store>, Error> {
    Ok(Arc::new(sql::Sql::new(settings)?))
}
