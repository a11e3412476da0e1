//! HTTP long-polling: packets to and fro, in payloads.

use std::time::Duration;

use socketio::{Limits, Reason};

use crate::support::{Poller, Server, http::get, soon};

#[tokio::test]
async fn a_post_is_answered_ok_and_its_packet_reaches_the_session() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let reply = client.post("4hello").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "ok"));
    assert_eq!(client.poll().await, "4hello");
}

#[tokio::test]
async fn a_get_waits_until_there_is_something_to_say() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let waiting = client.begin_poll().await;
    client.say("4late").await;
    assert_eq!(waiting.reply().await.body, "4late");
}

#[tokio::test]
async fn packets_of_one_payload_are_taken_and_given_in_order() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    client.say("4one\x1e4two\x1e4\x1e4é😀").await;
    assert_eq!(client.poll().await, "4one\x1e4two\x1e4\x1e4é😀");
}

#[tokio::test]
async fn binary_travels_as_base64_beside_text() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    client.say("4text\x1ebAQIDBA==\x1eb").await;
    assert_eq!(client.poll().await, "4text\x1ebAQIDBA==\x1eb");
}

#[tokio::test]
async fn an_answer_holds_at_most_sixteen_packets_and_the_rest_waits() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let packets: Vec<String> = (0..40).map(|number| format!("4{number}")).collect();
    client.say(packets.join("\x1e")).await;
    for part in packets.chunks(16) {
        assert_eq!(client.poll().await, part.join("\x1e"));
    }
}

#[tokio::test]
async fn noop_is_taken_and_means_nothing() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    client.say("6\x1e4a\x1e6").await;
    assert_eq!(client.poll().await, "4a");
}

#[tokio::test]
async fn a_close_packet_ends_the_session_and_releases_the_poll() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    let waiting = client.begin_poll().await;
    client.say("1").await;
    assert_eq!(waiting.reply().await.body, "6");
    assert_eq!(server.saw_closed().await, Reason::ClientClosed);
    client.is_unknown().await;
    assert_eq!(server.engine.session_count(), 0);
}

#[tokio::test]
async fn a_poll_that_the_close_packet_has_overtaken_is_released_too_and_the_next_finds_nothing() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    client.say("4void\x1e1").await;
    assert_eq!(server.saw_closed().await, Reason::ClientClosed);
    assert_eq!(client.post("4late").await.status, 400);
    assert_eq!(client.poll().await, "6");
    client.is_unknown().await;
}

#[tokio::test]
async fn a_session_whose_application_closes_it_says_what_is_left_and_that_it_is_over() {
    let server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    client.packets(1).await;
    client.say("42[\"echo\",1]\x1e42[\"end\"]").await;
    assert_eq!(client.poll().await, "42[\"back\",1]\x1e1");
    client.is_unknown().await;
}

#[tokio::test]
async fn what_is_left_at_the_end_comes_in_answers_of_sixteen_packets_too() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    client.packets(1).await;
    let socket = server.saw_connected().await;
    let packets: Vec<String> = (0..40).map(|number| format!("42[\"n\",{number}]")).collect();
    for packet in &packets {
        socket.emit(&packet.as_bytes()[2..]).unwrap();
    }
    socket.close(Reason::ServerClosed);
    assert_eq!(client.poll().await, packets[..16].join("\x1e"));
    assert_eq!(client.poll().await, packets[16..32].join("\x1e"));
    assert_eq!(client.poll().await, packets[32..].join("\x1e") + "\x1e1");
    client.is_unknown().await;
}

#[tokio::test]
async fn a_session_that_ends_waits_only_so_long_for_a_client_that_does_not_poll() {
    let linger_timeout = Duration::from_millis(50);
    let mut server = Server::with(Limits { linger_timeout, ..Limits::default() }).await;
    let client = Poller::socketio(&server).await;
    client.say("40\x1e42[\"end\"]").await;
    assert_eq!(server.saw_closed().await, Reason::ServerClosed);
    server.tasks.close();
    soon(server.tasks.wait()).await;
    client.is_unknown().await;
}

#[tokio::test]
async fn many_tiny_packets_in_one_post_are_taken_at_once() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let body = vec!["6"; 450_000].join("\x1e");
    let start = std::time::Instant::now();
    client.say(body).await;
    // A debug build on a busy machine; in release it is some milliseconds.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_session_is_known_by_its_id_on_its_own_server_alone() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let elsewhere = client.target.replace("/engine.io/", "/socket.io/");
    assert_eq!(get(server.address, &elsewhere).await.status, 400);
    client.say("4a").await;
}
