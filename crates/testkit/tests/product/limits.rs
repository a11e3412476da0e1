//! How often and how many: what is over a limit, and what it says.

use std::{net::Ipv4Addr, time::Instant};

use serde_json::{Value, json};
use server::config::{Environment, Network};
use testkit::{Answer, Client, Refused, Server};

const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The most that may pass of what is sent at once and takes a while.
fn most(burst: usize, per_second: f64, since: Instant) -> usize {
    burst + (since.elapsed().as_secs_f64() * per_second) as usize + 1
}

async fn answers(client: &mut Client, count: usize, event: &str, payload: &Value) -> Vec<Value> {
    let ids: Vec<u64> = (0..count).map(|_| client.emit_for_ack(event, payload)).collect();
    let mut answers = Vec::new();
    for id in ids {
        answers.push(client.ack(id).await);
    }
    answers
}

fn limited(answers: &[Value]) -> impl Iterator<Item = u64> {
    let limited = answers.iter().filter(|answer| answer["error"]["code"] == "RATE_LIMIT");
    limited.map(|answer| answer["error"]["retryAfterMs"].as_u64().expect("when to try again"))
}

fn passed(answers: &[Value]) -> usize {
    answers.len() - limited(answers).count()
}

#[tokio::test]
async fn three_hundred_relays_pass_at_once_and_then_fifty_a_second() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (server.guest("alice").await, server.guest("bob").await);
    alice.join("standup").await;
    bob.join("standup").await;
    let since = Instant::now();
    let offer = json!({ "to": bob.id(), "offer": "v=0" });
    let answers = answers(&mut alice, 400, "offer", &offer).await;
    let passed = passed(&answers);
    assert!((300..=most(300, 50.0, since)).contains(&passed), "{passed} passed");
    assert!(limited(&answers).all(|retry_after_ms| (1..=20).contains(&retry_after_ms)), "{answers:?}");
    for _ in 0..passed {
        bob.hears("offer").await;
    }
    bob.hears_nothing().await;

    // Other events have a bucket of their own, and without an acknowledgement the refusal is an event.
    alice.leave("standup").await;
    alice.join("standup").await;
    for _ in 0..100 {
        alice.emit("offer", &offer);
    }
    let error = alice.hears("error").await;
    assert_eq!((&error["code"], &error["event"]), (&json!("RATE_LIMIT"), &json!("offer")));
    assert!(error["retryAfterMs"].is_u64(), "{error}");
}

#[tokio::test]
async fn fifty_other_events_pass_at_once_and_then_ten_a_second_whether_they_succeed_or_not() {
    let server = Server::start().await;
    let mut alice = server.guest("alice").await;
    let since = Instant::now();
    for event in ["leave", "join", "nonsense"] {
        let answers = answers(&mut alice, 30, event, &json!({ "roomId": "x" })).await;
        assert!(limited(&answers).all(|retry_after_ms| (1..=100).contains(&retry_after_ms)), "{answers:?}");
    }
    let metrics = server.metrics().await;
    let refused: f64 = ["leave", "join", "unknown"]
        .map(|event| {
            metrics.value(&format!(r#"signaling_events_total{{event="{event}",outcome="refused"}}"#))
        })
        .iter()
        .sum();
    assert!((50..=most(50, 10.0, since)).contains(&(refused as usize)), "{refused}");
    let limited = metrics.value(r#"signaling_events_total{event="unknown",outcome="rate_limited"}"#);
    assert!(limited > 0.0, "{limited}");
}

#[tokio::test]
async fn to_come_by_another_namespace_as_well_gives_no_second_burst() {
    let server = Server::start().await;
    let since = Instant::now();
    let mut alice = server.guest("alice").await;
    alice.send("40/mesh,");
    for _ in 0..40 {
        alice.send(r#"42/mesh,["leave",{}]"#);
    }
    let total = 40 + passed(&answers(&mut alice, 40, "leave", &json!({})).await);
    assert!((50..=most(50, 10.0, since)).contains(&total), "{total} passed");
}

#[tokio::test]
async fn guests_of_one_address_together_may_do_ten_times_what_one_may_and_the_neighbours_as_much() {
    let server = Server::start().await;
    let since = Instant::now();
    let mut total = 0;
    for number in 0..14 {
        let mut guest = server.guest(&format!("guest-{number}")).await;
        total += passed(&answers(&mut guest, 45, "leave", &json!({})).await);
    }
    assert!((500..=most(500, 100.0, since)).contains(&total), "{total} passed");
    let mut neighbour = server.dial().from(NEIGHBOUR).connect("neighbour").await.unwrap();
    assert_eq!(passed(&answers(&mut neighbour, 45, "leave", &json!({})).await), 45);
}

#[tokio::test]
async fn limits_of_zero_are_off() {
    let server = Server::start_with(|config| {
        (config.relays_per_second, config.events_per_second) = (0, 0);
    })
    .await;
    let mut alice = server.guest("alice").await;
    alice.join("standup").await;
    assert_eq!(passed(&answers(&mut alice, 1_000, "leave", &json!({})).await), 1_000);
    assert_eq!(
        passed(&answers(&mut alice, 1_000, "offer", &json!({ "to": "x", "offer": "v=0" })).await),
        1_000
    );
}

#[tokio::test]
async fn a_flood_is_told_so_a_thousand_times_and_then_closed_for_its_rate() {
    for polling in [false, true] {
        let server =
            Server::start_with(|config| (config.events_per_second, config.event_burst) = (1, 10)).await;
        let dial = server.dial();
        let mut mallory = if polling { dial.polling() } else { dial }.connect("mallory").await.unwrap();
        for _ in 0..5_000 {
            mallory.emit_for_ack("leave", "{}");
        }
        let code = mallory.is_closed().await;
        assert_eq!(code, if polling { None } else { Some(1008) });
        server.counts(0, 0, 0).await;
        let metrics = server.metrics().await;
        assert!((metrics.value(r#"signaling_connections_closed_total{reason="rate"}"#) - 1.0).abs() < 0.1);
        let limited = metrics.value(r#"signaling_events_total{event="leave",outcome="rate_limited"}"#);
        assert!((1_000.0..2_000.0).contains(&limited), "{limited}");
        let told = server
            .logs()
            .text()
            .lines()
            .filter(|line| line.contains(r#""level":"INFO""#) && line.contains("rate"))
            .count();
        assert_eq!(told, 1, "one line of log for a flood, and not one for each event of it");
    }
}

fn too_many(refused: Result<Client, Refused>) -> Answer {
    match refused {
        Err(Refused::Http(answer)) if answer.status == 429 => answer,
        other => panic!("not too many: {other:?}"),
    }
}

#[tokio::test]
async fn the_eleventh_connection_of_a_minute_is_told_when_to_come_back() {
    let server = Server::start_with(|config| config.environment = Environment::Production).await;
    let mut clients = Vec::new();
    for number in 0..10 {
        let dial = server.dial();
        let dial = if number % 2 == 0 { dial } else { dial.polling() };
        clients.push(dial.connect("early").await.unwrap());
    }
    for late in [server.dial(), server.dial().polling()] {
        let answer = too_many(late.connect("late").await);
        let retry_after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&retry_after), "{answer:?}");
        assert_eq!(answer.json()["code"], 4, "{answer:?}");
    }
    // Others may come, those who are there stay, and what is no connection is not counted.
    server.dial().from(NEIGHBOUR).connect("neighbour").await.unwrap();
    for client in &mut clients {
        client.asks("leave", "{}").await;
    }
    assert_eq!(server.json("/health").await["peers"], 10);
}

#[tokio::test]
async fn an_address_is_what_a_trusted_proxy_says_and_nobody_else() {
    let strict = |config: &mut server::config::Config| {
        config.environment = Environment::Production;
        config.connections_per_minute = 2;
    };
    let server = Server::start_with(|config| {
        strict(config);
        config.trusted_proxies = vec![Network::parse("127.0.0.1").unwrap()];
    })
    .await;
    let behind = |address: &str| server.dial().header("x-forwarded-for", address).connect("client");
    for address in ["203.0.113.1", "203.0.113.2", "2001:db8:1:1::1"] {
        behind(address).await.unwrap();
        behind(address).await.unwrap();
        too_many(behind(address).await);
    }
    too_many(behind("2001:db8:1:1:ffff::2").await);
    behind("2001:db8:1:2::1").await.unwrap();

    let server = Server::start_with(strict).await;
    let claims = |address: &str| server.dial().header("x-forwarded-for", address).connect("client");
    claims("203.0.113.1").await.unwrap();
    claims("203.0.113.2").await.unwrap();
    too_many(claims("203.0.113.3").await);
}

#[tokio::test]
async fn an_address_holds_as_many_connections_open_as_it_may_and_another_when_one_closes() {
    let server = Server::start_with(|config| config.max_connections_per_ip = 3).await;
    let dial = || server.dial().from(NEIGHBOUR);
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(dial().connect("one of three").await.unwrap());
    }
    let fourth = dial().connect("the fourth").await;
    assert!(matches!(fourth, Err(Refused::Closed(None))), "{fourth:?}");
    server.guest("somebody else").await;
    open.pop().unwrap().disconnects().await;
    let admitted = testkit::eventually("a place", async || dial().connect("the fourth").await, Result::is_ok);
    admitted.await.unwrap();
}
