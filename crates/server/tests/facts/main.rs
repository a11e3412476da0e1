//! The record, over a store that fails in every way, and over a real one that is killed.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod outage;
mod record;
