//! A server on a port of its own, with a Socket.IO application that tells the test what it saw, an Engine.IO echo
//! and a plain WebSocket echo.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{Router, body::Body, extract::Request, routing::get, serve::ListenerExt};
use bytes::Bytes;
use http::{StatusCode, request::Parts};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use socketio::{
    ConnectError, ConnectRequest, Event, Flow, Handler, Limits, Reason, Rejection, Socket, engine, websocket,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
};
use tokio_util::task::TaskTracker;
use tower::Service;

use super::{
    Gate,
    engine::{EngineEcho, plain_echo},
    soon,
};

/// What the application was told.
#[derive(Debug)]
pub(crate) enum Seen {
    Connected { socket: Socket, auth: String },
    Event { namespace: String, name: String, args: String, ack: Option<u64>, attachments: Vec<Bytes> },
    Left { namespace: String, reason: Reason },
    WebSocket,
    Closed(Reason),
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Opens the namespace `/gated`, and lets go on whoever said `hold`.
    pub(crate) gate: Gate,
    pub(crate) socketio: socketio::Server<App>,
    pub(crate) engine: engine::Server<EngineEcho>,
    pub(crate) tasks: TaskTracker,
    seen: UnboundedReceiver<Seen>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    /// Behind hyper, whose stream is taken back after an upgrade.
    pub(crate) async fn with(limits: Limits) -> Self {
        let (server, router, listener) = Self::parts(limits).await;
        let connections = TaskTracker::new();
        connections.clone().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let router = router.clone();
                let service = service_fn(move |request: http::Request<Incoming>| {
                    router.clone().call(request.map(Body::new))
                });
                let http = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                connections.spawn(http.with_upgrades());
            }
        });
        server
    }

    /// Behind a server that wraps its streams once more, in what nobody can take them out of.
    pub(crate) async fn behind_axum() -> Self {
        let (server, router, listener) = Self::parts(Limits::default()).await;
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        server
    }

    async fn parts(limits: Limits) -> (Self, Router, TcpListener) {
        let (tell, seen) = mpsc::unbounded_channel();
        let (gate, tasks) = (Gate::default(), TaskTracker::new());
        let app = App { tell: tell.clone(), gate: gate.clone() };
        let socketio = socketio::server::<TcpStream, _>(app, limits.clone(), tasks.clone());
        let engine = engine::Server::new(EngineEcho(tell.clone()), limits.clone(), tasks.clone());
        let (limits, trackers) = (Arc::new(limits), tasks.clone());
        let echo = get(async move |request: Request| {
            websocket::upgrade(request, &limits, &trackers, move |sender| plain_echo(sender, tell))
        });
        let router = Router::new()
            .route_service("/engine.io/", engine.service())
            .route_service("/socket.io/", socketio.service())
            .route("/echo", echo);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (Self { address, gate, socketio, engine, tasks, seen }, router, listener)
    }

    /// What the application was told next.
    pub(crate) async fn saw(&mut self) -> Seen {
        soon(self.seen.recv()).await.unwrap()
    }

    /// The socket of the client that must come in next.
    pub(crate) async fn saw_connected(&mut self) -> Socket {
        loop {
            match self.saw().await {
                Seen::Connected { socket, .. } => return socket,
                Seen::WebSocket => {}
                other @ (Seen::Event { .. } | Seen::Left { .. } | Seen::Closed(_)) => {
                    panic!("expected a socket, not {other:?}")
                }
            }
        }
    }

    /// The name and arguments of the next event.
    pub(crate) async fn saw_event(&mut self) -> (String, String) {
        loop {
            match self.saw().await {
                Seen::Event { name, args, .. } => return (name, args),
                Seen::Connected { .. } | Seen::WebSocket => {}
                other @ (Seen::Left { .. } | Seen::Closed(_)) => panic!("expected an event, not {other:?}"),
            }
        }
    }

    /// Why the connection ended that ends next.
    pub(crate) async fn saw_closed(&mut self) -> Reason {
        loop {
            match self.saw().await {
                Seen::Closed(reason) => return reason,
                Seen::Connected { .. } | Seen::Event { .. } | Seen::Left { .. } | Seen::WebSocket => {}
            }
        }
    }

    /// What the application was told and the test has not looked at.
    pub(crate) fn saw_besides(&mut self) -> Option<Seen> {
        self.seen.try_recv().ok()
    }
}

/// Lets clients into `/`, `/custom` and whatever begins with `/n`; the rest is said where it stands.
#[derive(Debug)]
pub(crate) struct App {
    tell: UnboundedSender<Seen>,
    gate: Gate,
}

/// Of one socket.
#[derive(Debug)]
pub(crate) struct Data {
    auth: String,
    held: bool,
}

impl App {
    fn tell(&self, seen: Seen) {
        // A test that is over listens no more.
        let _ = self.tell.send(seen);
    }
}

impl Handler for App {
    type Connection = ();
    type Data = Data;

    fn allow(&self, request: &Parts) -> Result<(), Rejection> {
        if request.headers.contains_key("x-evil") { Err(Rejection::FORBIDDEN) } else { Ok(()) }
    }

    fn open(&self, request: &Parts) -> Result<(), Rejection> {
        let (status, message) = (StatusCode::SERVICE_UNAVAILABLE, "Full");
        match request.headers.contains_key("x-too-many") {
            true => Err(Rejection { status, message, retry_after_s: Some(7) }),
            false => Ok(()),
        }
    }

    fn on_websocket(&self, (): &()) {
        self.tell(Seen::WebSocket);
    }

    async fn connect(&self, request: ConnectRequest<()>) -> Result<Data, ConnectError> {
        let data = Data { auth: request.auth, held: false };
        match request.namespace.as_str() {
            "/gated" => {
                self.gate.passed().await;
                Ok(data)
            }
            "/never" => std::future::pending().await,
            "/secret" => Err(ConnectError {
                message: "not \"you\"".to_owned(),
                data: Some(r#"{"code":401}"#.to_owned()),
            }),
            name if name == "/" || name == "/custom" || name.starts_with("/n") => Ok(data),
            _ => Err(ConnectError::invalid_namespace()),
        }
    }

    fn connected(&self, socket: &Socket, data: &mut Data) {
        self.tell(Seen::Connected { socket: socket.clone(), auth: data.auth.clone() });
    }

    fn event(&self, socket: &Socket, data: &mut Data, _: Instant, event: Event<'_>) -> Flow {
        let args = event.args.rest();
        let (namespace, name) = (socket.namespace().to_owned(), event.name.clone().into_owned());
        let attachments = event.attachments.to_vec();
        self.tell(Seen::Event { namespace, name, args: args.to_owned(), ack: event.ack, attachments });
        let back = format!(r#"["back",{args}]"#);
        let answer = format!("[{args}]");
        let _ = match (event.name.as_ref(), event.ack, event.attachments) {
            ("echo", None, []) => socket.emit(back.as_bytes()),
            ("echo", None, attachments) => socket.emit_binary(back.as_bytes(), attachments),
            ("echo", Some(id), []) => socket.ack(id, answer.as_bytes()),
            ("echo", Some(id), attachments) => socket.ack_binary(id, answer.as_bytes(), attachments),
            (_, _, _) => Ok(()),
        };
        match event.name.as_ref() {
            "leave" => socket.disconnect(),
            "end" => socket.close(Reason::ServerClosed),
            "panic" => panic!("as a bug of the application would"),
            "hold" => {
                data.held = true;
                return Flow::Pause;
            }
            _ => {}
        }
        Flow::Continue
    }

    fn poll_ready(&self, _: &Socket, data: &mut Data, cx: &mut Context<'_>) -> Poll<()> {
        if data.held {
            std::task::ready!(self.gate.poll(cx));
            data.held = false;
        }
        Poll::Ready(())
    }

    fn disconnected(&self, socket: &Socket, _: Data, reason: Reason) {
        self.tell(Seen::Left { namespace: socket.namespace().to_owned(), reason });
    }

    fn closed(&self, (): &(), reason: Reason) {
        self.tell(Seen::Closed(reason));
    }
}
