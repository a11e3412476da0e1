//! Tests of the whole server, through its sockets.
//!
//! ```no_run
//! # async fn story() {
//! use serde_json::json;
//! use testkit::Server;
//!
//! let server = Server::start().await;
//! let mut alice = server.guest("alice").await;
//! let mut bob = server.guest("bob").await;
//! alice.join("standup").await;
//! bob.join("standup").await;
//! assert_eq!(alice.hears("peer-joined").await["userId"], "bob");
//! alice.emit("offer", json!({ "to": bob.id(), "offer": "v=0" }));
//! assert_eq!(bob.hears("offer").await["from"], alice.id());
//! # }
//! ```
//!
//! - [`Server`] is the server as `paraclete serve` starts it, on a free port, in threads of its own, with what it logs
//!   kept: an ERROR line fails the test. [`Program`] is the built binary.
//! - [`Client`] is a Socket.IO client of our own, over WebSocket or polling. It knows nothing of the server's code, so
//!   the two cannot be wrong together.
//! - [`Pair`] is two honest clients who go on with their call, whatever somebody else does meanwhile.
//! - [`Token`] is what an app lets its users show: `server.user("alice")` shows a good one.
//! - [`Authority`] makes certificates for servers that speak TLS, and clients that believe them.
//! - [`Postgres`] is a real PostgreSQL, to be used or to be broken; [`Backend`] is each database that the product runs on, and
//!   [`on_every_store!`] makes a test for each of them.
//! - [`Http`] is one raw connection, for everything that no client would send.
//!
//! Nothing here sleeps. Whatever is waited for has [a deadline](DEADLINE), far beyond what it takes; who waits in vain
//! is told what was waited for, and what came instead.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test waits for one thing: everything else is a failure, whatever it is"
)]

mod authority;
mod backend;
mod client;
mod faulty;
mod folder;
mod host;
mod http;
mod link;
mod pair;
mod postgres;
mod program;
mod server;
mod site;
mod token;
mod wait;
mod wire;

pub use authority::{Authority, Certificate};
pub use backend::{Backend, Fresh};
pub use client::{Client, Dial, Heard, Refused};
pub use faulty::{Fate, FaultyStore, Lookups};
pub use folder::Folder;
pub use host::{Host, Logs};
pub use http::{Answer, Http};
pub use pair::Pair;
pub use postgres::{Database, Durability, Postgres};
pub use program::Program;
pub use server::Server;
pub use site::{Metrics, Site};
pub use token::{SECRET, Token};
pub use wait::{DEADLINE, eventually, within};
