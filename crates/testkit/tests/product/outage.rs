//! The database is away: nothing fails open, who is connected stays, and all is well again by itself.

use std::sync::Arc;

use domain::Tenant;
use serde_json::json;
use server::{clock, config::Secret};
use store::{Revocation, Revoked};
use testkit::{Postgres, Refused, Server, Token, eventually};

use crate::tokens::refused;

const HOUR_MS: u64 = 3_600_000;

async fn server_on(url: &str) -> Server {
    let url = Secret::from(url);
    Server::start_with(|config| config.database_url = Some(url)).await
}

#[tokio::test]
async fn a_server_that_starts_without_its_database_believes_no_token_and_then_does() {
    let postgres = Arc::new(Postgres::start());
    let database = postgres.database();
    postgres.kill();
    let server = server_on(&database.url()).await;
    let away = json!({
        "message": "Who you are cannot be verified at the moment: connect again soon",
        "data": { "code": "UNAVAILABLE" },
    });
    for _ in 0..3 {
        assert_eq!(refused(server.dial().token(&server.token_of("alice"))).await, away);
        // What is wrong with a token by itself needs no database.
        assert_eq!(refused(server.dial().token("garbage")).await["data"]["code"], "AUTH001");
        // A guest's name may be somebody's.
        assert_eq!(refused(server.dial().auth(json!({ "userId": "alice" }))).await, away);
    }
    let mut guest = server.dial().connect("guest").await.unwrap();
    guest.join("standup").await;
    let answer = guest.asks("join", json!({ "roomId": "other", "userId": "alice" })).await;
    assert_eq!(answer["success"], true, "it has a name by now, and claims in vain: {answer}");

    postgres.start_again();
    let look = async || server.dial().token(&server.token_of("alice")).connect("alice").await;
    let mut alice = eventually("the database", look, Result::is_ok).await.unwrap();
    alice.join("standup").await;
    guest.hears("peer-joined").await;
    server.dial().auth(json!({ "userId": "gus" })).connect("gus").await.unwrap();
}

#[tokio::test]
async fn what_is_revoked_stays_revoked_while_the_database_is_away() {
    let postgres = Arc::new(Postgres::start());
    let database = postgres.database();
    let server = server_on(&database.url()).await;
    let [good, revoked] = ["good", "revoked"].map(|id| Token::of("alice").claim("jti", id).sign());
    let mut alice = server.dial().token(&good).connect("alice").await.unwrap();
    let mut ended = server.dial().token(&revoked).connect("ended").await.unwrap();
    let now_ms = clock::wall_ms();
    let revocation = Revocation {
        tenant: Tenant::default(),
        what: Revoked::Token("revoked".to_owned()),
        revoked_at_ms: now_ms,
        expires_at_ms: now_ms + HOUR_MS,
    };
    server.store().await.revoke(&revocation).await.unwrap();
    ended.is_closed().await;
    postgres.kill();
    for _ in 0..3 {
        assert_eq!(refused(server.dial().token(&revoked)).await["data"]["code"], "AUTH001");
        // What was known stays known, and lets in who is not among it.
        let dial = server.dial().token(&good);
        let refused = dial.connect("again").await;
        assert!(refused.is_ok(), "{refused:?}");
    }
    alice.join("standup").await;
    let claim = server.dial().auth(json!({ "userId": "alice" })).connect("eve").await;
    assert!(matches!(claim, Err(Refused::Connect(error)) if error["data"]["code"] == "FORBIDDEN"));
    postgres.start_again();
    let look = async || server.dial().auth(json!({ "userId": "gus" })).connect("gus").await;
    eventually("the database", look, Result::is_ok).await.unwrap();
    assert_eq!(refused(server.dial().token(&revoked)).await["data"]["code"], "AUTH001");
    alice.hears_nothing().await;
}
