//! What the command line does besides serving, by the built program, beside a server that runs.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod support;
mod terminal;
mod token;
mod user;
