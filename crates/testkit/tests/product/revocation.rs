//! What is revoked, by whichever process, ends the connections that it let in and lets in nobody any more.

use std::time::{Duration, Instant};

use domain::{Tenant, UserId};
use futures_util::future::join_all;
use serde_json::json;
use server::{clock, config::Secret};
use store::{Families, Family, FamilyId, PasswordHash, Revocation, Revoked, Role, Standing, TokenHash, User};
use testkit::{Client, Dial, Fresh, Heard, Server, Token, on_every_store};

use crate::tokens::refused;

/// From what is revoked to the end of the connection, at the latest.
const AT_THE_LATEST: Duration = Duration::from_secs(5);

const HOUR_MS: u64 = 3_600_000;

async fn server_on(database: &Fresh) -> Server {
    let url = Secret::from(database.url().as_str());
    Server::start_with(|config| {
        config.database_url = Some(url);
        config.connections_per_minute = 0;
    })
    .await
}

fn user(id: &str) -> UserId {
    UserId::try_from(id).unwrap()
}

fn revocation(what: Revoked) -> Revocation {
    let now_ms = clock::wall_ms();
    Revocation { tenant: Tenant::default(), what, revoked_at_ms: now_ms, expires_at_ms: now_ms + HOUR_MS }
}

/// A log-in's token, as this server makes it.
fn of_family(user: &str, family: &str) -> Token {
    Token::of(user).claim("iss", "paraclete").claim("jti", format!("{family}.{user}"))
}

/// Asserts that the connection hears why, is sent out and is closed, and that its token lets in nobody any more.
async fn ends(client: &mut Client, since: Instant, again: Dial) {
    let error = client.hears("error").await;
    assert_eq!(error, json!({ "code": "AUTH_ERROR", "message": "Invalid token", "event": "connect" }));
    assert!(matches!(client.next().await, Heard::Left));
    assert_eq!(client.is_closed().await, Some(1008));
    assert!(since.elapsed() < AT_THE_LATEST, "{:?}", since.elapsed());
    let error = refused(again).await;
    assert_eq!(error, json!({ "message": "Invalid token", "data": { "code": "AUTH001" } }));
}

on_every_store! {
    async fn what_another_process_revokes_ends_here_within_five_seconds_and_nothing_else_does(backend: Backend) {
        let database = backend.fresh();
        let server = server_on(&database).await;
        let elsewhere = server.store().await;
        let family = "01977420-dd59-7000-8000-00000000000";
        let families = [1, 2].map(|number| format!("{family}{number}"));
        let old = clock::wall_ms() / 1_000 - 60;
        let tokens = [
            Token::of("alice").claim("jti", "one"),
            Token::of("alice").claim("jti", "two"),
            of_family("bob", &families[0]),
            of_family("bob", &families[1]),
            Token::of("carol").claim("iat", old),
            Token::of("carol").claim("iat", old + 60),
            // It does not say when it was issued.
            Token::of("carol").without("iat"),
        ]
        .map(|token| token.sign());
        let mut clients = Vec::new();
        for token in &tokens {
            clients.push(server.dial().token(token).connect("client").await.unwrap());
        }
        let before_ms = (old + 30) * 1_000;
        for (what, concerned) in [
            (Revoked::Token("one".to_owned()), vec![0]),
            (Revoked::Family(families[0].parse().unwrap()), vec![2]),
            (Revoked::User { user: user("carol"), issued_before_ms: before_ms }, vec![4, 6]),
        ] {
            let since = Instant::now();
            elsewhere.revoke(&revocation(what)).await.unwrap();
            for index in concerned {
                ends(&mut clients[index], since, server.dial().token(&tokens[index])).await;
            }
        }
        for index in [1, 3, 5] {
            clients[index].hears_nothing().await;
            server.dial().token(&tokens[index]).connect("again").await.unwrap().disconnects().await;
        }
        server.counts(3, 3, 0).await;
        let metrics = server.metrics().await;
        let ended = metrics.value(r#"signaling_connections_closed_total{reason="revoked"}"#);
        assert!((ended - 4.0).abs() < f64::EPSILON, "{ended}");

        let since = Instant::now();
        let now_ms = clock::wall_ms();
        elsewhere.revoke(&revocation(Revoked::All { issued_before_ms: now_ms })).await.unwrap();
        for index in [1, 3, 5] {
            ends(&mut clients[index], since, server.dial().token(&tokens[index])).await;
        }
        // To show it to a connection that is open makes it no better.
        let fresh = Token::of("alice").claim("iat", now_ms / 1_000 + 1).sign();
        let mut alice = server.dial().token(&fresh).connect("alice").await.unwrap();
        assert_eq!(alice.asks("authenticate", json!({ "token": tokens[0] })).await["error"]["code"], "AUTH_ERROR");
        alice.hears_nothing().await;
        server.end().await;

        // Nor does it to start again.
        let server = server_on(&database).await;
        for token in &tokens {
            let error = refused(server.dial().token(token)).await;
            assert_eq!(error["data"]["code"], "AUTH001");
        }
    }

    async fn who_logs_out_everywhere_or_is_disabled_is_out_within_five_seconds(backend: Backend) {
        let database = backend.fresh();
        let server = server_on(&database).await;
        let elsewhere = server.store().await;
        let now_ms = clock::wall_ms();
        let (mut clients, mut tokens) = (Vec::new(), Vec::new());
        for (index, name) in ["alice", "bob"].into_iter().enumerate() {
            let account = User {
                id: user(name),
                email: format!("{name}@example.org"),
                name: name.to_owned(),
                avatar: None,
                role: Role::User,
                standing: Standing::Active,
                password_hash: PasswordHash::new("$argon2id$".to_owned()),
                created_at_ms: now_ms,
                updated_at_ms: now_ms,
            };
            elsewhere.create_user(&account).await.unwrap();
            let id = format!("01977420-dd59-7000-8000-0000000000{index}7");
            let family = Family {
                id: id.parse::<FamilyId>().unwrap(),
                user: user(name),
                created_at_ms: now_ms,
                expires_at_ms: now_ms + HOUR_MS,
            };
            elsewhere.open_family(&family, &TokenHash::new([index as u8; 32]), &account.password_hash).await.unwrap();
            tokens.push(of_family(name, &id).claim("iat", now_ms / 1_000 - 1).sign());
            clients.push(server.dial().token(&tokens[index]).connect(name).await.unwrap());
        }
        let since = Instant::now();
        elsewhere.revoke_families(&Families::OfUser(user("alice")), now_ms, now_ms + HOUR_MS).await.unwrap();
        ends(&mut clients[0], since, server.dial().token(&tokens[0])).await;
        clients[1].hears_nothing().await;
        let since = Instant::now();
        assert!(elsewhere.set_standing(&user("bob"), Standing::Disabled, now_ms, now_ms + HOUR_MS).await.unwrap());
        ends(&mut clients[1], since, server.dial().token(&tokens[1])).await;
    }
}

#[tokio::test]
async fn a_thousand_connections_of_one_user_end_at_once_and_others_do_not_notice() {
    const CONNECTIONS: usize = 1_000;
    let server = Server::start_with(|config| "info".clone_into(&mut config.log_level)).await;
    let (mut bob, mut carol) = (server.user("bob").await, server.user("carol").await);
    bob.join("standup").await;
    carol.join("standup").await;
    let token = server.token_of("alice");
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS / 100 {
        let dials = (0..100).map(|_| server.dial().token(&token).connect("alice"));
        clients.extend(join_all(dials).await.into_iter().map(Result::unwrap));
    }
    server.counts(CONNECTIONS as u64 + 2, CONNECTIONS as u64 + 2, 1).await;
    let issued_before_ms = clock::wall_ms() + HOUR_MS;
    let since = Instant::now();
    let what = Revoked::User { user: user("alice"), issued_before_ms };
    server.store().await.revoke(&revocation(what)).await.unwrap();
    let mut slowest = Duration::ZERO;
    let all_end = async {
        for client in &mut clients {
            client.is_closed().await;
        }
        since.elapsed()
    };
    let mut all_end = std::pin::pin!(all_end);
    let ended = loop {
        let asked = Instant::now();
        bob.emit("offer", json!({ "to": carol.id(), "offer": "v=0" }));
        tokio::select! {
            ended = &mut all_end => break ended,
            _ = carol.hears("offer") => slowest = slowest.max(asked.elapsed()),
        }
    };
    assert!(ended < AT_THE_LATEST, "{ended:?}");
    assert!(slowest < Duration::from_secs(1), "a relay took {slowest:?} meanwhile");
    server.counts(2, 2, 1).await;
}
