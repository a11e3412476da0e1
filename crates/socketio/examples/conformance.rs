//! A server for the protocols' own test suites: `cargo run -p socketio --example conformance -- --port 3000`.
//!
//! - `/engine.io/` is an Engine.IO echo.
//! - `/socket.io/` has the namespaces `/` and `/custom`, which say on connect with what credentials one came, and echo.
//! - `/echo` is a WebSocket echo, on the same frames and limits.

use std::{
    net::Ipv4Addr,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{Router, extract::Request, routing::get};
use http::request::Parts;
use socketio::{
    Closed, ConnectError, ConnectRequest, Event, Flow, Handler, Limits, Reason, Rejection, Socket,
    endpoint::{Endpoint, Message},
    engine::{self, Application},
    websocket,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().skip_while(|word| word != "--port").nth(1);
    let port = port.map_or(Ok(3000), |port| port.parse()).map_err(std::io::Error::other)?;
    let limits = Limits {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_secs(1),
        max_payload_bytes: 1_000_000,
        ..Limits::default()
    };
    let tasks = TaskTracker::new();
    let engine = engine::Server::new(EngineEcho, limits.clone(), tasks.clone());
    let socket = socketio::server::<TcpStream, _>(SocketEcho, limits.clone(), tasks.clone());
    let limits = Arc::new(limits);
    let echo = get(async move |request: Request| {
        websocket::upgrade(request, &limits, &tasks, |sender| {
            Echo(move |message: Message<'_>| match message {
                Message::Text(text) => sender.text(text),
                Message::Binary(data) => sender.binary(data),
            })
        })
    });
    let router = Router::new()
        .route_service("/engine.io/", engine.service())
        .route_service("/socket.io/", socket.service())
        .route("/echo", echo);
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    axum::serve(listener, router).await
}

/// Sends every message back with what it was made of.
struct Echo<F>(F);

impl<F> Endpoint for Echo<F>
where
    F: FnMut(Message<'_>) -> Result<(), Closed> + Send + 'static,
{
    fn receive(&mut self, _: Instant, message: Message<'_>) -> Result<Flow, Reason> {
        (self.0)(message).map(|()| Flow::Continue).map_err(|_| Reason::SlowConsumer)
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        Poll::Ready(Ok(()))
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn timeout(&mut self, _: Instant) -> Result<(), Reason> {
        Ok(())
    }

    fn closed(&mut self, _: Reason) {}
}

/// Sends one message back.
type Back = Box<dyn FnMut(Message<'_>) -> Result<(), Closed> + Send>;

/// Engine.IO sessions that echo.
struct EngineEcho;

impl Application for EngineEcho {
    type Connection = Echo<Back>;

    fn open(&self, _: &Parts, sender: engine::Sender, _: Instant) -> Result<Self::Connection, Rejection> {
        Ok(Echo(Box::new(move |message| match message {
            Message::Text(text) => sender.text(text),
            Message::Binary(data) => sender.binary(data),
        })))
    }
}

/// Tells a client its credentials, and sends its events back.
struct SocketEcho;

impl Handler for SocketEcho {
    type Connection = ();
    type Data = String;

    fn open(&self, _: &Parts) -> Result<(), Rejection> {
        Ok(())
    }

    async fn connect(&self, request: ConnectRequest<()>) -> Result<String, ConnectError> {
        match request.namespace.as_str() {
            "/" | "/custom" => Ok(request.auth),
            _ => Err(ConnectError::invalid_namespace()),
        }
    }

    fn connected(&self, socket: &Socket, auth: &mut String) {
        // A closed connection is told of by `disconnected`.
        let _ = socket.emit(format!(r#"["auth",{auth}]"#).as_bytes());
    }

    fn event(&self, socket: &Socket, _: &mut String, _: Instant, event: Event<'_>) -> Flow {
        let args = event.args.rest();
        let comma = if args.is_empty() { "" } else { "," };
        let back = format!(r#"["message-back"{comma}{args}]"#);
        let answer = format!("[{args}]");
        let _ = match (event.name.as_ref(), event.ack, event.attachments) {
            ("message", _, []) => socket.emit(back.as_bytes()),
            ("message", _, attachments) => socket.emit_binary(back.as_bytes(), attachments),
            ("message-with-ack", Some(id), []) => socket.ack(id, answer.as_bytes()),
            ("message-with-ack", Some(id), attachments) => {
                socket.ack_binary(id, answer.as_bytes(), attachments)
            }
            (_, _, _) => Ok(()),
        };
        Flow::Continue
    }

    fn disconnected(&self, _: &Socket, _: String, _: Reason) {}
}
