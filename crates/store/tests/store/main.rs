//! The contract, in sentences, on every backend: maps, SQLite and a real PostgreSQL. What concerns one of them alone comes after.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod accounts;
mod history;
mod locks;
mod log;
mod migrations;
mod outage;
mod parallel;
mod plans;
// By its path and not by way of the kit, which knows the server and with it this crate: so these are tests of the store alone.
#[expect(unreachable_pub, reason = "what others have of it is not needed here")]
#[path = "../../../testkit/src/postgres.rs"]
mod postgres;
mod revocations;
mod search;
mod sessions;
mod sqlite;
mod support;
mod texts;
