//! An upgrade that comes to nothing leaves the session where it was.

use std::time::Duration;

use socketio::{Limits, Reason};

use crate::{
    support::{
        Heard, Poller, Server, Ws,
        http::get,
        ws::{BINARY, FIN, frame},
    },
    upgrade::probed,
};

/// A WebSocket that names the session, and has said nothing yet.
async fn websocket(client: &Poller) -> Ws {
    Ws::open(client.address, &client.target.replace("=polling", "=websocket")).await
}

/// The session polls as if nothing had been.
async fn still_polls(client: &Poller) {
    client.say("4still").await;
    assert_eq!(client.packets(1).await, ["4still"]);
}

#[tokio::test]
async fn whatever_is_not_a_probe_closes_the_websocket_and_not_the_session() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    for first in [
        frame(FIN | 1, b"2"),
        frame(FIN | 1, b"2other"),
        frame(FIN | 1, b"4message"),
        frame(FIN | 1, b"5"),
        frame(FIN | 1, b""),
        frame(FIN | BINARY, b"2probe"),
        frame(FIN | 1, b"\xff"),
        frame(0x40 | FIN | 1, b"2probe"),
        frame(FIN | 8, b""),
        [0; 20].to_vec(),
    ] {
        let mut ws = websocket(&client).await;
        ws.send(&first).await;
        assert_eq!(ws.next().await, Heard::End, "{}", first.escape_ascii());
        still_polls(&client).await;
    }
}

#[tokio::test]
async fn whatever_is_not_the_upgrade_packet_after_the_probe_leaves_the_session_polling() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    for second in ["2probe", "4message", "3", ""] {
        let mut ws = probed(&client).await;
        ws.text(second).await;
        assert_eq!(ws.next().await, Heard::End, "{second}");
        still_polls(&client).await;
    }
}

#[tokio::test]
async fn a_websocket_that_goes_away_before_or_after_its_probe_leaves_the_session_polling() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    drop(websocket(&client).await);
    still_polls(&client).await;
    drop(probed(&client).await);
    still_polls(&client).await;
    let aborted = probed(&client).await;
    aborted.stream.set_zero_linger().unwrap();
    drop(aborted);
    still_polls(&client).await;
    let mut ws = probed(&client).await;
    ws.text("5").await;
    ws.text("4and an upgrade still works").await;
    assert_eq!(ws.next_text().await, "4and an upgrade still works");
}

#[tokio::test]
async fn an_upgrade_that_takes_too_long_is_given_up() {
    let upgrade_timeout = Duration::from_millis(50);
    let server = Server::with(Limits { upgrade_timeout, ..Limits::default() }).await;
    let client = Poller::engine(&server).await;
    let mut silent = websocket(&client).await;
    assert_eq!(silent.next().await, Heard::End);
    let mut slow = probed(&client).await;
    assert_eq!(slow.next().await, Heard::End);
    still_polls(&client).await;
}

#[tokio::test]
async fn a_second_probe_while_the_first_is_under_way_is_closed_and_the_first_goes_on() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut first = probed(&client).await;
    let mut second = websocket(&client).await;
    second.try_send(&frame(FIN | 1, b"2probe")).await;
    assert_eq!(second.next().await, Heard::End);
    first.text("5").await;
    first.text("4a").await;
    assert_eq!(first.next_text().await, "4a");
}

#[tokio::test]
async fn a_session_that_ends_during_its_upgrade_ends_the_websocket_too() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut ws = probed(&client).await;
    client.say("1").await;
    assert_eq!(server.saw_closed().await, Reason::ClientClosed);
    assert_eq!(ws.next().await, Heard::End);
    assert_eq!(server.engine.session_count(), 0);
}

#[tokio::test]
async fn an_upgrade_of_a_session_that_there_is_not_is_refused() {
    let server = Server::start().await;
    let target = "/engine.io/?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA";
    let request = crate::support::ws::upgrade_request(target)
        .replace("Connection: Upgrade", "Connection: close, Upgrade");
    let reply = crate::support::http::Call::begin(server.address, request.as_bytes()).await.reply().await;
    assert_eq!((reply.status, reply.body.as_str()), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
}

#[tokio::test]
async fn more_than_two_packets_before_the_upgrade_is_complete_is_too_much() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut ws = websocket(&client).await;
    // A frame that never ends, well within what a message may have.
    ws.try_send(&crate::support::ws::announce(FIN | 1, 900_000)).await;
    for _ in 0..20 {
        ws.try_send(&[0; 64 << 10]).await;
    }
    assert_eq!(ws.next().await, Heard::End);
    still_polls(&client).await;
    assert_eq!(get(client.address, &client.target.replace("=polling", "=websocket")).await.status, 400);
    still_polls(&client).await;
}
