//! The server sends PINGs, and who does not answer in time is gone.

use std::time::{Duration, Instant};

use socketio::{Limits, Reason};

use crate::support::{Heard, Poller, Server, Ws};

const INTERVAL: Duration = Duration::from_millis(120);
const TIMEOUT: Duration = Duration::from_millis(80);

fn limits() -> Limits {
    Limits { ping_interval: INTERVAL, ping_timeout: TIMEOUT, ..Limits::default() }
}

#[tokio::test]
async fn the_first_ping_comes_after_the_interval_and_the_next_an_interval_after_its_pong() {
    let server = Server::with(limits()).await;
    let start = Instant::now();
    let mut ws = Ws::engine(&server).await;
    for rounds in 1..=3 {
        assert_eq!(ws.next_text().await, "2");
        assert!(start.elapsed() >= INTERVAL * rounds, "{:?}", start.elapsed());
        ws.text("3").await;
    }
}

#[tokio::test]
async fn who_polls_gets_pings_too() {
    let server = Server::with(limits()).await;
    let start = Instant::now();
    let client = Poller::engine(&server).await;
    for rounds in 1..=3 {
        assert_eq!(client.poll().await, "2");
        assert!(start.elapsed() >= INTERVAL * rounds, "{:?}", start.elapsed());
        client.say("3").await;
    }
}

#[tokio::test]
async fn a_websocket_that_does_not_answer_is_cut_off() {
    let mut server = Server::with(limits()).await;
    let start = Instant::now();
    let mut ws = Ws::engine(&server).await;
    assert_eq!(ws.next_text().await, "2");
    assert_eq!(ws.next().await, Heard::End);
    assert!(start.elapsed() >= INTERVAL + TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(server.saw_closed().await, Reason::PingTimeout);
}

#[tokio::test]
async fn who_polls_and_does_not_answer_is_closed() {
    let mut server = Server::with(limits()).await;
    let client = Poller::engine(&server).await;
    assert_eq!(client.poll().await, "2");
    assert_eq!(client.poll().await, "1");
    assert_eq!(server.saw_closed().await, Reason::PingTimeout);
    client.is_unknown().await;
}

#[tokio::test]
async fn a_pong_that_nobody_asked_for_puts_nothing_off() {
    let server = Server::with(limits()).await;
    let start = Instant::now();
    let mut ws = Ws::engine(&server).await;
    while start.elapsed() < INTERVAL {
        ws.text("3").await;
        ws.text("4x").await;
        match ws.next_text().await.as_str() {
            "4x" => {}
            "2" => break,
            other => panic!("unexpected {other}"),
        }
    }
    // Each echo was one more unasked PONG: had they counted, the PING would come an interval after the last.
    assert!(start.elapsed() < INTERVAL * 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn messages_do_not_stand_in_for_a_pong() {
    let mut server = Server::with(limits()).await;
    let mut ws = Ws::engine(&server).await;
    loop {
        ws.try_send(&crate::support::ws::frame(0x81, b"4x")).await;
        if ws.next().await == Heard::End {
            break;
        }
    }
    assert_eq!(server.saw_closed().await, Reason::PingTimeout);
}

#[tokio::test]
async fn a_ping_of_the_clients_closes_the_session() {
    let mut server = Server::with(limits()).await;
    let mut ws = Ws::engine(&server).await;
    ws.text("2").await;
    assert_eq!(ws.next_close().await, Some(1008));
    assert_eq!(server.saw_closed().await, Reason::Parse);
}
