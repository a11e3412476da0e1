//! What waits for a reader is bounded, and a reader too slow for it is closed, alone.

use std::net::SocketAddr;

use socketio::{Limits, Reason, Socket};
use tokio::net::TcpSocket;

use crate::support::{
    Client, Poller, Server, Ws,
    ws::{FIN, PING, frame},
};

/// More than the buffers of two sockets hold, whatever the system gives them.
const FLOOD_BYTES: usize = 128 << 20;

fn limits() -> Limits {
    Limits { max_outbound_bytes: 100_000, ..Limits::default() }
}

/// Speaks to a reader that does not read, until that is too much.
async fn flood(socket: &Socket) {
    let body = format!("[\"e\",\"{}\"]", "x".repeat(10_000));
    for _ in 0..FLOOD_BYTES / body.len() {
        if socket.emit(body.as_bytes()).is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it was never too much");
}

#[tokio::test]
async fn a_websocket_that_does_not_read_is_closed_and_the_others_go_on() {
    let mut server = Server::with(limits()).await;
    let mut other = Client::join(&server).await;
    let heard = server.saw_connected().await;
    let client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    flood(&socket).await;
    assert_eq!(server.saw_closed().await, Reason::SlowConsumer);
    assert!(socket.emit(b"[\"late\"]").is_err());
    other.is_served().await;
    heard.emit(br#"["a"]"#).unwrap();
    assert_eq!(other.hears().await, r#"42["a"]"#);
    assert_eq!(server.socketio.session_count(), 1);
    drop(client);
}

#[tokio::test]
async fn who_does_not_poll_is_closed_and_the_others_go_on() {
    let mut server = Server::with(limits()).await;
    let mut other = Client::join(&server).await;
    server.saw_connected().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    let socket = server.saw_connected().await;
    flood(&socket).await;
    assert_eq!(server.saw_closed().await, Reason::SlowConsumer);
    client.is_unknown().await;
    other.is_served().await;
}

#[tokio::test]
async fn one_message_that_is_larger_than_the_bound_is_too_much_and_one_that_fits_is_not() {
    let mut server = Server::with(limits()).await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    let fits = format!("[\"e\",\"{}\"]", "x".repeat(90_000));
    socket.emit(fits.as_bytes()).unwrap();
    assert_eq!(client.hears().await, format!("42{fits}"));
    assert!(socket.emit(format!("[\"e\",\"{}\"]", "x".repeat(100_000)).as_bytes()).is_err());
    assert_eq!(server.saw_closed().await, Reason::SlowConsumer);
}

#[tokio::test]
async fn a_reader_that_keeps_up_is_never_too_slow_however_much_it_is_told() {
    let mut server = Server::with(limits()).await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    let body = format!("[\"e\",\"{}\"]", "x".repeat(10_000));
    for _ in 0..1000 {
        socket.emit(body.as_bytes()).unwrap();
        assert_eq!(client.hears().await.len(), body.len() + 2);
    }
}

#[tokio::test]
async fn pings_whose_answers_nobody_reads_end_in_a_closed_connection_not_in_memory() {
    let mut server = Server::with(limits()).await;
    let mut ws = narrow(server.address).await;
    let pings = frame(FIN | PING, &[7; 125]).repeat(500);
    let mut closed = false;
    for _ in 0..FLOOD_BYTES / pings.len() {
        // A server that has closed takes no more.
        if tokio::io::AsyncWriteExt::write_all(&mut ws.stream, &pings).await.is_err() {
            closed = true;
            break;
        }
    }
    assert!(closed, "it was never too much");
    assert_eq!(server.saw_closed().await, Reason::SlowConsumer);
    let mut other = Ws::echo(&server).await;
    other.text("served").await;
    assert_eq!(other.next_text().await, "served");
}

#[tokio::test]
async fn fifty_thousand_pings_that_are_read_are_all_answered() {
    let server = Server::start().await;
    let mut ws = Ws::echo(&server).await;
    for round in 0..50 {
        let payload = [round; 3];
        ws.send(&frame(FIN | PING, &payload).repeat(1000)).await;
        for _ in 0..1000 {
            assert_eq!(ws.next().await, crate::support::Heard::Pong(payload.to_vec()));
        }
    }
}

/// A WebSocket of a client that gives its system little room to read into.
async fn narrow(address: SocketAddr) -> Ws {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    Ws::over(socket.connect(address).await.unwrap(), "/echo").await
}
