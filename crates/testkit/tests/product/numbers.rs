//! What `/health`, `/stats` and `/metrics` say is what happened.

use std::time::Duration;

use serde_json::json;
use testkit::{Metrics, Server};

fn closed(metrics: &Metrics, reason: &str) -> u64 {
    metrics.value(&format!(r#"signaling_connections_closed_total{{reason="{reason}"}}"#)) as u64
}

fn counted(metrics: &Metrics, event: &str, outcome: &str) -> u64 {
    metrics.value(&format!(r#"signaling_events_total{{event="{event}",outcome="{outcome}"}}"#)) as u64
}

#[tokio::test]
async fn what_is_counted_up_is_counted_down_by_every_transport_and_every_way_to_go() {
    // Who breaks off between two polls is noticed by the ping that nobody answers.
    let server = Server::start_with(|config| {
        (config.ping_interval, config.ping_timeout) = (Duration::from_secs(1), Duration::from_secs(3));
    })
    .await;
    let dials = [server.dial(), server.dial().polling(), server.dial().upgrade()];
    let mut clients = Vec::new();
    for _ in 0..3 {
        for dial in &dials {
            let mut client = dial.clone().connect("somebody").await.unwrap();
            client.join("standup").await;
            client.join(&format!("room-of-{}", client.id())).await;
            clients.push(client);
        }
    }
    server.counts(9, 9, 10).await;
    let metrics = server.metrics().await;
    assert_eq!(metrics.value("signaling_active_connections") as u64, 9);
    assert_eq!(metrics.value("websocket_connections") as u64, 6);
    assert_eq!(metrics.value("signaling_active_rooms") as u64, 10);
    assert_eq!(metrics.value("signaling_rooms_created_total") as u64, 10);
    let health = server.json("/health").await;
    assert_eq!([&health["peers"], &health["rooms"]], [9, 10], "{health}");
    assert_eq!(server.json("/stats").await["totalMemberships"], 18);

    // The first three say goodbye, the next break off, and of the last the server thinks nothing good.
    for (index, mut client) in clients.into_iter().enumerate() {
        match index / 3 {
            0 => client.disconnects().await,
            1 => drop(client),
            _ => {
                client.send("4nonsense");
                client.is_closed().await;
            }
        }
    }
    server.counts(0, 0, 0).await;
    let metrics = server.metrics().await;
    for gauge in ["signaling_active_connections", "websocket_connections", "signaling_active_rooms"] {
        assert_eq!(metrics.value(gauge) as i64, 0, "{gauge}");
    }
    assert_eq!(metrics.value("signaling_rooms_created_total") as u64, 10);
    assert_eq!(metrics.value("signaling_connection_duration_seconds_count") as u64, 9);
    let broken_off = closed(&metrics, "transport closed") + closed(&metrics, "ping timeout");
    let ends = [closed(&metrics, "client closed"), broken_off, closed(&metrics, "parse error")];
    assert_eq!(ends, [3, 3, 3]);
    assert_eq!(metrics.sum("signaling_connections_closed_total") as u64, 9, "each is closed once");
    assert_eq!(server.json("/stats").await["totalMemberships"], 0);
    server.end().await;
}

#[tokio::test]
async fn events_are_counted_by_their_name_and_what_became_of_them() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (server.guest("alice").await, server.guest("bob").await);
    alice.join("standup").await;
    bob.join("standup").await;
    for _ in 0..3 {
        alice.asks("offer", json!({ "to": bob.id(), "offer": "v=0" })).await;
    }
    alice.asks("offer", json!({ "to": "AAAAAAAAAAAAAAAAAAAA", "offer": "v=0" })).await;
    alice.asks("offer", json!({})).await;
    alice.asks("leave", json!({ "roomId": "elsewhere" })).await;
    alice.asks("peer-joined", json!({})).await;
    alice.asks("made-up-by-a-client", json!({})).await;
    alice.asks("message", json!({ "type": "offer", "roomId": "standup", "data": "v=0" })).await;
    let metrics = server.metrics().await;
    for (event, outcome, count) in [
        ("join", "ok", 2),
        ("offer", "ok", 3),
        ("offer", "refused", 2),
        ("leave", "refused", 1),
        ("unknown", "refused", 2),
        ("message", "ok", 1),
    ] {
        assert_eq!(counted(&metrics, event, outcome), count, "{event} {outcome}");
    }
    assert_eq!(metrics.sum("signaling_events_total") as u64, 11, "and nothing else, by no other name");
    assert_eq!(metrics.value("signaling_relay_latency_seconds_count") as u64, 4, "relays that succeeded");
}

#[tokio::test]
async fn a_connection_that_is_refused_or_never_made_is_not_counted() {
    let server = Server::start_with(|config| {
        config.environment = server::config::Environment::Production;
        config.connections_per_minute = 1;
    })
    .await;
    server.guest("alice").await.disconnects().await;
    for dial in [server.dial(), server.dial().polling()] {
        assert!(dial.connect("late").await.is_err());
    }
    // A handshake that is cut before it is answered, and one that is none.
    let mut cut = server.http().await;
    cut.send("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n").await;
    drop(cut);
    assert_eq!(server.http().await.get("/socket.io/?EIO=4&transport=websocket").await.status, 400);
    server.counts(0, 0, 0).await;
    assert_eq!(server.metrics().await.sum("signaling_connections_closed_total") as u64, 1);
}
