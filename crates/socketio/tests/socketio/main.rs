//! The rules of Engine.IO v4 and Socket.IO v5, one test each: first those of the pure parts, then those that show
//! only over real sockets.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod support;

mod packet;
mod packet_properties;
mod session;
mod session_attachments;
mod session_limits;

mod acks;
mod attachments;
mod backpressure;
mod closing;
mod frames;
mod handshake;
mod heartbeat;
mod hostile;
mod middleware;
mod namespaces;
mod order;
mod polling;
mod polling_refusals;
mod shutdown;
mod slow_consumer;
mod upgrade;
mod upgrade_failures;
