//! TLS in the process: what is spoken under it, who is refused, and a certificate that changes meanwhile.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod certificate;
mod frames;
mod handshake;
mod http;
mod idle;
mod sockets;
mod support;
