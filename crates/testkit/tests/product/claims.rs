//! A guest that claims an id waits until the store has said whose it is, and nobody else does.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use domain::{Fact, LOAD_LIMIT, Tenant, UserId};
use serde_json::Value;
use store::{NodeId, Reach, Store as _};
use testkit::{Dial, Fate, FaultyStore, Host, Lookups, Token};

use crate::wired::start;

struct Stage {
    _host: Host,
    store: Arc<FaultyStore>,
    address: SocketAddr,
}

impl Stage {
    /// With a store in which `carol` was seen.
    async fn new() -> Self {
        let (host, store) = (Host::new("info"), Arc::new(FaultyStore::default()));
        let user = UserId::try_from("carol").unwrap();
        let seen = Fact::Seen { tenant: Tenant::default(), user, at_ms: 1 };
        store.inner.append(NodeId::new(uuid::Uuid::nil()), &[seen]).await.unwrap();
        let for_server = Arc::clone(&store);
        let address = host.run(async move { start(Arc::default(), for_server) }).await;
        Self { _host: host, store, address }
    }

    async fn joins_as(&self, user: &str) -> Value {
        let mut guest = Dial::new(self.address).connect("").await.unwrap();
        guest.asks("join", format!(r#"{{"roomId":"standup","userId":"{user}"}}"#)).await
    }
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn an_id_that_someone_showed_a_token_for_is_refused_and_any_other_is_not() {
    let stage = Stage::new().await;
    let refused = stage.joins_as("carol").await;
    assert_eq!(code(&refused), "FORBIDDEN", "{refused}");
    assert_eq!(stage.joins_as("alice").await["success"], true);
}

#[tokio::test]
async fn while_the_store_is_away_a_claim_is_unavailable_and_a_guest_without_one_comes_in() {
    let stage = Stage::new().await;
    stage.store.set_reach(Reach::Away);
    assert_eq!(code(&stage.joins_as("alice").await), "UNAVAILABLE");
    let mut bob = Dial::new(stage.address).connect("").await.unwrap();
    assert_eq!(bob.asks("join", r#"{"roomId":"standup"}"#).await["success"], true);

    stage.store.set_reach(Reach::There);
    assert_eq!(stage.joins_as("alice").await["success"], true);
}

#[tokio::test]
async fn a_store_that_never_answers_is_away_after_two_seconds_and_what_was_asked_meanwhile_comes_in_order() {
    let stage = Stage::new().await;
    stage.store.set_lookups(Lookups::Unanswered);
    let mut alice = Dial::new(stage.address).connect("").await.unwrap();
    let asked = Instant::now();
    let join = alice.emit_for_ack("join", r#"{"roomId":"standup","userId":"alice"}"#);
    let leave = alice.emit_for_ack("leave", r#"{"roomId":"standup"}"#);

    assert_eq!(code(&alice.ack(join).await), "UNAVAILABLE");
    assert!(asked.elapsed() >= LOAD_LIMIT);
    assert_eq!(code(&alice.ack(leave).await), "ROOM_NOT_FOUND");
}

#[tokio::test]
async fn a_question_that_falls_over_is_answered_at_once_all_the_same() {
    let stage = Stage::new().await;
    stage.store.set_lookups(Lookups::Panicking);
    assert_eq!(code(&stage.joins_as("alice").await), "UNAVAILABLE");
}

#[tokio::test]
async fn a_guest_that_waits_is_not_read_from_beyond_its_places_and_loses_nothing() {
    let stage = Stage::new().await;
    stage.store.set_lookups(Lookups::Unanswered);
    let mut alice = Dial::new(stage.address).connect("").await.unwrap();
    let join = alice.emit_for_ack("join", r#"{"roomId":"standup","userId":"alice"}"#);
    let signals: Vec<u64> = (0..200)
        .map(|_| alice.emit_for_ack("offer", r#"{"to":"AAAAAAAAAAAAAAAAAAAA","offer":"v=0"}"#))
        .collect();

    assert_eq!(code(&alice.ack(join).await), "UNAVAILABLE");
    for signal in signals {
        assert_eq!(code(&alice.ack(signal).await), "PEER_NOT_FOUND");
    }
}

#[tokio::test]
async fn an_id_is_refused_from_the_moment_its_owner_was_seen_though_the_store_does_not_know_it_yet() {
    let stage = Stage::new().await;
    stage.store.decide(&[Fate::Away; 1_000]);
    let token = Token::of("dora").sign();
    let dora = Dial::new(stage.address).token(&token).connect("").await.unwrap();
    assert_eq!(code(&stage.joins_as("dora").await), "FORBIDDEN", "she is there");
    dora.disconnects().await;

    assert_eq!(code(&stage.joins_as("dora").await), "FORBIDDEN", "she was there");
    let (tenant, user) = (Tenant::default(), UserId::try_from("dora").unwrap());
    assert!(!stage.store.is_known(&tenant, &user).await.unwrap());
}
