//! Engine.IO v4: a session of messages with one client, over WebSocket, long-polling, or one after the other.
//!
//! An [`Application`] stands behind a [`Server`]: it makes an [`Endpoint`] for each session that opens. Socket.IO is
//! one such application ([`crate::Server`] wraps it); the conformance example has another, an echo.
//!
//! Each session is one task. `session` and `heartbeat` are pure; `polling`, `post`, `probe` and `goodbye` are the
//! task of a session that polls; a session over WebSocket runs in [`crate::websocket`]. `service` answers HTTP,
//! `registry` knows the sessions.

use std::{sync::Arc, time::Instant};

use http::{StatusCode, request::Parts};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_util::task::TaskTracker;

use crate::{
    endpoint::{Endpoint, Reason},
    limits::Limits,
    outbox::{Closed, Outbox},
    websocket::{Stream, Unwrap},
};

mod goodbye;
mod heartbeat;
mod polling;
mod post;
mod probe;
mod query;
mod registry;
mod service;
mod session;

pub use service::Service;

use registry::Registry;

/// What stands behind an Engine.IO server.
pub trait Application: Send + Sync + 'static {
    /// What receives the messages of one session.
    type Connection: Endpoint;

    /// Whether a request may be made at all; asked before anything else of every request, upgrades of a running
    /// session included. The place to look at `Origin`.
    ///
    /// # Errors
    /// The rejection that the client gets.
    fn allow(&self, request: &Parts) -> Result<(), Rejection> {
        let _ = request;
        Ok(())
    }

    /// A session opens. `request` is its first request, of which nothing is kept but what this copies.
    ///
    /// # Errors
    /// The rejection that the client gets.
    fn open(&self, request: &Parts, sender: Sender, now: Instant) -> Result<Self::Connection, Rejection>;
}

/// Why a request is turned away before there is a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// The status of the response.
    pub status: StatusCode,
    /// What the client reads.
    pub message: &'static str,
    /// Seconds until it makes sense to try again, if it does.
    pub retry_after_s: Option<u64>,
}

impl Rejection {
    /// The request is not allowed, now or later.
    pub const FORBIDDEN: Self =
        Self { status: StatusCode::FORBIDDEN, message: "Forbidden", retry_after_s: None };
}

/// The sending half of a session, for any task.
#[derive(Debug, Clone)]
pub struct Sender(Arc<Outbox>);

impl Sender {
    /// Sends a text message.
    ///
    /// # Errors
    /// [`Closed`], also when the reader was too slow and this message was one too many.
    pub fn text(&self, text: &str) -> Result<(), Closed> {
        self.0.push(&[b"4", text.as_bytes()], &[])
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// As [`Sender::text`].
    pub fn binary(&self, data: &[u8]) -> Result<(), Closed> {
        self.0.push_binary(data)
    }

    /// Closes the session after what was sent so far.
    pub fn close(&self, reason: Reason) {
        self.0.close(reason);
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.0
    }
}

/// An Engine.IO server. Cheap to clone; every clone is the same server.
#[derive(Debug)]
pub struct Server<A> {
    shared: Arc<Shared<A>>,
}

#[derive(Debug)]
struct Shared<A> {
    application: A,
    limits: Arc<Limits>,
    registry: Arc<Registry>,
    tasks: TaskTracker,
    unwrap: Unwrap,
}

impl<A> Clone for Server<A> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<A: Application> Server<A> {
    /// A server whose sessions run on `tasks`, behind an HTTP server that accepts plain TCP streams.
    pub fn new(application: A, limits: Limits, tasks: TaskTracker) -> Self {
        Self::over::<TcpStream>(application, limits, tasks)
    }

    /// As [`Server::new`], behind an HTTP server that hands streams of type `S` to hyper, in a
    /// [`TokioIo`](hyper_util::rt::TokioIo).
    pub fn over<S>(application: A, limits: Limits, tasks: TaskTracker) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (limits, registry, unwrap) = (Arc::new(limits), Arc::default(), Stream::unwrap::<S> as Unwrap);
        Self { shared: Arc::new(Shared { application, limits, registry, tasks, unwrap }) }
    }

    /// The tower service that answers its requests, on whichever path it is mounted.
    #[must_use]
    pub fn service(&self) -> Service<A> {
        Service::new(self.clone())
    }

    /// What stands behind it.
    #[must_use]
    pub fn application(&self) -> &A {
        &self.shared.application
    }

    /// How many sessions are open.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.shared.registry.count()
    }

    /// Ends every session after what it was sent so far, and refuses new ones from now on. That all have ended is
    /// for the task tracker to say.
    pub fn end(&self) {
        self.shared.registry.end(Reason::Shutdown);
    }
}
