//! A bug in the core ends the connections that the core knew, and nothing else.

use std::{collections::BTreeSet, sync::Arc};

use server::status::Published;
use testkit::{Dial, FaultyStore, Host, Lookups, eventually};

use crate::wired::start;

#[tokio::test]
async fn after_a_bug_in_the_core_its_connections_are_closed_and_new_ones_find_it_at_work() {
    let host = Host::new("info");
    host.logs().expect_error("no two connections have one id");
    let published = Arc::new(Published::default());
    let for_server = Arc::clone(&published);
    let address = host.run(async move { start(for_server, Arc::new(FaultyStore::default())) }).await;

    // More than once: it is no better prepared the second time.
    for time in 1..=3 {
        let mut alice = Dial::new(address).connect("alice").await.unwrap();
        let mut bob = Dial::new(address).polling().connect("bob").await.unwrap();
        alice.join("standup").await;
        assert_eq!(
            bob.join("standup").await.as_array().unwrap().len(),
            1,
            "nobody is left of the time before"
        );
        alice.emit("bug", "{}");
        assert_eq!(alice.is_closed().await, Some(1000));
        bob.is_closed().await;
        let look = async || published.read();
        let stats = eventually("nobody", look, |stats| stats.peers == 0 && stats.rooms == 0).await;
        assert_eq!(stats.rooms_created_total, time, "rooms that were opened once, each counted once");
    }
    assert_eq!(host.logs().text().matches(r#""level":"ERROR""#).count(), 3);
}

#[tokio::test]
async fn whoever_waited_for_the_store_when_the_core_broke_is_closed_too_and_waits_anew() {
    let host = Host::new("info");
    host.logs().expect_error("no two connections have one id");
    let store = Arc::new(FaultyStore::default());
    store.set_lookups(Lookups::Unanswered);
    let (published, for_server) = (Arc::default(), Arc::clone(&store));
    let look = Arc::clone(&published);
    let address = host.run(async move { start(published, for_server) }).await;

    let mut alice = Dial::new(address).connect("").await.unwrap();
    let mut bob = Dial::new(address).connect("").await.unwrap();
    alice.emit_for_ack("join", r#"{"roomId":"standup","userId":"alice"}"#);
    bob.asks("join", r#"{"roomId":"standup"}"#).await;
    bob.emit("bug", "{}");
    assert_eq!(alice.is_closed().await, Some(1000));
    assert_eq!(bob.is_closed().await, Some(1000));
    eventually("nobody", async || look.read(), |stats| stats.peers == 0 && stats.rooms == 0).await;

    store.set_lookups(Lookups::Answered);
    let mut alice = Dial::new(address).connect("").await.unwrap();
    let joined = alice.asks("join", r#"{"roomId":"standup","userId":"alice"}"#).await;
    assert_eq!(joined["success"], true, "{joined}");
}

#[tokio::test]
async fn the_core_that_takes_over_writes_as_another_node_so_that_what_the_broken_one_left_open_is_closed() {
    let host = Host::new("info");
    host.logs().expect_error("no two connections have one id");
    let store = Arc::new(FaultyStore::default());
    let for_server = Arc::clone(&store);
    let address = host.run(async move { start(Arc::default(), for_server) }).await;

    for _ in 0..2 {
        let mut alice = Dial::new(address).connect("alice").await.unwrap();
        alice.join("standup").await;
        alice.emit("bug", "{}");
        alice.is_closed().await;
    }

    let facts = |log: &Vec<String>| log.iter().filter(|id| id.starts_with("joined:")).count() == 2;
    eventually("both joins", async || store.log().taken.clone(), facts).await;
    let nodes: BTreeSet<_> = store.log().nodes.values().copied().collect();
    assert_eq!(nodes.len(), 2);
}
