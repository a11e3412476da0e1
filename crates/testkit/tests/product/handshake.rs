//! Who is let in, and what the others hear.

use std::time::{Duration, Instant};

use serde_json::json;
use server::config::SignalValidation;
use testkit::{Dial, Heard, Refused, Server};

async fn connect_error(dial: Dial) -> serde_json::Value {
    match dial.connect("stranger").await {
        Err(Refused::Connect(payload)) => payload,
        other => panic!("no connect_error: {other:?}"),
    }
}

#[tokio::test]
async fn a_handshake_that_is_refused_says_why_by_every_transport() {
    // Who is refused and breaks off between two polls is noticed by the CONNECT that does not come.
    let server = Server::start_with(|config| config.connect_timeout = Duration::from_secs(1)).await;
    let long = "a".repeat(129);
    for (auth, message, code) in [
        (json!({ "token": "a.b.c" }), "Invalid token", "AUTH001"),
        (json!({ "token": 1 }), "Invalid token", "AUTH001"),
        (json!({ "userId": long }), "", "VALIDATION_ERROR"),
        (json!({ "userId": "" }), "", "VALIDATION_ERROR"),
        (json!({ "userId": ["alice"] }), "", "VALIDATION_ERROR"),
        (json!({ "username": "x" }), "", "VALIDATION_ERROR"),
    ] {
        for dial in [server.dial(), server.dial().polling(), server.dial().namespace("/mesh").upgrade()] {
            let error = connect_error(dial.auth(&auth)).await;
            assert_eq!(error["data"]["code"], code, "{auth}: {error}");
            assert!(error["message"].as_str().unwrap().contains(message), "{auth}: {error}");
        }
    }
    server.counts(0, 0, 0).await;
}

#[tokio::test]
async fn a_namespace_that_is_none_is_refused_and_the_client_may_ask_for_another() {
    let server = Server::start().await;
    for name in ["/nonsense", "/session", "/mesh/", "/Mesh", "/mesh/x", "/t/acme/mesh"] {
        let error = connect_error(server.dial().namespace(name)).await;
        assert_eq!(error, json!({ "message": "Invalid namespace" }), "{name}");
    }
    let mut alice = server.guest("alice").await;
    alice.send("40/nonsense,");
    alice.send("40/mesh,");
    alice.hears_nothing().await;
    // The other namespace has a peer of its own.
    server.counts(1, 2, 0).await;
}

#[tokio::test]
async fn a_dialect_that_is_switched_off_has_no_namespace() {
    let server = Server::start_with(|config| config.dialects.clear()).await;
    for name in ["/", "/mesh"] {
        assert_eq!(connect_error(server.dial().namespace(name)).await["message"], "Invalid namespace");
    }
}

#[tokio::test]
async fn with_validation_off_any_json_is_relayed_and_sizes_hold() {
    let server = Server::start_with(|config| config.signal_validation = SignalValidation::Off).await;
    let (mut alice, mut bob) = (server.guest("alice").await, server.guest("bob").await);
    alice.join("standup").await;
    bob.join("standup").await;
    for body in ["{\"sdp\" : 1e0}", "[[]]", "17", "\"no sdp\"", "false"] {
        alice.emit("offer", format_args!(r#"{{"to":"{}","offer":{body}}}"#, bob.id()));
        assert_eq!(
            bob.hears_raw("offer").await.get(),
            format!(r#"{{"from":"{}","offer":{body}}}"#, alice.id())
        );
    }
    for (member, event, size) in [("offer", "offer", 200_000), ("candidate", "ice-candidate", 5_000)] {
        let large = json!({ "to": bob.id(), member: "v=0".repeat(size / 3) });
        assert_eq!(alice.asks(event, large).await["error"]["code"], "VALIDATION_ERROR");
    }
    bob.hears_nothing().await;
}

#[tokio::test]
async fn a_guest_stays_who_it_first_said_that_it_is() {
    let server = Server::start().await;
    let mut watcher = server.guest("watcher").await;
    watcher.join("standup").await;
    let mut named = server.dial().auth(json!({ "userId": 17 })).connect("named").await.unwrap();
    let mut unnamed = server.dial().connect("unnamed").await.unwrap();
    assert_eq!(
        named.asks("join", json!({ "roomId": "standup", "userId": "watcher" })).await["success"],
        true
    );
    assert_eq!(unnamed.asks("join", json!({ "roomId": "x" })).await["success"], false);
    assert_eq!(unnamed.asks("join", json!({ "roomId": "standup", "userId": "eve" })).await["success"], true);
    assert_eq!(unnamed.asks("join", json!({ "roomId": "other", "userId": "alice" })).await["success"], true);
    assert_eq!(watcher.hears("peer-joined").await["userId"], "17");
    assert_eq!(watcher.hears("peer-joined").await["userId"], "eve");
    unnamed.disconnects().await;
    assert_eq!(watcher.hears("peer-left").await["userId"], "eve");
}

#[tokio::test]
async fn whoever_does_not_connect_to_a_namespace_is_closed() {
    let server = Server::start_with(|config| config.connect_timeout = Duration::from_millis(100)).await;
    let (since, mut in_time) = (Instant::now(), server.guest("in time").await);
    let opened = server.http().await.get("/socket.io/?EIO=4&transport=polling").await;
    assert_eq!(opened.status, 200);
    let closed = r#"signaling_connections_closed_total{reason="connect timeout"}"#;
    let look = async || server.metrics().await.value(closed);
    testkit::eventually("its end", look, |count| *count > 0.0).await;
    assert!(since.elapsed() < Duration::from_secs(9), "as configured, and not by default");
    server.counts(1, 1, 0).await;
    in_time.hears_nothing().await;
}

#[tokio::test]
async fn a_session_opens_with_the_times_and_sizes_that_are_configured() {
    let server = Server::start_with(|config| {
        config.ping_interval = Duration::from_secs(7);
        config.ping_timeout = Duration::from_millis(4_500);
        config.max_payload = 20_000;
    })
    .await;
    let opened = server.http().await.get("/socket.io/?EIO=4&transport=polling").await.body;
    let open: serde_json::Value = serde_json::from_str(&opened[1..]).unwrap();
    let announced = ["pingInterval", "pingTimeout", "maxPayload"].map(|name| open[name].as_u64().unwrap());
    assert_eq!(announced, [7_000, 4_500, 20_000]);
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap());
    let answer = server.http().await.ask("POST", &path, &[], &"x".repeat(20_001)).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn the_server_answers_only_its_own_protocol_version_and_paths() {
    let server = Server::start().await;
    let mut http = server.http().await;
    for (path, status, code) in [
        ("/socket.io/?EIO=3&transport=polling", 400, 5),
        ("/socket.io/?EIO=4", 400, 0),
        ("/socket.io/?EIO=4&transport=carrier-pigeon", 400, 0),
        ("/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAAAA", 400, 1),
    ] {
        let answer = http.get(path).await;
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{path}");
    }
    let opened = http.get("/socket.io/?EIO=4&transport=polling").await;
    assert!(opened.status == 200 && opened.body.starts_with("0{"), "{opened:?}");
    let mut alice = server.dial().query("x=1&y[]=%00&EIO2=3").connect("alice").await.unwrap();
    assert!(!matches!(alice.overhears().await.as_slice(), [Heard::Closed(_), ..]));
}
