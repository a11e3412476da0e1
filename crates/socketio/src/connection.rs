//! A Socket.IO connection: the session's machine, the application's handler, and the sockets between them.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use http::request::Parts;

use crate::{
    clock,
    endpoint::{Endpoint, Flow, Message, Reason},
    engine::{Application, Rejection, Sender},
    handler::{ConnectError, ConnectRequest, Handler},
    limits::Limits,
    outbox::Outbox,
    session::{Incoming, Session},
    socket::Socket,
};

/// Receives the Engine.IO messages of one client.
pub struct Connection<H: Handler> {
    handler: Arc<H>,
    limits: Arc<Limits>,
    context: Arc<H::Connection>,
    outbox: Arc<Outbox>,
    session: Session<Entry<H>>,
    pending: Option<Pending<H>>,
}

struct Entry<H: Handler> {
    socket: Socket,
    data: H::Data,
}

/// A CONNECT that the middleware is thinking about.
struct Pending<H: Handler> {
    namespace: String,
    deadline: Instant,
    verdict: Pin<Box<dyn Future<Output = Result<H::Data, ConnectError>> + Send>>,
}

impl<H: Handler> Connection<H> {
    pub(crate) fn new(
        handler: Arc<H>,
        limits: Arc<Limits>,
        context: H::Connection,
        outbox: Arc<Outbox>,
        now: Instant,
    ) -> Self {
        let session = Session::new(now, Arc::clone(&limits));
        Self { handler, limits, context: Arc::new(context), outbox, session, pending: None }
    }

    fn begin_connect(&mut self, now: Instant, namespace: String, auth: String) {
        let (handler, connection) = (Arc::clone(&self.handler), Arc::clone(&self.context));
        let request = ConnectRequest { namespace: namespace.clone(), auth, connection };
        self.pending = Some(Pending {
            namespace,
            deadline: now + self.limits.connect_timeout,
            verdict: Box::pin(async move { handler.connect(request).await }),
        });
    }

    fn receive_text(&mut self, now: Instant, text: &str) -> Result<Flow, Reason> {
        match self.session.text(now, text)? {
            Incoming::Connect { namespace, auth } => {
                let auth = auth.map_or("{}", |auth| auth.as_str()).to_owned();
                let namespace = namespace.to_owned();
                self.begin_connect(now, namespace, auth);
                Ok(Flow::Pause)
            }
            Incoming::Crowded { namespace } => {
                let (namespace, message) = (namespace.to_owned(), "Too many namespaces".to_owned());
                self.refuse(now, &namespace, &ConnectError { message, data: None });
                Ok(Flow::Continue)
            }
            incoming @ (Incoming::Nothing
            | Incoming::Event(..)
            | Incoming::Ack(..)
            | Incoming::Disconnect(_)) => Ok(Self::hand_on(&self.handler, now, incoming)),
        }
    }

    fn receive_binary(&mut self, now: Instant, data: &[u8]) -> Result<Flow, Reason> {
        let flow = Self::hand_on(&self.handler, now, self.session.binary(data)?);
        self.session.release();
        Ok(flow)
    }

    /// What concerns one socket.
    fn hand_on(handler: &H, now: Instant, incoming: Incoming<'_, Entry<H>>) -> Flow {
        match incoming {
            // What was already under way when the server sent the client out has no socket to go to.
            Incoming::Event(entry, _) if entry.socket.is_gone() => Flow::Continue,
            Incoming::Event(entry, event) => handler.event(&entry.socket, &mut entry.data, now, event),
            Incoming::Ack(entry, answer) => {
                entry.socket.acknowledged(&answer);
                Flow::Continue
            }
            Incoming::Disconnect(entry) => {
                Self::part(handler, entry, Reason::ClientClosed);
                Flow::Continue
            }
            Incoming::Nothing | Incoming::Connect { .. } | Incoming::Crowded { .. } => Flow::Continue,
        }
    }

    fn accept(&mut self, namespace: &str, data: H::Data) {
        let socket = Socket::new(namespace, Arc::clone(&self.outbox), self.limits.max_pending_acks);
        let hello = format!(r#"{{"sid":"{}"}}"#, socket.id());
        self.tell(b"40", namespace, hello.as_bytes());
        let mut entry = Entry { socket, data };
        self.handler.connected(&entry.socket, &mut entry.data);
        self.session.accept(entry);
    }

    fn refuse(&mut self, now: Instant, namespace: &str, error: &ConnectError) {
        let mut body = br#"{"message":"#.to_vec();
        rawjson::write_string(&mut body, &error.message);
        if let Some(data) = &error.data {
            body.extend_from_slice(br#","data":"#);
            body.extend_from_slice(data.as_bytes());
        }
        body.push(b'}');
        self.tell(b"44", namespace, &body);
        self.session.refuse(now);
    }

    fn tell(&self, kind: &[u8], namespace: &str, body: &[u8]) {
        let (name, comma) = if namespace == "/" { ("", "") } else { (namespace, ",") };
        // A closed outbox ends the connection by itself.
        let _ = self.outbox.push(&[kind, name.as_bytes(), comma.as_bytes(), body], &[]);
    }

    /// The entry's socket is in its namespace no more.
    fn part(handler: &H, entry: Entry<H>, reason: Reason) {
        entry.socket.leave();
        handler.disconnected(&entry.socket, entry.data, reason);
    }
}

impl<H: Handler> Endpoint for Connection<H> {
    fn receive(&mut self, now: Instant, message: Message<'_>) -> Result<Flow, Reason> {
        match message {
            Message::Text(text) => self.receive_text(now, text),
            Message::Binary(data) => self.receive_binary(now, data),
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        if let Some(pending) = &mut self.pending {
            let verdict = ready!(pending.verdict.as_mut().poll(cx));
            let namespace = std::mem::take(&mut pending.namespace);
            self.pending = None;
            match verdict {
                Ok(data) => self.accept(&namespace, data),
                Err(error) => self.refuse(clock::now(), &namespace, &error),
            }
        }
        for entry in self.session.entries() {
            ready!(self.handler.poll_ready(&entry.socket, &mut entry.data, cx));
        }
        Poll::Ready(Ok(()))
    }

    fn deadline(&self) -> Option<Instant> {
        let pending = self.pending.as_ref().map(|pending| pending.deadline);
        [self.session.deadline(), pending].into_iter().flatten().min()
    }

    fn timeout(&mut self, now: Instant) -> Result<(), Reason> {
        if let Some(late) = self.pending.take_if(|pending| pending.deadline <= now) {
            let error = ConnectError { message: "timeout".to_owned(), data: None };
            self.refuse(now, &late.namespace, &error);
        }
        self.session.timeout(now)
    }

    fn on_websocket(&mut self) {
        self.handler.on_websocket(&self.context);
    }

    fn attend(&mut self) {
        for entry in self.session.dismiss(|entry| entry.socket.is_gone()) {
            Self::part(&self.handler, entry, Reason::ServerClosed);
        }
    }

    fn closed(&mut self, reason: Reason) {
        for entry in self.session.dismiss(|_| true) {
            Self::part(&self.handler, entry, reason);
        }
        self.handler.closed(&self.context, reason);
    }
}

impl<H: Handler> std::fmt::Debug for Connection<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Socket.IO as what stands behind an Engine.IO server.
#[derive(Debug)]
pub struct SocketIo<H> {
    handler: Arc<H>,
    limits: Arc<Limits>,
}

impl<H: Handler> SocketIo<H> {
    pub(crate) fn new(handler: H, limits: Arc<Limits>) -> Self {
        Self { handler: Arc::new(handler), limits }
    }

    /// The application's handler.
    #[must_use]
    pub fn handler(&self) -> &H {
        &self.handler
    }
}

impl<H: Handler> Application for SocketIo<H> {
    type Connection = Connection<H>;

    fn allow(&self, request: &Parts) -> Result<(), Rejection> {
        self.handler.allow(request)
    }

    fn open(&self, request: &Parts, sender: Sender, now: Instant) -> Result<Connection<H>, Rejection> {
        let context = self.handler.open(request)?;
        let outbox = Arc::clone(sender.outbox());
        Ok(Connection::new(Arc::clone(&self.handler), Arc::clone(&self.limits), context, outbox, now))
    }
}
