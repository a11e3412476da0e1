//! What an application brings: the contract between it and the server.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::request::Parts;

use crate::{
    endpoint::{Flow, Reason},
    engine::Rejection,
    session::Event,
    socket::Socket,
};

/// An application that speaks Socket.IO.
///
/// For one socket the calls come in this order, none before the one before has returned: [`connect`], and if it lets
/// the client in [`connected`], then [`event`] for each event in the order in which the client sent them, and
/// [`disconnected`] exactly once. Calls for different connections come from different tasks at once.
///
/// [`connect`]: Handler::connect
/// [`connected`]: Handler::connected
/// [`event`]: Handler::event
/// [`disconnected`]: Handler::disconnected
pub trait Handler: Send + Sync + 'static {
    /// What is kept of a connection: what [`Handler::open`] copied from its first request.
    type Connection: Send + Sync + 'static;
    /// What is kept for a socket.
    type Data: Send + 'static;

    /// Whether a request may be made at all. See [`crate::engine::Application::allow`].
    ///
    /// # Errors
    /// The rejection that the client gets.
    fn allow(&self, request: &Parts) -> Result<(), Rejection> {
        let _ = request;
        Ok(())
    }

    /// A connection opens; it is in no namespace yet.
    ///
    /// # Errors
    /// The rejection that the client gets.
    fn open(&self, request: &Parts) -> Result<Self::Connection, Rejection>;

    /// The connection speaks over a WebSocket from here on.
    fn on_websocket(&self, connection: &Self::Connection) {
        let _ = connection;
    }

    /// The middleware: may the client come into the namespace? While this thinks, nothing else is read from the
    /// connection; after [`connect_timeout`](crate::limits::Limits::connect_timeout) the client is refused.
    ///
    /// # Errors
    /// What the client gets as `connect_error`.
    fn connect(
        &self,
        request: ConnectRequest<Self::Connection>,
    ) -> impl Future<Output = Result<Self::Data, ConnectError>> + Send;

    /// The client is in, and has been told so: what is sent from here on it can receive.
    fn connected(&self, socket: &Socket, data: &mut Self::Data) {
        let _ = (socket, data);
    }

    /// An event, read at `now`. Must not block. What is to be done later is handed on; what cannot be handed on now is kept in
    /// `data`, with [`Flow::Pause`] for an answer.
    fn event(&self, socket: &Socket, data: &mut Self::Data, now: Instant, event: Event<'_>) -> Flow;

    /// After a [`Flow::Pause`]: whether to go on reading. Wakes the task when it is time.
    fn poll_ready(&self, socket: &Socket, data: &mut Self::Data, cx: &mut Context<'_>) -> Poll<()> {
        let _ = (socket, data, cx);
        Poll::Ready(())
    }

    /// The client has left the namespace, or was sent out of it, or its connection is gone.
    fn disconnected(&self, socket: &Socket, data: Self::Data, reason: Reason);

    /// The connection is gone, and every one of its sockets has been told.
    fn closed(&self, connection: &Self::Connection, reason: Reason) {
        let _ = (connection, reason);
    }
}

/// A client that asks for a namespace.
#[derive(Debug)]
pub struct ConnectRequest<C> {
    /// Its name, with the slash.
    pub namespace: String,
    /// The credentials: a JSON object as the client wrote it, `{}` if it sent none.
    pub auth: String,
    /// What was kept of its connection.
    pub connection: Arc<C>,
}

/// Why a client is not let into a namespace; it hears of it as `connect_error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    /// `err.message`.
    pub message: String,
    /// `err.data`: JSON that is already written.
    pub data: Option<String>,
}

impl ConnectError {
    /// There is no such namespace, in the words that clients know.
    #[must_use]
    pub fn invalid_namespace() -> Self {
        Self { message: "Invalid namespace".to_owned(), data: None }
    }
}
