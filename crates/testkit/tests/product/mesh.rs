//! The mesh vocabulary, between clients of one server.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use server::config::Config;
use testkit::{Client, Heard, Server};

/// Who breaks off between two polls is noticed by the ping that nobody answers.
fn notice_soon(config: &mut Config) {
    (config.ping_interval, config.ping_timeout) = (Duration::from_secs(1), Duration::from_secs(3));
}

fn names(heard: &[Heard]) -> Vec<String> {
    let name = |heard: &Heard| match heard {
        Heard::Event { name, payload } => format!("{name} {}", payload.get()),
        other @ (Heard::Connected(_)
        | Heard::Refused(_)
        | Heard::Ack { .. }
        | Heard::Left
        | Heard::Closed(_)) => {
            format!("{other:?}")
        }
    };
    heard.iter().map(name).collect()
}

#[tokio::test]
async fn who_joins_hears_of_those_before_in_their_order_and_they_hear_of_it() {
    let server = Server::start().await;
    let mut alice = server.guest("alice").await;
    let bob = server.dial().auth(json!({ "userId": "bob", "username": "Bob <b>" })).connect("bob").await;
    let (mut bob, mut carol) = (bob.unwrap(), server.dial().connect("carol").await.unwrap());

    assert_eq!(alice.join("standup").await, json!([]));
    let existing = bob.join("standup").await;
    assert_eq!(existing.as_array().unwrap().len(), 1);
    let row = &existing[0];
    assert!(row["joinedAt"].as_u64().unwrap() > 1_700_000_000_000, "{row}");
    assert_eq!([&row["peerId"], &row["socketId"]], [alice.id(), alice.id()]);
    assert_eq!((&row["userId"], &row["guest"], row.get("username")), (&json!("alice"), &json!(true), None));

    let existing = carol.join("standup").await;
    let ids: Vec<_> =
        existing.as_array().unwrap().iter().map(|row| row["peerId"].as_str().unwrap()).collect();
    assert_eq!(ids, [alice.id(), bob.id()], "in the order they joined");
    assert_eq!(existing[1]["username"], "Bob <b>", "as given");

    let joined_bob = json!({ "peerId": bob.id(), "userId": "bob", "username": "Bob <b>", "guest": true });
    let joined_carol =
        json!({ "peerId": carol.id(), "userId": format!("guest-{}", carol.id()), "guest": true });
    assert_eq!(alice.next_event().await, ("peer-joined".to_owned(), joined_bob));
    assert_eq!(alice.next_event().await, ("peer-joined".to_owned(), joined_carol.clone()));
    assert_eq!(bob.next_event().await, ("peer-joined".to_owned(), joined_carol));
    for client in [&mut alice, &mut bob, &mut carol] {
        client.hears_nothing().await;
    }
}

#[tokio::test]
async fn joining_again_repeats_what_oneself_hears_and_tells_the_others_nothing() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (server.guest("alice").await, server.guest("bob").await);
    alice.join("standup").await;
    let first = bob.join("standup").await;
    assert_eq!(bob.join("standup").await, first);
    assert_eq!(alice.hears("peer-joined").await["userId"], "bob");
    alice.hears_nothing().await;
}

#[tokio::test]
async fn who_leaves_or_disconnects_or_breaks_off_is_gone_for_the_others_once() {
    let server = Server::start().await;
    let mut alice = server.guest("alice").await;
    alice.join("standup").await;
    let (mut bob, mut carol, mut dave) =
        (server.guest("bob").await, server.guest("carol").await, server.guest("dave").await);
    for client in [&mut bob, &mut carol, &mut dave] {
        client.join("standup").await;
        alice.hears("peer-joined").await;
    }
    let gone = |client: &Client, user| json!({ "peerId": client.id(), "userId": user, "guest": true });
    let (gone_bob, gone_carol, gone_dave) = (gone(&bob, "bob"), gone(&carol, "carol"), gone(&dave, "dave"));

    bob.leave("standup").await;
    assert_eq!(alice.next_event().await, ("peer-left".to_owned(), gone_bob));
    assert_eq!(bob.asks("leave", json!({ "roomId": "standup" })).await["error"]["code"], "ROOM_NOT_FOUND");
    assert_eq!(bob.asks("leave", json!({})).await["success"], true, "of all rooms, of which there are none");
    carol.disconnects().await;
    assert_eq!(alice.next_event().await, ("peer-left".to_owned(), gone_carol));
    // No goodbye: the connection is cut.
    drop(dave);
    assert_eq!(alice.next_event().await, ("peer-left".to_owned(), gone_dave));
    alice.hears_nothing().await;
    assert_eq!(alice.join("standup").await, json!([]));
}

#[tokio::test]
async fn who_is_in_two_rooms_is_heard_in_each_and_leaves_all_at_once() {
    let server = Server::start().await;
    let mut alice = server.guest("alice").await;
    let (mut bob, mut carol) = (server.guest("bob").await, server.guest("carol").await);
    bob.join("room-one").await;
    carol.join("room-two").await;
    alice.join("room-one").await;
    alice.join("room-two").await;
    bob.hears("peer-joined").await;
    carol.hears("peer-joined").await;
    server.counts(3, 3, 2).await;

    let offer = |to: &str, room: Option<&str>| json!({ "to": to, "offer": "v=0", "roomId": room });
    assert_eq!(alice.asks("offer", offer(bob.id(), None)).await["success"], true);
    assert_eq!(alice.asks("offer", offer(bob.id(), Some("room-one"))).await["success"], true);
    let elsewhere = alice.asks("offer", offer(bob.id(), Some("room-two"))).await;
    let stranger = bob.asks("offer", offer(carol.id(), None)).await;
    let nobody = bob.asks("offer", offer("AAAAAAAAAAAAAAAAAAAA", None)).await;
    assert_eq!(elsewhere["error"]["code"], "PEER_NOT_FOUND");
    assert_eq!(stranger["error"]["code"], "PEER_NOT_FOUND");
    let said = stranger["error"]["message"].as_str().unwrap().replace(carol.id(), "?");
    let said_of_nobody = nobody["error"]["message"].as_str().unwrap().replace("AAAAAAAAAAAAAAAAAAAA", "?");
    assert_eq!(said, said_of_nobody, "whether it is elsewhere or never was");
    assert_eq!(names(&bob.overhears().await).len(), 2);

    assert_eq!(alice.asks("leave", json!({})).await["success"], true);
    bob.hears("peer-left").await;
    carol.hears("peer-left").await;
    server.counts(3, 3, 2).await;
}

#[tokio::test]
async fn the_default_namespace_and_the_dialects_own_lead_into_one_room_by_any_transport() {
    let server = Server::start_with(notice_soon).await;
    let mut alice = server.guest("alice").await;
    let mut bob = server.dial().namespace("/mesh").connect("bob").await.unwrap();
    let mut carol = server.dial().polling().connect("carol").await.unwrap();
    let mut dave = server.dial().namespace("/mesh").polling().connect("dave").await.unwrap();
    alice.join("standup").await;
    for client in [&mut bob, &mut carol, &mut dave] {
        client.join("standup").await;
    }
    let mut all = [alice, bob, carol, dave];
    let ids: Vec<String> = all.iter().map(|client| client.id().to_owned()).collect();
    for from in 0..all.len() {
        for to in (0..all.len()).filter(|to| *to != from) {
            all[from].emit("answer", json!({ "to": ids[to], "answer": { "type": "answer", "sdp": "v=0" } }));
            assert_eq!(all[to].hears("answer").await["from"], ids[from]);
        }
    }
    let [mut alice, bob, carol, dave] = all;
    dave.disconnects().await;
    assert_eq!(alice.hears("peer-left").await["peerId"], *ids[3]);
    drop((bob, carol));
    let left = [alice.hears("peer-left").await, alice.hears("peer-left").await];
    assert!(ids[1..3].iter().all(|id| left.iter().any(|left| left["peerId"] == **id)), "{left:?}");
}

#[tokio::test]
async fn bodies_arrive_byte_for_byte_by_every_event() {
    let odd_description = r#"{ "sdp" :"v=0\r\n\u00e9\/","type":"offer" , "x":[1e0,1.0,-0,1E+2,9007199254740993],"x":null,"__proto__":{"a":1},"\u0061":"\ud83d\ude00 😀" }"#;
    let odd_candidate = r#"{"candidate":"candidate:1 1 UDP 1 198.51.100.7 9 typ host","sdpMid":"0","sdpMLineIndex":0e0,"usernameFragment":null,"extra":{"b":1,"a":2}}"#;
    let server = Server::start().await;
    let (mut alice, mut bob) = (server.guest("alice").await, server.guest("bob").await);
    alice.join("standup").await;
    bob.join("standup").await;
    let (from, to) = (json!(alice.id()), json!(bob.id()));
    for (event, member, body) in [
        ("offer", "offer", odd_description),
        ("answer", "answer", odd_description),
        ("ice-candidate", "candidate", odd_candidate),
        ("ice-candidate", "candidate", "null"),
        ("ice-candidate", "candidate", r#""""#),
        ("ice-candidate", "candidate", r#"{"candidate":""}"#),
        ("offer", "offer", r#"{"enc":  "anything at all" }"#),
        ("offer", "offer", r#""v=0\r\nbare""#),
    ] {
        alice.emit(event, format_args!(r#"{{"from":"mallory","to":{to},"{member}":{body},"userId":"eve"}}"#));
        let heard = bob.hears_raw(event).await;
        assert_eq!(heard.get(), format!(r#"{{"from":{from},"{member}":{body}}}"#));
    }
    for to_one in [format!(r#""to":{to},"#), String::new()] {
        let envelope = format!(r#"{{"type":"offer",{to_one}"roomId":"standup","data":{odd_description}}}"#);
        alice.emit("message", &envelope);
        let expected =
            envelope.replacen(r#""type":"offer","#, &format!(r#""type":"offer","from":{from},"#), 1);
        assert_eq!(bob.hears_raw("message").await.get(), expected);
    }
}

#[tokio::test]
async fn of_thirty_who_ask_at_once_ten_are_in_and_twenty_hear_that_it_is_full() {
    let server = Server::start().await;
    let mut clients = join_all((0..30).map(|n| {
        let server = &server;
        async move { server.guest(&format!("user-{n}")).await }
    }))
    .await;
    for client in &mut clients {
        client.emit_for_ack("join", json!({ "roomId": "standup" }));
    }
    let answers: Vec<Value> = join_all(clients.iter_mut().map(|client| client.ack(0))).await;
    let is_in = |answer: &Value| answer["success"] == true;
    assert_eq!(answers.iter().filter(|answer| is_in(answer)).count(), 10);
    for refused in answers.iter().filter(|answer| !is_in(answer)) {
        assert_eq!(refused["error"]["code"], "ROOM_FULL");
    }
    assert_eq!(server.json("/stats").await["totalMemberships"], 10);

    // One leaves, and one of those outside gets in.
    let inside = answers.iter().position(is_in).unwrap();
    let outside = answers.iter().position(|answer| !is_in(answer)).unwrap();
    clients[inside].leave("standup").await;
    assert_eq!(clients[outside].join("standup").await.as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn a_failure_without_an_acknowledgement_arrives_as_error_and_changes_nothing() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (server.guest("alice").await, server.guest("bob").await);
    alice.join("standup").await;
    bob.join("standup").await;
    let long = "x".repeat(1_000);
    for (event, payload, code) in [
        ("join", json!({ "roomId": "a" }), "VALIDATION_ERROR"),
        ("join", json!(null), "VALIDATION_ERROR"),
        ("leave", json!({ "roomId": "elsewhere" }), "ROOM_NOT_FOUND"),
        ("offer", json!({ "to": bob.id(), "offer": { "type": "offer", "sdp": "no" } }), "VALIDATION_ERROR"),
        ("offer", json!({ "to": bob.id() }), "VALIDATION_ERROR"),
        ("offer", json!({ "to": alice.id(), "offer": "v=0" }), "PEER_NOT_FOUND"),
        ("answer", json!({ "to": { "a": 1 }, "answer": "v=0" }), "VALIDATION_ERROR"),
        ("message", json!({ "type": "dance", "roomId": "standup" }), "VALIDATION_ERROR"),
        ("message", json!({ "type": "offer", "roomId": "elsewhere", "data": "v=0" }), "ROOM_NOT_FOUND"),
        ("peer-joined", json!({ "peerId": bob.id() }), "UNKNOWN_EVENT"),
        (&long, json!({}), "UNKNOWN_EVENT"),
    ] {
        alice.emit(event, &payload);
        let error = alice.hears("error").await;
        assert_eq!(error["code"], code, "{event} {payload}: {error}");
        assert_eq!(error["event"], event[..event.len().min(64)], "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.len() < 1_000), "{error}");
        assert_eq!(alice.asks(event, &payload).await["error"]["code"], code);
    }
    alice.hears("peer-joined").await;
    alice.hears_nothing().await;
    bob.hears_nothing().await;
}
