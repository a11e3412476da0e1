//! What stands at the end of a transport: the contract between the layers.
//!
//! WebSocket frames, Engine.IO packets and Socket.IO packets are three layers over one stream of messages, and each
//! is an [`Endpoint`] to the one below it. An endpoint is owned by its connection's one task, so messages reach it
//! strictly one after the other.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
    time::Instant,
};

/// A whole message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

/// Whether an endpoint takes the next message at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// It does.
    Continue,
    /// It does not: nothing more is read from the connection until [`Endpoint::poll_ready`] is ready, so that
    /// a busy server slows its clients down instead of storing what they say.
    Pause,
}

/// Receives what one connection sends.
pub trait Endpoint: Send + 'static {
    /// A message came. Must not block; `now` is read once for a batch of messages.
    ///
    /// # Errors
    /// The connection is to be closed, for this reason.
    fn receive(&mut self, now: Instant, message: Message<'_>) -> Result<Flow, Reason>;

    /// Whether it can go on after a [`Flow::Pause`]; wakes the task when it can.
    ///
    /// # Errors
    /// The connection is to be closed, for this reason.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>>;

    /// When [`Endpoint::timeout`] is to be called at the latest.
    fn deadline(&self) -> Option<Instant>;

    /// The time is `now`.
    ///
    /// # Errors
    /// The connection is to be closed, for this reason.
    fn timeout(&mut self, now: Instant) -> Result<(), Reason>;

    /// The connection speaks over a WebSocket from here on.
    fn on_websocket(&mut self) {}

    /// The sending side asked for attention: something about the connection was decided elsewhere.
    fn attend(&mut self) {}

    /// The connection is gone. Called exactly once, last: also when its task panicked.
    fn closed(&mut self, reason: Reason);
}

/// An endpoint that hears of its connection's end whichever way it comes: a task that panics is our bug, and must not
/// leave behind what the endpoint has told others of.
#[derive(Debug)]
pub(crate) struct Alive<E: Endpoint> {
    endpoint: E,
    told: bool,
}

impl<E: Endpoint> Alive<E> {
    pub(crate) fn new(endpoint: E) -> Self {
        Self { endpoint, told: false }
    }
}

impl<E: Endpoint> Endpoint for Alive<E> {
    fn receive(&mut self, now: Instant, message: Message<'_>) -> Result<Flow, Reason> {
        self.endpoint.receive(now, message)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        self.endpoint.poll_ready(cx)
    }

    fn deadline(&self) -> Option<Instant> {
        self.endpoint.deadline()
    }

    fn timeout(&mut self, now: Instant) -> Result<(), Reason> {
        self.endpoint.timeout(now)
    }

    fn on_websocket(&mut self) {
        self.endpoint.on_websocket();
    }

    fn attend(&mut self) {
        self.endpoint.attend();
    }

    fn closed(&mut self, reason: Reason) {
        self.told = true;
        self.endpoint.closed(reason);
    }
}

impl<E: Endpoint> Drop for Alive<E> {
    fn drop(&mut self) {
        if !self.told {
            self.told = true;
            // What panicked once may do so again, and a panic while one is under way ends the process.
            let _ = catch_unwind(AssertUnwindSafe(|| self.endpoint.closed(Reason::ServerClosed)));
        }
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum Reason {
    /// The client said that it leaves: a close packet, or a WebSocket close with code 1000 or 1001.
    ClientClosed,
    /// The stream ended without a word.
    TransportClosed,
    /// No PONG came in time.
    PingTimeout,
    /// No CONNECT came in time.
    ConnectTimeout,
    /// Attachments that an event announced did not come in time.
    AttachmentsTimeout,
    /// The server ended it.
    ServerClosed,
    /// The server is going away.
    Shutdown,
    /// It read more slowly than it was spoken to, until its queue was full.
    SlowConsumer,
    /// It sent more than the server allows.
    Rate,
    /// What let it in does not count any more.
    Revoked,
    /// What let it in has expired.
    Expired,
    /// It sent what is no Engine.IO or Socket.IO packet, or none that has a place here.
    Parse,
    /// It broke RFC 6455.
    Protocol,
    /// It sent text that is not UTF-8.
    NotUtf8,
    /// It sent, or announced, more than a message may have.
    TooLarge,
    /// It sent a message in more pieces than allowed.
    TooManyFragments,
    /// Two polls, or two posts, of one session were under way at once.
    Overlap,
}

impl Reason {
    /// Every reason, for registries of metrics and documents.
    pub const ALL: [Self; 17] = [
        Self::ClientClosed,
        Self::TransportClosed,
        Self::PingTimeout,
        Self::ConnectTimeout,
        Self::AttachmentsTimeout,
        Self::ServerClosed,
        Self::Shutdown,
        Self::SlowConsumer,
        Self::Rate,
        Self::Revoked,
        Self::Expired,
        Self::Parse,
        Self::Protocol,
        Self::NotUtf8,
        Self::TooLarge,
        Self::TooManyFragments,
        Self::Overlap,
    ];

    /// Its word, as its `Display` has it: for labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientClosed => "client closed",
            Self::TransportClosed => "transport closed",
            Self::PingTimeout => "ping timeout",
            Self::ConnectTimeout => "connect timeout",
            Self::AttachmentsTimeout => "attachments timeout",
            Self::ServerClosed => "server closed",
            Self::Shutdown => "shutdown",
            Self::SlowConsumer => "slow-consumer",
            Self::Rate => "rate",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Parse => "parse error",
            Self::Protocol => "protocol error",
            Self::NotUtf8 => "not UTF-8",
            Self::TooLarge => "too large",
            Self::TooManyFragments => "too many fragments",
            Self::Overlap => "overlapping requests",
        }
    }

    /// The status code of the WebSocket close frame that tells the client (RFC 6455, section 7.4.1). None where
    /// nobody is left to be told, or would not read it.
    #[must_use]
    pub fn close_code(self) -> Option<u16> {
        match self {
            Self::TransportClosed | Self::PingTimeout | Self::SlowConsumer => None,
            Self::ClientClosed | Self::ServerClosed => Some(1000),
            Self::Protocol => Some(1002),
            Self::NotUtf8 => Some(1007),
            Self::Parse
            | Self::ConnectTimeout
            | Self::AttachmentsTimeout
            | Self::Rate
            | Self::Revoked
            | Self::Expired
            | Self::Overlap
            | Self::TooManyFragments => Some(1008),
            Self::TooLarge => Some(1009),
            Self::Shutdown => Some(1012),
        }
    }
}
