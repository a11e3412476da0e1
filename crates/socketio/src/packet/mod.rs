//! The two packet languages, as pure functions over text.
//!
//! - [`engine`]: one digit before each message, and the payloads of polling (Engine.IO protocol v4).
//! - [`socket`]: namespaces, events, acknowledgements and their attachments (Socket.IO protocol v5).
//!
//! Decoding borrows: an event's arguments are slices of the packet that came in. Nothing here keeps state.

pub mod engine;
pub mod socket;

mod placeholder;
