//! `/api/`, asked over its socket, on every database.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod contract;
mod hostile;
mod life;
mod limits;
mod outage;
mod profiles;
mod refresh;
mod storm;
mod visitor;
