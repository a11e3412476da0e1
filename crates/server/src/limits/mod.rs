//! Limits of the shell: what an address may open, before anybody is asked who they are.
//!
//! Each is a plain value with the time as an argument; whoever shares one puts it behind a mutex held for
//! the length of one call.

mod address;
mod connection_rate;
mod open_connections;

pub use address::AddressKey;
pub use connection_rate::ConnectionRate;
pub use open_connections::{OpenConnection, OpenConnections};
