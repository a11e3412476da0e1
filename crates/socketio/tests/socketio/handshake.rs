//! How a session opens over each transport, and what each bad request is told.

use std::time::Duration;

use socketio::Limits;

use crate::support::{
    Client, Poller, Seen, Server, Ws,
    http::{Call, get, head, post},
    soon,
};

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";

fn limits() -> Limits {
    Limits {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        max_payload_bytes: 12_345,
        ..Limits::default()
    }
}

/// The id in an OPEN packet that must look like this besides.
fn sid(open: &str, upgrades: &str) -> String {
    let rest = open.strip_prefix(r#"0{"sid":""#).unwrap();
    let (sid, rest) = rest.split_once('"').unwrap();
    let said = format!(r#","upgrades":{upgrades},"pingInterval":300,"pingTimeout":200,"maxPayload":12345}}"#);
    assert_eq!(rest, said);
    sid.to_owned()
}

#[tokio::test]
async fn a_polling_session_opens_with_its_parameters_and_offers_the_upgrade() {
    let server = Server::with(limits()).await;
    let reply = get(server.address, POLLING).await;
    assert_eq!(reply.status, 200);
    assert_eq!(sid(&reply.body, r#"["websocket"]"#).len(), 20);
    assert!(reply.head.contains("content-type: text/plain; charset=utf-8"), "{}", reply.head);
    assert!(reply.head.contains("cache-control: no-store"), "{}", reply.head);
    assert_eq!(server.engine.session_count(), 1);
}

#[tokio::test]
async fn a_websocket_session_opens_with_its_parameters_and_nothing_to_upgrade_to() {
    let server = Server::with(limits()).await;
    let mut ws = Ws::open(server.address, "/engine.io/?EIO=4&transport=websocket").await;
    assert_eq!(sid(&ws.next_text().await, "[]").len(), 20);
    assert_eq!(server.engine.session_count(), 1);
}

#[tokio::test]
async fn every_session_has_an_id_of_its_own() {
    let server = Server::start().await;
    let (one, two) = (Poller::engine(&server).await, Poller::engine(&server).await);
    assert_ne!(one.sid, two.sid);
}

#[tokio::test]
async fn every_bad_request_gets_the_code_and_the_words_that_name_what_is_wrong() {
    let server = Server::start().await;
    let (transport, session) =
        (r#"{"code":0,"message":"Transport unknown"}"#, r#"{"code":1,"message":"Session ID unknown"}"#);
    let (method, malformed) =
        (r#"{"code":2,"message":"Bad handshake method"}"#, r#"{"code":3,"message":"Bad request"}"#);
    let version = r#"{"code":5,"message":"Unsupported protocol version"}"#;
    let long = format!("EIO=4&transport=polling&sid={}", "a".repeat(4096));
    for (verb, query, body) in [
        ("GET", "", transport),
        ("GET", "EIO=4", transport),
        ("GET", "EIO=4&transport=abc", transport),
        ("GET", "EIO=4&transport=__proto__", transport),
        ("GET", "EIO=4&transport=constructor", transport),
        ("GET", "EIO=4&transport=polling%00", transport),
        ("GET", "EIO=4&transport[]=polling&transport[]=websocket", transport),
        ("GET", "EIO=4&transport=polling&transport=websocket", malformed),
        ("GET", "EIO=4&EIO=3&transport=polling", malformed),
        ("GET", "transport=polling", version),
        ("GET", "EIO=abc&transport=polling", version),
        ("GET", "EIO=5&transport=polling", version),
        ("GET", "EIO=4&transport=polling&sid=", session),
        ("GET", "EIO=4&transport=polling&sid=abc", session),
        ("GET", "EIO=4&transport=polling&sid=__proto__", session),
        ("GET", "EIO=4&transport=polling&sid=toString", session),
        ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", session),
        ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA&sid=AAAAAAAAAAAAAAAAAAAA", malformed),
        ("GET", &long, session),
        ("GET", "EIO=4&transport=websocket", malformed),
        ("POST", "EIO=4&transport=polling", method),
        ("POST", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", session),
        ("POST", "EIO=4&transport=websocket", method),
        ("PUT", "EIO=4&transport=polling", method),
        ("DELETE", "EIO=4&transport=polling", method),
        ("OPTIONS", "EIO=4&transport=polling", method),
        ("PUT", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", method),
    ] {
        let request = head(verb, &format!("/engine.io/?{query}"), "");
        let reply = Call::begin(server.address, request.as_bytes()).await.reply().await;
        assert_eq!((reply.status, reply.body.as_str()), (400, body), "{verb} {query}");
        assert!(reply.head.contains("content-type: application/json"), "{}", reply.head);
    }
    assert_eq!(server.engine.session_count(), 0, "none of them left a session");
}

#[tokio::test]
async fn a_websocket_request_that_is_no_proper_upgrade_is_refused() {
    let server = Server::start().await;
    let target = "/engine.io/?EIO=4&transport=websocket";
    for headers in [
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Upgrade: h2c\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ] {
        let request = head("GET", target, headers);
        let reply = Call::begin(server.address, request.as_bytes()).await.reply().await;
        assert_eq!((reply.status, reply.body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
    }
    assert_eq!(server.engine.session_count(), 0);
}

#[tokio::test]
async fn the_application_may_turn_away_any_request_and_say_when_to_come_back() {
    let server = Server::start().await;
    let open = |header: &str| head("GET", "/socket.io/?EIO=4&transport=polling", header);
    let evil = Call::begin(server.address, open("X-Evil: 1\r\n").as_bytes()).await.reply().await;
    assert_eq!((evil.status, evil.body.as_str()), (403, r#"{"code":4,"message":"Forbidden"}"#));
    let full = Call::begin(server.address, open("X-Too-Many: 1\r\n").as_bytes()).await.reply().await;
    assert_eq!((full.status, full.body.as_str()), (503, r#"{"code":4,"message":"Full"}"#));
    assert!(full.head.contains("retry-after: 7"), "{}", full.head);
    assert_eq!(server.socketio.session_count(), 0);

    let client = Poller::socketio(&server).await;
    let evil = head("POST", &client.target, "X-Evil: 1\r\nContent-Length: 2\r\n") + "40";
    assert_eq!(Call::begin(server.address, evil.as_bytes()).await.reply().await.status, 403);
    client.say("40").await;
}

#[tokio::test]
async fn there_are_no_more_sessions_than_there_may_be_and_one_that_ends_makes_room() {
    let server = Server::with(Limits { max_sessions: 2, ..Limits::default() }).await;
    let first = Poller::engine(&server).await;
    let _second = Poller::engine(&server).await;
    let target = "/engine.io/?EIO=4&transport=polling";
    let full = get(server.address, target).await;
    assert_eq!((full.status, full.body.as_str()), (503, r#"{"code":4,"message":"Server is full"}"#));
    assert!(full.head.contains("retry-after: 1"), "{}", full.head);

    let poll = first.begin_poll().await;
    first.say("1").await;
    assert_eq!(poll.reply().await.body, "6");
    first.is_unknown().await;
    assert_eq!(get(server.address, target).await.status, 200);
}

#[tokio::test]
async fn a_socket_id_is_not_a_session_id_and_does_not_work_as_one() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    client.say("40/custom,").await;
    let (main, custom) = (server.saw_connected().await, server.saw_connected().await);
    assert_ne!(main.id(), custom.id(), "and each namespace has its own");
    for socket in [main, custom] {
        assert_ne!(socket.id().to_string(), client.sid);
        let target = format!("/socket.io/?EIO=4&transport=polling&sid={}", socket.id());
        assert_eq!(get(server.address, &target).await.status, 400);
        assert_eq!(post(server.address, &target, b"41").await.status, 400);
    }
    assert!(server.saw_besides().is_none(), "nobody was thrown out");
}

#[tokio::test]
async fn a_client_over_websocket_cannot_be_polled_even_with_its_session_id() {
    let server = Server::start().await;
    let mut ws = Ws::open(server.address, "/socket.io/?EIO=4&transport=websocket").await;
    let open = ws.next_text().await;
    let sid = open.split('"').nth(3).unwrap();
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    assert_eq!(get(server.address, &target).await.status, 400);
    ws.text("40").await;
    assert!(ws.next_text().await.starts_with("40{"));
}

#[tokio::test]
async fn the_application_hears_of_a_websocket_when_it_is_one() {
    let mut server = Server::start().await;
    let _client = Client::open(&server).await;
    assert!(matches!(server.saw().await, Seen::WebSocket));
}

#[tokio::test]
async fn three_thousand_headers_are_refused() {
    let server = Server::start().await;
    let headers: String = (0..3000).map(|number| format!("X-{number}: 1\r\n")).collect();
    let request = head("GET", "/engine.io/?EIO=4&transport=websocket", &headers);
    let reply = Call::begin(server.address, request.as_bytes()).await.reply().await;
    assert!([400, 431].contains(&reply.status), "{}", reply.status);
}

#[tokio::test]
async fn blanks_by_the_kilobyte_in_headers_that_are_not_read_cost_nothing() {
    let server = Server::start().await;
    let blanks = " ".repeat(60_000);
    let headers = format!("Sec-WebSocket-Protocol: a{blanks}b\r\nSec-WebSocket-Extensions: a{blanks}b\r\n");
    let request = head("GET", "/engine.io/?EIO=4&transport=polling", &headers);
    let call = Call::begin(server.address, request.as_bytes()).await;
    let reply = soon(call.reply()).await;
    assert_eq!(reply.status, 200);
}
