//! Too much, too fast, or for too long.

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Program, eventually};

use crate::{
    beside_a_call,
    raw::{FINAL, Raw, TEXT, framed},
};

#[tokio::test]
async fn twenty_thousand_events_at_once_wait_for_nobody() {
    beside_a_call(&[], async |program: &Program| {
        for event in [
            r#"42["leave",{}]"#.to_owned(),
            r#"420["offer",{"to":"AAAAAAAAAAAAAAAAAAAA","offer":"v=0"}]"#.to_owned(),
            r#"42["no such event"]"#.to_owned(),
            format!(r#"42["join",{{"roomId":"{}"}}]"#, "x".repeat(1_000)),
        ] {
            let (mut raw, _) = Raw::connected(program).await;
            let all = framed(FINAL | TEXT, event.as_bytes()).repeat(20_000);
            // Nothing is read of what is answered, until all is said.
            raw.bytes(&all).await;
            drop(raw);
        }
    })
    .await;
}

#[tokio::test]
async fn twenty_thousand_events_that_may_pass_wait_for_nobody() {
    let unlimited = ["--relays-per-second", "0", "--relay-bytes-per-second", "0"];
    beside_a_call(&unlimited, async |program: &Program| {
        let mut busy = program.dial().connect("busy").await.unwrap();
        busy.join("busy-room").await;
        let mut last = 0;
        for _ in 0..20_000 {
            last = busy.emit_for_ack("offer", json!({ "to": "AAAAAAAAAAAAAAAAAAAA", "offer": "v=0" }));
        }
        assert_eq!(busy.ack(last).await["error"]["code"], "PEER_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_never_reads_is_closed_and_the_room_talks_on() {
    beside_a_call(
        &["--relays-per-second", "0", "--relay-bytes-per-second", "0"],
        async |program: &Program| {
            let mut talker = program.dial().connect("talker").await.unwrap();
            let mut neighbour = program.dial().connect("neighbour").await.unwrap();
            talker.join("loud-room").await;
            neighbour.join("loud-room").await;
            let (mut deaf, _) = Raw::connected(program).await;
            deaf.text(r#"42["join",{"roomId":"loud-room"}]"#).await;
            talker.hears("peer-joined").await;
            let deaf_id = talker.hears("peer-joined").await["peerId"].as_str().unwrap().to_owned();

            let sdp = format!("v=0\r\n{}", "a".repeat(60_000));
            let mut relayed = 0;
            let refusal = loop {
                let answer = talker.asks("offer", json!({ "to": deaf_id, "offer": sdp })).await;
                if answer["success"] != true {
                    break answer;
                }
                relayed += 1;
                assert!(relayed < 1_000, "60 MB wait for somebody who does not read");
                talker
                    .asks("message", json!({ "type": "answer", "roomId": "loud-room", "data": "v=0" }))
                    .await;
                assert_eq!(neighbour.hears("message").await["data"], "v=0");
            };
            assert_eq!(refusal["error"]["code"], "PEER_NOT_FOUND", "it is gone");
            assert_eq!(neighbour.hears("peer-left").await["peerId"], *deaf_id);
            let closed = r#"signaling_connections_closed_total{reason="slow-consumer"}"#;
            assert_eq!(program.metrics().await.value(closed) as u64, 1);
        },
    )
    .await;
}

#[tokio::test]
async fn five_hundred_idle_connections_and_three_hundred_sessions_bother_nobody() {
    beside_a_call(&[], async |program: &Program| {
        let idle = join_all((0..500).map(|_| program.http())).await;
        let websockets = join_all((0..150).map(|_| program.dial().connect("idle"))).await;
        let polling = join_all((0..150).map(|_| program.dial().polling().connect("idle"))).await;
        assert!(websockets.iter().chain(&polling).all(Result::is_ok));
        program.counts(302, 302, 1).await;
        let look = async || program.http().await.get("/readyz").await.status;
        eventually("readiness", look, |status| *status == 200).await;
        drop((idle, websockets, polling));
    })
    .await;
}
