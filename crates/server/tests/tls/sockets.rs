//! Socket.IO under TLS, by every transport.

use serde_json::json;

use crate::support::start;

#[tokio::test]
async fn peers_of_every_transport_meet_and_signal_each_other() {
    let tls = start().await;
    let named = |name: &str| tls.server.dial().auth(json!({ "userId": name }));
    let mut alice = named("alice").connect("alice").await.unwrap();
    let mut bob = named("bob").polling().connect("bob").await.unwrap();
    let mut carol = named("carol").upgrade().connect("carol").await.unwrap();
    alice.join("standup").await;
    bob.join("standup").await;
    carol.join("standup").await;
    alice.hears("peer-joined").await;
    assert_eq!(alice.hears("peer-joined").await["userId"], "carol");
    bob.hears("peer-joined").await;
    // Longer than a record of TLS, so that it comes in parts.
    let sdp = format!("v=0\r\n{}", "a=x\r\n".repeat(8_000));
    alice.emit("offer", json!({ "to": bob.id(), "offer": { "type": "offer", "sdp": sdp } }));
    assert_eq!(bob.hears("offer").await["offer"]["sdp"], sdp);
    bob.emit("answer", json!({ "to": carol.id(), "answer": { "type": "answer", "sdp": sdp } }));
    assert_eq!(carol.hears("answer").await["answer"]["sdp"], sdp);
    carol.emit("offer", json!({ "to": alice.id(), "offer": { "type": "offer", "sdp": "v=0\r\n" } }));
    assert_eq!(alice.hears("offer").await["from"], carol.id());
    carol.disconnects().await;
    assert_eq!(alice.hears("peer-left").await["userId"], "carol");
    tls.server.counts(2, 2, 1).await;
}

#[tokio::test]
async fn a_drain_closes_a_websocket_with_its_code_and_ends() {
    let tls = start().await;
    let mut alice = tls.server.guest("alice").await;
    tls.server.drain();
    assert_eq!(alice.is_closed().await, Some(1012));
    tls.server.end().await;
}

#[tokio::test]
async fn a_connection_counts_for_its_address_until_its_websocket_closes() {
    let tls = crate::support::start_with(|config| config.max_connections_per_ip = 1).await;
    let alice = tls.server.guest("alice").await;
    let refused = crate::support::session(tls.server.address(), tls.authority.client()).await;
    assert!(refused.is_err(), "a second connection of an address that may have one");
    alice.disconnects().await;
    let again = async || crate::support::session(tls.server.address(), tls.authority.client()).await.is_ok();
    testkit::eventually("a place that is free again", again, |is_let_in| *is_let_in).await;
}
