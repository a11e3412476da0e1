//! What becomes of a connection whose token expires, and how it shows another one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::clock;
use testkit::{Client, Heard, Server, Token};

const SOON: Duration = Duration::from_millis(1_500);

fn token(lives: Duration) -> String {
    Token::of("alice").living(lives).sign()
}

/// Everything until the end, by name.
async fn last_words(client: &mut Client) -> (Vec<(String, Value)>, Option<u16>) {
    let mut words = Vec::new();
    loop {
        match client.next().await {
            Heard::Event { name, payload } => {
                words.push((name, serde_json::from_str(payload.get()).unwrap()));
            }
            Heard::Left => words.push(("disconnect".to_owned(), Value::Null)),
            Heard::Closed(code) => return (words, code),
            other @ (Heard::Connected(_) | Heard::Refused(_) | Heard::Ack { .. }) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_connection_outlives_its_token_by_default() {
    let server = Server::start().await;
    let mut alice = server.dial().token(&token(Duration::from_secs(1))).connect("alice").await.unwrap();
    let expired = async || {
        let refused =
            server.dial().token(&Token::of("alice").living(Duration::ZERO).sign()).connect("late").await;
        (alice.asks("leave", "{}").await["success"] == true, clock::wall_ms(), refused.is_err())
    };
    let until = clock::wall_ms() + 2_500;
    testkit::eventually("the expiry", expired, |(served, now, _)| *served && *now > until).await;
    alice.hears_nothing().await;
}

#[tokio::test]
async fn with_close_on_expiry_a_connection_is_warned_and_ends_with_its_token() {
    for polling in [false, true] {
        let server = Server::start_with(|config| config.close_on_expiry = true).await;
        let mut bystander = server.user("bob").await;
        bystander.join("standup").await;
        let dial = server.dial().token(&token(SOON));
        let since = Instant::now();
        let mut alice = if polling { dial.polling() } else { dial }.connect("alice").await.unwrap();
        alice.join("standup").await;
        let (words, code) = last_words(&mut alice).await;
        assert!(since.elapsed() >= SOON - Duration::from_millis(50), "{:?}", since.elapsed());
        let names: Vec<&str> = words.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["token-expiring", "error", "disconnect"]);
        let left_ms = words[0].1["expiresAt"].as_u64().unwrap().abs_diff(clock::wall_ms());
        assert!(left_ms < 1_000, "it says when: {words:?}");
        assert_eq!(
            words[1].1,
            json!({ "code": "AUTH_ERROR", "message": "Token expired", "event": "connect" })
        );
        assert_eq!(code, if polling { None } else { Some(1008) });
        bystander.hears("peer-left").await;
        server.counts(1, 1, 1).await;
        let metrics = server.metrics().await;
        let ended = metrics.value(r#"signaling_connections_closed_total{reason="expired"}"#);
        assert!((ended - 1.0).abs() < f64::EPSILON, "{ended}");
    }
}

#[tokio::test]
async fn another_token_of_the_same_user_extends_a_connection() {
    let server = Server::start_with(|config| config.close_on_expiry = true).await;
    let mut alice = server.dial().token(&token(SOON)).connect("alice").await.unwrap();
    let until = Instant::now() + SOON * 2;
    alice.hears("token-expiring").await;
    let longer = Token::of("alice").sign();
    let answer = alice.asks("authenticate", json!({ "token": longer })).await;
    assert_eq!(answer["success"], true);
    let expires_at = answer["expiresAt"].as_u64().unwrap();
    assert!(expires_at.abs_diff(clock::wall_ms() + 3_600_000) < 5_000, "{answer}");
    let served = async || alice.asks("leave", "{}").await["success"] == true && Instant::now() > until;
    testkit::eventually("the old token's expiry", served, |served| *served).await;
    alice.hears_nothing().await;
}

#[tokio::test]
async fn a_token_that_does_not_count_leaves_a_connection_as_it_is() {
    let server = Server::start_with(|config| config.close_on_expiry = true).await;
    for namespace in ["/", "/mesh"] {
        let dial = server.dial().namespace(namespace).token(&token(SOON * 2));
        let mut alice = dial.connect("alice").await.unwrap();
        alice.hears("token-expiring").await;
        for (payload, code) in [
            (json!({ "token": server.token_of("bob") }), "FORBIDDEN"),
            (json!({ "token": "garbage" }), "AUTH_ERROR"),
            (
                json!({ "token": Token::of("alice").expired_for(Duration::from_secs(300)).sign() }),
                "AUTH_ERROR",
            ),
            (json!({ "token": Token::of("alice").claim("tenant", "acme").sign() }), "FORBIDDEN"),
            (json!({ "token": "" }), "VALIDATION_ERROR"),
            (json!({ "token": 7 }), "VALIDATION_ERROR"),
            (json!({}), "VALIDATION_ERROR"),
            (json!("token"), "VALIDATION_ERROR"),
        ] {
            let answer = alice.asks("authenticate", &payload).await;
            assert_eq!(answer["error"]["code"], code, "{payload}: {answer}");
            assert_eq!(answer["success"], false);
        }
        // Without an acknowledgement it is an event, and what follows is answered behind it.
        alice.emit("authenticate", json!({ "token": "garbage" }));
        let follows = alice.emit_for_ack("leave", "{}");
        let error = alice.hears("error").await;
        assert_eq!(
            error,
            json!({ "code": "AUTH_ERROR", "message": "Invalid token", "event": "authenticate" })
        );
        assert_eq!(alice.ack(follows).await["success"], true);
        // And the token that it had ends it.
        let (words, _) = last_words(&mut alice).await;
        assert_eq!(words.last().unwrap().0, "disconnect");
    }
    let metrics = server.metrics().await;
    let refused = metrics.value(r#"signaling_events_total{event="authenticate",outcome="refused"}"#);
    assert!((refused - 18.0).abs() < f64::EPSILON, "{refused}");
}

#[tokio::test]
async fn a_guest_stays_a_guest() {
    let server = Server::start().await;
    let mut guest = server.guest("gus").await;
    let answer = guest.asks("authenticate", json!({ "token": server.token_of("gus") })).await;
    assert_eq!(answer["error"]["code"], "FORBIDDEN");
    guest.hears_nothing().await;
}

#[tokio::test]
async fn with_close_on_expiry_a_token_at_its_end_lets_nobody_in() {
    let server = Server::start_with(|config| config.close_on_expiry = true).await;
    let dial = server.dial().token(&Token::of("alice").expired_for(Duration::from_secs(1)).sign());
    let error = crate::tokens::refused(dial).await;
    assert_eq!(error, json!({ "message": "Token expired", "data": { "code": "AUTH002" } }));
}
