//! Limits of the shell: what an address, an account or a user may do in a time, before anything else is asked.
//!
//! Each is a plain value with the time as an argument; whoever shares one puts it behind a mutex held for
//! the length of one call. [`Attempts`] brings its own, since who finds all places held waits for one.

mod address;
mod attempts;
mod connection_rate;
mod open_connections;
mod windows;

pub use address::AddressKey;
pub use attempts::{ACCOUNTS_PER_ADDRESS, Attempt, Attempts, Refused};
pub use connection_rate::ConnectionRate;
pub use open_connections::{OpenConnection, OpenConnections};
pub use windows::{Level, Windows};
