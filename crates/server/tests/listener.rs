//! The accept loop, over real sockets.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::StatusCode,
    response::IntoResponse,
    routing::{any, get},
};
use hyper_util::rt::TokioIo;
use server::{
    lifecycle::{Ending, Lifecycle},
    limits::OpenConnections,
    listener::{Limits, Listener, Stream},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
    time::timeout,
};

/// For what must come, and comes at once when all is well.
const SOON: Duration = Duration::from_secs(5);

struct Server {
    address: SocketAddr,
    life: Lifecycle,
    /// Lets `/slow` answer.
    answer: Arc<Notify>,
    /// Told when `/slow` was asked.
    asked: Arc<Notify>,
}

/// A server whose routes show what the loop does for them.
fn start(per_address: u32) -> Server {
    let limits = Limits { open: OpenConnections::new(per_address), trusted_proxies: Arc::default() };
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits).unwrap();
    let (answer, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let server = Server {
        address: listener.local_addr().unwrap(),
        life: Lifecycle::new(),
        answer: Arc::clone(&answer),
        asked: Arc::clone(&asked),
    };
    let router = Router::new()
        .route("/peer", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
        .route(
            "/slow",
            get(move || async move {
                asked.notify_one();
                answer.notified().await;
                "slow"
            }),
        )
        .route(
            "/echo",
            any({
                let life = server.life.clone();
                move |request| echo(request, life)
            }),
        );
    server.life.spawn(listener.serve(router, server.life.clone()));
    server
}

/// Becomes an echo of bytes.
async fn echo(mut request: Request, life: Lifecycle) -> impl IntoResponse {
    let upgrade = hyper::upgrade::on(&mut request);
    life.spawn(async move {
        let upgraded = upgrade.await.unwrap();
        let parts = upgraded.downcast::<TokioIo<Stream>>().expect("the bare stream is to be had");
        let mut stream = parts.io.into_inner();
        stream.write_all(&parts.read_buf).await.unwrap();
        let mut buffer = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            stream.write_all(&buffer[..count]).await.unwrap();
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [("connection", "upgrade"), ("upgrade", "echo")])
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

/// Everything that comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset after the answer is a close too: the server did not read all that we wrote.
    let _ = timeout(SOON, stream.read_to_end(&mut all)).await.expect("a close");
    String::from_utf8(all).unwrap()
}

async fn exchange(server: &Server, head: &str) -> String {
    let mut stream = connect(server).await;
    let _ = stream.write_all(head.as_bytes()).await;
    rest(&mut stream).await
}

#[tokio::test]
async fn a_handler_learns_the_peer_and_the_connection_ends_when_asked_to() {
    let server = start(0);
    let answer = exchange(&server, "GET /peer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("127.0.0.1:"), "{answer}");
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_refused_with_431() {
    let server = start(0);
    let many: String = (0..3_000).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = format!("sec-websocket-protocol: {}\r\n", " ".repeat(60_000));
    for headers in [many, long] {
        let answer = exchange(&server, &format!("GET /peer HTTP/1.1\r\nhost: a\r\n{headers}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    let answer = exchange(&server, &format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(70_000))).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn heads_that_two_parsers_may_read_differently_are_refused_and_the_connection_closed() {
    let server = start(0);
    for headers in [
        "content-length: 1\r\ncontent-length: 2\r\n",
        "content-length: 1, 2\r\n",
        "content-length: +1\r\n",
        "host : b\r\n",
        "x: 1\r\n folded\r\n",
        "transfer-encoding: identity\r\n",
        "\u{0}: 1\r\n",
    ] {
        let answer = exchange(&server, &format!("POST /peer HTTP/1.1\r\nhost: a\r\n{headers}\r\nx")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{headers:?}: {answer}");
    }
}

#[tokio::test]
async fn an_upgrade_hands_the_bare_stream_over_and_counts_until_it_closes() {
    let server = start(1);
    let mut stream = connect(&server).await;
    stream
        .write_all(b"GET /echo HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await
        .unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    let refused = exchange(&server, "GET /peer HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(refused, "", "the second connection of an address that may have one");
    drop(stream);
    // The close is seen by the server a moment later: ask until it is.
    let admitted = timeout(SOON, async {
        while exchange(&server, "GET /peer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.is_empty()
        {
            tokio::task::yield_now().await;
        }
    });
    admitted.await.expect("a place that is free again");
}

#[tokio::test]
async fn a_drain_ends_silent_and_idle_connections_and_finishes_the_request_under_way() {
    let server = start(0);
    let mut silent = connect(&server).await;
    let mut idle = connect(&server).await;
    idle.write_all(b"GET /peer HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    let mut busy = connect(&server).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.asked.notified().await;

    server.life.drain();
    assert_eq!(rest(&mut silent).await, "");
    assert!(rest(&mut idle).await.contains("127.0.0.1"));
    server.answer.notify_one();
    let answer = rest(&mut busy).await;
    assert!(answer.contains("connection: close") && answer.ends_with("slow"), "{answer}");
    let ending = server.life.run(async || std::future::pending().await, SOON).await;
    assert_eq!(ending, Ending::Drained);
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody accepts any more");
}

#[tokio::test]
async fn a_restart_can_bind_the_port_at_once() {
    let server = start(0);
    exchange(&server, "GET /peer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    server.life.drain();
    server.life.run(async || std::future::pending().await, SOON).await;
    let limits = Limits { open: OpenConnections::new(0), trusted_proxies: Arc::default() };
    assert!(Listener::bind(server.address, limits).is_ok());
}

/// The head's deadline is the HTTP library's; this holds that it is switched on, for the first head and for
/// those that follow, without waiting for it: time is paused, and jumps.
#[tokio::test(start_paused = true)]
async fn a_silent_connection_and_a_dribbled_head_are_cut_within_half_a_minute() {
    let server = start(0);
    for begin in ["", "GET /peer HTTP/1.1\r\nhost: a\r\nx-dribbled: "] {
        let mut stream = connect(&server).await;
        stream.write_all(begin.as_bytes()).await.unwrap();
        let before = tokio::time::Instant::now();
        let mut all = Vec::new();
        let cut = timeout(Duration::from_secs(30), stream.read_to_end(&mut all)).await;
        assert!(cut.is_ok(), "still open after {:?}", before.elapsed());
    }
}
