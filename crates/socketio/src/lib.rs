//! A Socket.IO server as a tower service: Engine.IO v4 and Socket.IO v5, over WebSocket and HTTP long-polling.
//!
//! ```text
//!  hyper / axum ── engine::Service ──┬── websocket   frames, one task a connection
//!                                    └── polling     one task a session, upgrade by probe
//!                                          │ Endpoint: whole messages, in order
//!                                    engine session  heartbeat, packet types      (pure)
//!                                          │ Endpoint
//!                                    connection      ── session: namespaces, attachments, acks  (pure)
//!                                          │
//!                                    your Handler ── Socket ── outbox ── frames, one write for each wake
//! ```
//!
//! # What it promises
//! - Events of one connection reach the [`Handler`] one after the other, in the order in which they were sent.
//! - An event's arguments arrive as slices of the packet. The packet is known to be well-formed JSON of bounded depth,
//!   so it can be relayed as it is; a body that is already written goes out without being written again.
//! - A connection is one task. While idle it holds no buffer; a message costs no allocation in steady state.
//! - What waits for a reader is bounded in bytes. A reader too slow for it is closed, alone.
//! - The id by which a client polls is a secret of its own, and never the id that peers are told.
//! - Every bound is in [`Limits`].
//!
//! # Use
//! Implement [`Handler`], make a [`server`], mount its [`service`](engine::Server::service) at `/socket.io/`. The
//! example `conformance` does it in a page.
//!
//! # How to extend
//! A layer is an [`Endpoint`](endpoint::Endpoint): another protocol over Engine.IO is an
//! [`engine::Application`], another over plain WebSockets goes through [`websocket::upgrade`]. The place of connection
//! state recovery is between `connection` and `session`: what is pushed to a socket is what a log would keep.

pub mod endpoint;
pub mod engine;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod limits;
pub mod packet;
pub mod session;
pub mod websocket;

mod buffers;
mod clock;
mod connection;
mod handler;
mod id;
mod outbox;
mod socket;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::task::TaskTracker;

pub use connection::{Connection, SocketIo};
pub use endpoint::{Flow, Reason};
pub use engine::Rejection;
pub use handler::{ConnectError, ConnectRequest, Handler};
pub use id::SocketId;
pub use limits::Limits;
pub use outbox::Closed;
pub use session::Event;
pub use socket::{Acknowledged, NoAck, Socket};

/// A Socket.IO server.
pub type Server<H> = engine::Server<SocketIo<H>>;

/// A Socket.IO server for `handler`, whose connections run on `tasks`, behind an HTTP server that hands streams of
/// type `S` to hyper. Behind one that wraps them once more, as `axum::serve` does, any type will do: all works, but an
/// idle WebSocket then costs some kilobytes of hyper's too.
pub fn server<S, H>(handler: H, limits: Limits, tasks: TaskTracker) -> Server<H>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Handler,
{
    let socketio = SocketIo::new(handler, Arc::new(limits.clone()));
    engine::Server::over::<S>(socketio, limits, tasks)
}
