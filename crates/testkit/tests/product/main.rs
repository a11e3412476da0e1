//! The whole server, through its sockets.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod claims;
mod end;
mod expiry;
mod handshake;
mod limits;
mod logout;
mod mesh;
mod numbers;
mod order;
mod outage;
mod record;
mod recovery;
mod revocation;
mod secrets;
mod tokens;
mod wired;
