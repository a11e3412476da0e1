//! What one sends arrives in the order sent, whatever else goes on.

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Client, Server};

const RELAYS: usize = 1_000;

/// Sends every relay at once, to each of the others in turn.
fn send_all(client: &mut Client, to: &[String]) {
    for number in 0..RELAYS {
        for to in to {
            let candidate = json!({ "candidate": format!("candidate:{number}"), "sdpMid": "0" });
            client.emit("ice-candidate", json!({ "to": to, "candidate": candidate }));
        }
    }
}

/// Hears all relays of those two, each one's in its order.
async fn hear_all(client: &mut Client, from: &[String]) {
    let mut next = vec![0; from.len()];
    while next.iter().any(|next| *next < RELAYS) {
        let heard = client.hears("ice-candidate").await;
        let sender = from.iter().position(|id| heard["from"] == **id).expect("one of those two");
        let expected = format!("candidate:{}", next[sender]);
        assert_eq!(heard["candidate"]["candidate"], expected, "from {sender}");
        next[sender] += 1;
    }
}

async fn all_pairs(polling: bool) {
    let server = Server::start_with(|config| config.relays_per_second = 0).await;
    let mut clients = Vec::new();
    for name in ["alice", "bob", "carol"] {
        let dial = server.dial();
        let dial = if polling { dial.polling() } else { dial };
        let mut client = dial.connect(name).await.unwrap();
        client.join("standup").await;
        clients.push(client);
    }
    let ids: Vec<String> = clients.iter().map(|client| client.id().to_owned()).collect();
    let others = |id: &str| ids.iter().filter(|other| *other != id).cloned().collect::<Vec<_>>();
    for client in &mut clients {
        let to = others(client.id());
        send_all(client, &to);
    }
    join_all(clients.iter_mut().map(|client| {
        let from = others(client.id());
        async move { hear_all(client, &from).await }
    }))
    .await;
    let metrics = server.metrics().await;
    let relayed = metrics.value(r#"signaling_events_total{event="ice-candidate",outcome="ok"}"#);
    assert!((relayed - 6_000.0).abs() < f64::EPSILON, "{relayed}");
    assert!((metrics.value("signaling_relay_latency_seconds_count") - 6_000.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_thousand_relays_of_each_to_each_arrive_in_their_order() {
    all_pairs(false).await;
}

#[tokio::test]
async fn a_thousand_relays_of_each_to_each_arrive_in_their_order_by_polling() {
    all_pairs(true).await;
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_questions_whoever_gives_them() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (server.guest("alice").await, server.guest("bob").await);
    bob.join("standup").await;
    alice.join("standup").await;
    // Refused by the gateway, by the core, and done: none overtakes another in what the others see.
    alice.emit("offer", json!({ "to": bob.id(), "offer": "v=0 first" }));
    let left = alice.emit_for_ack("leave", json!({ "roomId": "standup" }));
    let late = alice.emit_for_ack("offer", json!({ "to": bob.id(), "offer": "v=0 late" }));
    let back = alice.emit_for_ack("join", json!({ "roomId": "standup" }));
    alice.emit("offer", json!({ "to": bob.id(), "offer": "v=0 last" }));
    assert_eq!(alice.ack(left).await["success"], true);
    assert_eq!(alice.ack(late).await["error"]["code"], "PEER_NOT_FOUND");
    assert_eq!(alice.ack(back).await["success"], true);
    let mut heard = Vec::new();
    for _ in 0..5 {
        let (name, payload) = bob.next_event().await;
        heard.push(format!("{name} {}", payload["offer"].as_str().unwrap_or("")));
    }
    assert_eq!(heard, ["peer-joined ", "offer v=0 first", "peer-left ", "peer-joined ", "offer v=0 last"]);
}
