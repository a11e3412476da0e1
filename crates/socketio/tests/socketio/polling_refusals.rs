//! What closes a session that polls: overlaps, aborted requests, and bodies that are no payload or too much of one.

use std::time::Duration;

use socketio::{Limits, Reason};

use crate::support::{
    Poller, Server,
    http::{Call, head},
};

const CLOSED: &str = "1";

#[tokio::test]
async fn a_second_get_at_the_same_time_closes_the_session() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    let (one, two) = (client.begin_poll().await, client.begin_poll().await);
    let (one, two) = (one.reply().await, two.reply().await);
    let (kept, refused) = if one.status == 200 { (one, two) } else { (two, one) };
    assert_eq!((kept.status, kept.body.as_str(), refused.status), (200, CLOSED, 400));
    assert_eq!(server.saw_closed().await, Reason::Overlap);
    client.is_unknown().await;
}

#[tokio::test]
async fn a_second_post_at_the_same_time_closes_the_session() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    let one = head("POST", &client.target, "Content-Length: 10\r\n") + r#"42["hold"]"#;
    let one = Call::begin(server.address, one.as_bytes()).await;
    assert_eq!(server.saw_event().await.0, "hold");
    assert_eq!(client.post(r#"42["a"]"#).await.status, 400);
    assert_eq!(one.reply().await.status, 400);
    assert_eq!(server.saw_closed().await, Reason::Overlap);
    client.is_unknown().await;
}

#[tokio::test]
async fn a_second_post_while_the_first_is_still_being_sent_closes_the_session() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut one = Call::begin(
        server.address,
        (head("POST", &client.target, "Expect: 100-continue\r\nContent-Length: 4\r\n")).as_bytes(),
    )
    .await;
    // The server asks for the body: from here on the request is under way for certain.
    one.continues().await;
    one.send(b"4o").await;
    assert_eq!(client.post("4two").await.status, 400);
    assert_eq!(server.saw_closed().await, Reason::Overlap);
    one.send(b"ne").await;
    assert_eq!(one.reply().await.status, 400);
    client.is_unknown().await;
}

#[tokio::test]
async fn a_get_that_is_given_up_closes_the_session() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    drop(client.begin_poll().await);
    assert_eq!(server.saw_closed().await, Reason::TransportClosed);
    client.is_unknown().await;
}

#[tokio::test]
async fn a_post_that_breaks_off_closes_the_session() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut broken = Call::begin(
        server.address,
        head("POST", &client.target, "Expect: 100-continue\r\nContent-Length: 100\r\n").as_bytes(),
    )
    .await;
    broken.continues().await;
    broken.send(b"4half").await;
    drop(broken);
    assert_eq!(server.saw_closed().await, Reason::TransportClosed);
    client.is_unknown().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_in_time_closes_the_session() {
    let body_timeout = Duration::from_millis(50);
    let mut server = Server::with(Limits { body_timeout, ..Limits::default() }).await;
    let client = Poller::engine(&server).await;
    let request = head("POST", &client.target, "Content-Length: 100\r\n") + "4half";
    let reply = Call::begin(server.address, request.as_bytes()).await.reply().await;
    assert_eq!(reply.status, 408);
    assert_eq!(server.saw_closed().await, Reason::TransportClosed);
}

#[tokio::test]
async fn a_body_that_announces_too_much_gets_413_before_it_comes() {
    let mut server = Server::start().await;
    for announced in ["1000001", "99000000000"] {
        let client = Poller::engine(&server).await;
        let request = head("POST", &client.target, &format!("Content-Length: {announced}\r\n"));
        let reply = Call::begin(server.address, request.as_bytes()).await.reply().await;
        assert_eq!(reply.status, 413);
        assert_eq!(server.saw_closed().await, Reason::TooLarge);
        client.is_unknown().await;
    }
}

#[tokio::test]
async fn a_body_that_grows_too_large_without_announcing_it_gets_413() {
    let mut server = Server::with(Limits { max_payload_bytes: 100, ..Limits::default() }).await;
    let client = Poller::engine(&server).await;
    let request = head("POST", &client.target, "Transfer-Encoding: chunked\r\n");
    let chunk = format!("33\r\n4{}\r\n", "a".repeat(0x32));
    let request = format!("{request}{chunk}{chunk}0\r\n\r\n");
    let reply = Call::begin(server.address, request.as_bytes()).await.reply().await;
    assert_eq!(reply.status, 413);
    assert_eq!(server.saw_closed().await, Reason::TooLarge);
}

#[tokio::test]
async fn a_body_of_exactly_the_largest_size_is_taken() {
    let server = Server::with(Limits { max_payload_bytes: 100, ..Limits::default() }).await;
    let client = Poller::engine(&server).await;
    let largest = format!("4{}", "a".repeat(99));
    client.say(&largest).await;
    assert_eq!(client.poll().await, largest);
    assert_eq!(client.post(largest + "a").await.status, 413);
}

#[tokio::test]
async fn a_packet_that_is_none_closes_its_session_and_no_other() {
    let mut server = Server::start().await;
    let bystander = Poller::engine(&server).await;
    for (body, reason) in [
        (&b""[..], Reason::Parse),
        (b"\x1e", Reason::Parse),
        (b"abc", Reason::Parse),
        (b"0{}", Reason::Parse),
        (b"7", Reason::Parse),
        (b"4a\x1e", Reason::Parse),
        (b"\x1e4a", Reason::Parse),
        (b"4a\x1e\x1e4b", Reason::Parse),
        (b"bAQ", Reason::Parse),
        (b"b****", Reason::Parse),
        (b"2", Reason::Parse),
        (b"2probe", Reason::Parse),
        (b"5", Reason::Parse),
        (b"4\xff", Reason::NotUtf8),
    ] {
        let client = Poller::engine(&server).await;
        let waiting = client.begin_poll().await;
        let reply = client.post(body).await;
        assert_eq!((reply.status, reply.body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
        assert_eq!(server.saw_closed().await, reason, "{}", body.escape_ascii());
        let waiting = waiting.reply().await;
        let told = (waiting.status, waiting.body.as_str());
        // What stood before the bad packet was taken, and its echo may be on its way.
        assert!([(200, CLOSED), (200, "4a")].contains(&told) || told.0 == 400, "{told:?}");
        client.is_unknown().await;
    }
    bystander.say("4still here").await;
    assert_eq!(bystander.poll().await, "4still here");
}

#[tokio::test]
async fn other_methods_do_nothing_to_a_session() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = head(method, &client.target, "");
        assert_eq!(Call::begin(server.address, request.as_bytes()).await.reply().await.status, 400);
    }
    client.say("4a").await;
    assert_eq!(client.poll().await, "4a");
}
