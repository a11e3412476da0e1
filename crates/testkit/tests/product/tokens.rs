//! Who shows a token: who is let in by it, and what the others hear.

use std::time::Duration;

use domain::Locale;
use serde_json::{Value, json};
use server::config::{Auth, Config};
use testkit::{Client, Dial, Refused, Server, Token};

const TRANSPORTS: [fn(Dial) -> Dial; 3] = [|dial| dial, Dial::polling, Dial::upgrade];

pub(crate) async fn refused(dial: Dial) -> Value {
    match dial.connect("stranger").await {
        Err(Refused::Connect(payload)) => payload,
        other => panic!("no connect_error: {other:?}"),
    }
}

fn says(message: &str, code: &str) -> Value {
    json!({ "message": message, "data": { "code": code } })
}

fn required(config: &mut Config) {
    config.auth = Auth::Required;
    // Who is refused and breaks off between two polls is noticed by the CONNECT that does not come.
    config.connect_timeout = Duration::from_secs(2);
}

/// What a peer is to others: its user id, its name, and whether it is a guest.
async fn seen_by(watcher: &mut Client, mut peer: Client) -> Value {
    peer.join("standup").await;
    let mut seen = watcher.hears("peer-joined").await;
    seen.as_object_mut().unwrap().remove("peerId");
    peer.disconnects().await;
    watcher.hears("peer-left").await;
    seen
}

#[tokio::test]
async fn a_token_that_does_not_count_is_refused_with_its_code_by_every_transport() {
    let bad: Vec<(String, &str, &str)> = vec![
        ("garbage".into(), "Invalid token", "AUTH001"),
        ("a.b.c".into(), "Invalid token", "AUTH001"),
        (
            Token::of("alice").secret("another secret of more than 32 bytes").sign(),
            "Invalid token",
            "AUTH001",
        ),
        (Token::of("alice").header("alg", "none").unsigned() + ".", "Invalid token", "AUTH001"),
        (Token::of("alice").header("alg", "None").sign(), "Invalid token", "AUTH001"),
        (Token::of("alice").header("alg", "HS512").sign(), "Invalid token", "AUTH001"),
        (Token::of("alice").header("crit", json!(["exp"])).sign(), "Invalid token", "AUTH001"),
        (Token::of("alice").without("exp").sign(), "Invalid token", "AUTH001"),
        (Token::of("alice").without("userId").sign(), "Invalid token", "AUTH001"),
        (Token::of("alice").claim("exp", "tomorrow").sign(), "Invalid token", "AUTH001"),
        (
            Token::of("alice").claim("iss", "paraclete").claim("userId", json!(null)).sign(),
            "Invalid token",
            "AUTH001",
        ),
        ("x".repeat(9_000), "Invalid token", "AUTH001"),
        (Token::of("alice").expired_for(Duration::from_secs(300)).sign(), "Token expired", "AUTH002"),
        (Token::of("alice").claim("tenant", "acme").sign(), "Forbidden", "AUTH003"),
    ];
    for edit in [required, |config: &mut Config| required_optional(config)] {
        let server = Server::start_with(edit).await;
        for (token, message, code) in &bad {
            for transport in TRANSPORTS {
                assert_eq!(
                    refused(transport(server.dial().token(token))).await,
                    says(message, code),
                    "{token}"
                );
            }
        }
        // Wherever it stands.
        let (token, ..) = &bad[2];
        let bearer = format!("Bearer {token}");
        for transport in TRANSPORTS {
            let dial = server.dial().header("authorization", bearer.as_str());
            assert_eq!(refused(transport(dial)).await, says("Invalid token", "AUTH001"));
        }
        for auth in [json!({ "token": 1 }), json!({ "token": {} }), json!({ "token": ["a"] })] {
            assert_eq!(refused(server.dial().auth(auth)).await, says("Invalid token", "AUTH001"));
        }
        server.counts(0, 0, 0).await;
    }
}

fn required_optional(config: &mut Config) {
    required(config);
    config.auth = Auth::Optional;
}

#[tokio::test]
async fn where_a_token_is_required_a_guest_is_refused_and_a_user_is_let_in() {
    let server = Server::start_with(required).await;
    for transport in TRANSPORTS {
        for auth in
            [json!({}), json!({ "userId": "alice" }), json!({ "token": "" }), json!({ "token": null })]
        {
            let error = refused(transport(server.dial().auth(auth))).await;
            assert_eq!(error, says("Authentication error", "AUTH001"));
        }
        let mut alice =
            transport(server.dial().token(&server.token_of("alice"))).connect("alice").await.unwrap();
        alice.join("standup").await;
        alice.disconnects().await;
    }
}

#[tokio::test]
async fn refusals_speak_korean_where_that_is_configured() {
    let server = Server::start_with(|config| {
        required(config);
        config.locale = Locale::Ko;
    })
    .await;
    for (dial, message, code) in [
        (server.dial(), "인증 토큰이 없습니다", "AUTH001"),
        (server.dial().token("a.b.c"), "인증 실패", "AUTH001"),
        (
            server.dial().token(&Token::of("alice").expired_for(Duration::from_secs(300)).sign()),
            "인증 실패",
            "AUTH002",
        ),
        (server.dial().token(&Token::of("alice").claim("tenant", "acme").sign()), "인증 실패", "AUTH003"),
    ] {
        assert_eq!(refused(dial).await, says(message, code));
    }
}

#[tokio::test]
async fn a_token_counts_wherever_it_stands_and_the_credentials_go_before_the_header() {
    let server = Server::start_with(|config| config.token_in_query = true).await;
    let mut watcher = server.user("watcher").await;
    watcher.join("standup").await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| server.token_of(name));
    let in_header = server.dial().header("authorization", format!("Bearer {bob}"));
    let in_query = server.dial().query(&format!("x=1&token={carol}"));
    for (dial, user) in [
        (server.dial().token(&alice), "alice"),
        (in_header.clone(), "bob"),
        (server.dial().header("authorization", format!("bearer   {bob}")), "bob"),
        (in_query.clone(), "carol"),
        (in_header.clone().token(&alice), "alice"),
        (in_query.header("authorization", format!("Bearer {bob}")), "bob"),
        (in_header.auth(json!({ "token": "", "userId": "bob" })), "bob"),
    ] {
        for transport in TRANSPORTS {
            let peer = transport(dial.clone()).connect(user).await.unwrap();
            assert_eq!(seen_by(&mut watcher, peer).await, json!({ "userId": user }), "no guest");
        }
    }
    let twice = server.dial().query(&format!("token={alice}&token={alice}"));
    assert_eq!(refused(twice).await, says("Invalid token", "AUTH001"));
    let twice = format!("Bearer {alice}");
    let twice = server
        .dial()
        .header("authorization", twice.as_str())
        .header("authorization", format!("Bearer {bob}"));
    assert_eq!(refused(twice.polling()).await, says("Invalid token", "AUTH001"));
}

#[tokio::test]
async fn a_token_in_the_query_is_no_token_unless_the_query_is_allowed() {
    let server = Server::start_with(required).await;
    let query = format!("token={}", server.token_of("alice"));
    for transport in TRANSPORTS {
        let error = refused(transport(server.dial().query(&query))).await;
        assert_eq!(error, says("Authentication error", "AUTH001"));
    }
}

#[tokio::test]
async fn credentials_of_another_scheme_are_somebody_elses_business() {
    let server = Server::start().await;
    for value in ["Basic YTpi", "Bearer", "Bearerx", "Digest x"] {
        server.dial().header("authorization", value).connect("guest").await.unwrap();
    }
}

#[tokio::test]
async fn who_one_is_the_token_says_and_nobody_else() {
    let server = Server::start().await;
    let mut watcher = server.user("watcher").await;
    watcher.join("standup").await;
    for (token, auth, seen) in [
        (
            Token::of("alice").claim("username", "Alice A."),
            json!({}),
            json!({ "userId": "alice", "username": "Alice A." }),
        ),
        (
            Token::of("alice").claim("name", "Al"),
            json!({ "username": "Eve" }),
            json!({ "userId": "alice", "username": "Al" }),
        ),
        (
            Token::of("alice"),
            json!({ "userId": "alice", "username": "Alice" }),
            json!({ "userId": "alice", "username": "Alice" }),
        ),
        (Token::of("").without("userId").claim("sub", "al"), json!({}), json!({ "userId": "al" })),
        (Token::of("").claim("userId", 17), json!({ "userId": 17 }), json!({ "userId": "17" })),
    ] {
        let mut auth = auth;
        auth["token"] = token.sign().into();
        let peer = server.dial().auth(auth).connect("peer").await.unwrap();
        assert_eq!(seen_by(&mut watcher, peer).await, seen);
    }
    let auth = json!({ "token": server.token_of("alice"), "userId": "bob" });
    assert_eq!(refused(server.dial().auth(auth)).await, says("Forbidden", "AUTH003"));

    let mut alice = server.user("alice").await;
    let answer = alice.asks("join", json!({ "roomId": "standup", "userId": "bob" })).await;
    assert_eq!(answer["error"]["code"], "FORBIDDEN");
    assert_eq!(alice.asks("join", json!({ "roomId": "standup", "userId": "alice" })).await["success"], true);
}

#[tokio::test]
async fn grants_let_into_the_rooms_that_they_name() {
    let server = Server::start().await;
    let grants =
        json!([{ "room": "standup", "join": true }, { "room": "team-*", "join": true }, { "room": "attic" }]);
    let token = Token::of("alice").claim("rooms", grants).sign();
    let mut alice = server.dial().token(&token).connect("alice").await.unwrap();
    for (room, code) in
        [("standup", None), ("team-blue", None), ("attic", Some("FORBIDDEN")), ("cellar", Some("FORBIDDEN"))]
    {
        let answer = alice.asks("join", json!({ "roomId": room })).await;
        assert_eq!(answer["error"]["code"].as_str(), code, "{room}");
    }
    // Another token, other rooms.
    let token = Token::of("alice").claim("rooms", json!([{ "room": "cellar", "join": true }])).sign();
    assert_eq!(alice.asks("authenticate", json!({ "token": token })).await["success"], true);
    assert_eq!(alice.asks("join", json!({ "roomId": "cellar" })).await["success"], true);
    assert_eq!(alice.asks("join", json!({ "roomId": "team-red" })).await["error"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn the_id_of_someone_who_has_proved_it_is_no_guests() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let claims = |name: &str| server.dial().auth(json!({ "userId": name }));
    for transport in TRANSPORTS {
        let error = refused(transport(claims("alice"))).await;
        assert_eq!(error["data"], json!({ "code": "FORBIDDEN" }));
        assert!(error["message"].as_str().unwrap().contains(r#"userId "alice" belongs to"#), "{error}");
    }
    let mut guest = server.dial().connect("guest").await.unwrap();
    let answer = guest.asks("join", json!({ "roomId": "standup", "userId": "alice" })).await;
    assert_eq!(answer["error"]["code"], "FORBIDDEN");
    alice.disconnects().await;

    // For ever, and from then on: she will come again.
    for _ in 0..20 {
        assert_eq!(refused(claims("alice")).await["data"], json!({ "code": "FORBIDDEN" }));
    }
    claims("bob").connect("bob").await.unwrap();
}

#[tokio::test]
async fn a_user_has_so_many_connections_and_each_may_be_in_all_namespaces() {
    let server = Server::start_with(|config| {
        config.max_connections_per_user = 2;
        config.connect_timeout = Duration::from_secs(1);
    })
    .await;
    let mut first = server.user("alice").await;
    let second = server.user("alice").await;
    for transport in TRANSPORTS {
        let error = refused(transport(server.dial().token(&server.token_of("alice")))).await;
        assert_eq!(error["data"], json!({ "code": "RATE_LIMIT" }));
    }
    first.send(format!("40/mesh,{}", json!({ "token": server.token_of("alice") })));
    server.counts(2, 3, 0).await;
    first.hears_nothing().await;
    server.user("bob").await;
    second.disconnects().await;
    let again = async || server.dial().token(&server.token_of("alice")).connect("third").await;
    testkit::eventually("a place", again, Result::is_ok).await.unwrap();
}

#[tokio::test]
async fn the_events_of_a_user_are_counted_over_all_connections() {
    let server = Server::start_with(|config| (config.events_per_second, config.event_burst) = (1, 20)).await;
    let mut passed = 0;
    for _ in 0..3 {
        let mut alice = server.user("alice").await;
        for _ in 0..15 {
            let answer = alice.asks("leave", "{}").await;
            passed += usize::from(answer["success"] == true);
        }
    }
    assert!((20..30).contains(&passed), "{passed} passed");
    let mut bob = server.user("bob").await;
    assert_eq!(bob.asks("leave", "{}").await["success"], true);
}
