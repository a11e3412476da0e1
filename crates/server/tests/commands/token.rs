//! `paraclete token` and `paraclete migrate`.

use std::time::Instant;

use serde_json::json;
use testkit::{Folder, Refused, Token};

use crate::support::{SOON, claims, log_in, paraclete, paraclete_with, printed, server};

#[tokio::test]
async fn a_token_that_is_made_lets_its_bearer_in_where_it_says() {
    let folder = Folder::new();
    let server = server(&folder).await;
    let done = paraclete(
        &folder,
        &[
            "token",
            "create",
            "--user",
            "ada",
            "--name",
            "Ada",
            "--room",
            "standup-*",
            "--room",
            "lobby",
            "--expires-in",
            "5m",
        ],
    );
    assert_eq!((done.code, done.out.lines().count()), (Some(0), 1), "{done:?}");
    assert!(done.err.contains("for ada, until ") && done.err.contains("(in 5 minutes)"), "{done:?}");
    let mut ada = server.dial().token(&done.out).connect("ada").await.unwrap();
    ada.join("standup-7").await;
    ada.join("lobby").await;
    assert_eq!(ada.asks("join", json!({ "roomId": "another" })).await["error"]["code"], "FORBIDDEN");
}

#[test]
fn a_token_says_what_the_flags_say() {
    let folder = Folder::new();
    let token = printed(
        &folder,
        &[
            "token",
            "create",
            "--user",
            "7",
            "--name",
            "Ada",
            "--role",
            "host",
            "--tenant",
            "blue",
            "--room",
            "a-*",
            "--claim",
            r#"team="red""#,
            "--claim",
            "level=3",
            "--jwt-issuer",
            "app",
            "--jwt-audience",
            "one,two",
        ],
    );
    let claims = claims(&folder, &token);
    for (name, value) in [
        ("userId", json!("7")),
        ("sub", json!("7")),
        ("name", json!("Ada")),
        ("role", json!("host")),
        ("tenant", json!("blue")),
        ("team", json!("red")),
        ("level", json!(3)),
        ("iss", json!("app")),
        ("aud", json!("one")),
        ("rooms", json!([{ "room": "a-*", "join": true, "publish": true }])),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3_600);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
}

#[test]
fn what_is_asked_for_in_the_wrong_way_is_told_with_what_is_right() {
    let folder = Folder::new();
    let create = ["token", "create", "--user", "ada"];
    for (arguments, words) in [
        (&["token", "create"][..], "--user <ID>"),
        (&["token", "create", "--user", ""], "--user"),
        (&[&create[..], &["--claim", "exp=1"]].concat(), "exp has a flag of its own"),
        (&[&create[..], &["--claim", "iss=\"paraclete\""]].concat(), "iss has a flag of its own"),
        (&[&create[..], &["--claim", "team=red"]].concat(), "team='\"text\"'"),
        (&[&create[..], &["--claim", "team"]].concat(), "NAME=JSON"),
        (&[&create[..], &["--expires-in", "401d"]].concat(), "expected a duration"),
        (&[&create[..], &["--room", "a*b"]].concat(), "a room's id, or the beginning of one and a *"),
        (&["token", "revoke"], "--id"),
        (&["token", "revoke", "--all"], "--issued-before"),
        (&["token", "revoke", "--id", "x", "--user", "ada"], "cannot be used with"),
        (&["token", "revoke", "--all", "--issued-before", "soon"], "2026-11-20T18:40:00Z"),
        (&["token", "revoke", "--all", "--issued-before", "2099-01-01"], "in the future"),
        (&["token", "revoke", "--user", "ada", "--issued-before", "2099-01-01"], "in the future"),
        (&["token", "erase"], "unrecognized subcommand"),
        (&["token"], "Usage: paraclete token"),
        (&["user", "add", "--email", "ada", "--name", "Ada"], "an email address like"),
        (&["user", "show"], "ID|EMAIL"),
    ] {
        let done = paraclete(&folder, arguments);
        assert!(done.code == Some(2) && done.err.contains(words), "{arguments:?}: {done:?}");
    }
    assert!(!folder.path().join("data").exists(), "a mistake must leave nothing behind");
}

#[test]
fn a_token_is_read_from_standard_input_and_told_apart() {
    let folder = Folder::new();
    let token = printed(&folder, &["token", "create", "--user", "ada"]);
    for (arguments, input) in [
        (&["token", "inspect"][..], &*token),
        (&["token", "inspect", "-"], &format!("{token}\n")),
        (&["token", "inspect", &token], ""),
    ] {
        let done = paraclete_with(&folder, arguments, input);
        assert_eq!(done.code, Some(0), "{done:?}");
        for words in [
            r#"header   {"alg":"HS256","typ":"JWT"}"#,
            r#""userId": "ada""#,
            "(in 59 minutes)|(in 60 minutes)",
            "issued   ",
            "verdict  good: ada, vouched for by JWT_SECRET",
        ] {
            assert!(words.split('|').any(|words| done.out.contains(words)), "{words}: {done:?}");
        }
    }
    let expired = Token::of("ada").secret(&folder_secret(&folder)).expired_for(SOON * 60).sign();
    let (body, signature) = token.rsplit_once('.').unwrap();
    let tampered =
        format!("{body}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    for (token, verdict) in [
        (&*expired, "verdict  the token has expired"),
        (&tampered, "verdict  invalid token: "),
        (&Token::of("ada").sign(), "verdict  invalid token: "),
    ] {
        let done = paraclete_with(&folder, &["token", "inspect"], token);
        assert!(done.code == Some(1) && done.out.contains(verdict), "{done:?}");
        assert!(
            done.out.contains(r#""userId": "ada""#) && done.err.contains("the token is not good"),
            "{done:?}"
        );
    }
    // Commands to a terminal, of which JSON lets the second and third stand.
    let hostile = Token::of("ada").claim("name", "\u{1b}[2J\u{9b}2J\u{7f}").sign();
    let done = paraclete_with(&folder, &["token", "inspect"], &hostile);
    assert!(done.out.contains(r#""name": "\u001b[2J\u009b2J\u007f""#), "{done:?}");
    for garbage in ["", "a.b.c", "planted-secret", &"x".repeat(100_000)] {
        let done = paraclete_with(&folder, &["token", "inspect"], garbage);
        assert!(done.code == Some(1) && done.err.contains("this is no token"), "{done:?}");
        assert!(!format!("{done:?}").contains("planted-secret"), "{done:?}");
    }
}

fn folder_secret(folder: &Folder) -> String {
    std::fs::read_to_string(folder.path().join("data/jwt-secret")).unwrap().trim().to_owned()
}

#[tokio::test]
async fn revoking_ends_the_connections_that_it_concerns_and_no_others() {
    let folder = Folder::new();
    let server = server(&folder).await;
    let token = |user: &str| printed(&folder, &["token", "create", "--user", user]);
    let tokens = [token("ada"), token("ada"), token("bob"), token("eve")];
    let mut clients = Vec::new();
    for token in &tokens {
        clients.push(server.dial().token(token).connect("one").await.unwrap());
    }
    let [mut ada, mut other_ada, mut bob, mut eve] = <[_; 4]>::try_from(clients).unwrap();
    let refused = async |token: &str| match server.dial().token(token).connect("revoked").await {
        Err(Refused::Connect(payload)) => payload["message"].as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };

    let id = claims(&folder, &tokens[0])["jti"].as_str().unwrap().to_owned();
    let start = Instant::now();
    printed(&folder, &["token", "revoke", "--id", &id]);
    ada.is_closed().await;
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(refused(&tokens[0]).await, "Invalid token");
    other_ada.hears_nothing().await;

    printed(&folder, &["token", "revoke", "--user", "ada", "--issued-before", "2020-01-01"]);
    printed(&folder, &["token", "revoke", "--user", "bob"]);
    bob.is_closed().await;
    other_ada.hears_nothing().await;

    let start = Instant::now();
    printed(&folder, &["token", "revoke", "--all", "--issued-before", "now"]);
    other_ada.is_closed().await;
    eve.is_closed().await;
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(refused(&tokens[3]).await, "Invalid token");
}

#[tokio::test]
async fn revoking_all_of_a_user_or_of_everybody_ends_the_log_ins_that_would_bring_new_tokens() {
    let folder = Folder::new();
    let server = server(&folder).await;
    let add = ["user", "add", "--email", "ada@example.org", "--name", "Ada"];
    let id = paraclete_with(&folder, &add, "correct horse").out;
    for arguments in [&["--user", &id][..], &["--all", "--issued-before", "now"]] {
        let pair = log_in(&server, "ada@example.org", "correct horse").await.json();
        let mut ada = server.dial().token(pair["token"].as_str().unwrap()).connect("ada").await.unwrap();
        printed(&folder, &[&["token", "revoke"], arguments].concat());
        ada.is_closed().await;
        let body = json!({ "refreshToken": pair["refreshToken"] }).to_string();
        let headers = [("content-type", "application/json")];
        let answer = server.http().await.ask("POST", "/api/auth/refresh", &headers, &body).await;
        assert_eq!(answer.status, 401, "{arguments:?}: {answer:?}");
    }
}

#[test]
fn the_schema_is_brought_up_to_date_once() {
    let folder = Folder::new();
    let steps = printed(&folder, &["migrate"]);
    assert!(steps.lines().count() >= 2 && steps.contains("accounts"), "{steps}");
    let again = paraclete(&folder, &["migrate"]);
    assert_eq!((again.code, &*again.out, &*again.err), (Some(0), "", "the schema is up to date"));
}

#[test]
fn a_database_that_cannot_be_used_is_told_without_its_password() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("data"), "a file where the folder should be").unwrap();
    for arguments in [&["migrate"][..], &["user", "list"], &["token", "revoke", "--id", "x"]] {
        let done = paraclete(&folder, arguments);
        assert!(done.code == Some(1) && done.err.contains("set DATA_DIR"), "{done:?}");
    }
    let away = "DATABASE_URL=postgres://user:planted-secret@127.0.0.1:1/none";
    std::fs::write(folder.path().join(".env"), away).unwrap();
    let done = paraclete(&folder, &["user", "list", "--database-timeout", "200ms"]);
    assert!(done.code == Some(1) && done.err.contains("cannot use the database"), "{done:?}");
    assert!(!done.err.contains("planted-secret"), "{done:?}");
}
