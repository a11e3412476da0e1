//! What must never be written down is not, however much is logged and however things end.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Refused, SECRET, Server, Token, on_every_store};

/// What clients plant, each where it may really stand.
const PLANTED: &[&str] = &[
    "planted-ice-pwd",
    "planted-fingerprint",
    "planted-candidate",
    "198.51.100.77",
    "planted-token-in-auth",
    "planted-token-in-query",
    "planted-token-in-header",
    "planted-cookie",
    "planted-event-name",
    "planted-payload",
    "planted-broken",
    "planted-binary",
    "planted-user",
    "planted-path",
    "planted-body",
];

#[tokio::test]
async fn nothing_that_clients_say_in_confidence_is_in_the_log_at_its_most_talkative() {
    // Who breaks off between two polls is noticed by the CONNECT, or the ping, that nobody answers.
    let server = Server::start_with(|config| {
        config.connect_timeout = Duration::from_secs(1);
        (config.ping_interval, config.ping_timeout) = (Duration::from_secs(1), Duration::from_secs(3));
    })
    .await;
    let mut alice = server
        .dial()
        .query("token=planted-token-in-query")
        .header("cookie", "session=planted-cookie")
        .auth(json!({ "userId": "planted-user", "password": "planted-payload" }))
        .connect("alice")
        .await
        .unwrap();
    let polling = server.dial().polling().query("token=planted-token-in-query&x=planted-path");
    let mut bob = polling.connect("bob").await.unwrap();
    alice.join("standup").await;
    bob.join("standup").await;

    let sdp = "v=0\r\na=ice-pwd:planted-ice-pwd\r\na=fingerprint:sha-256 planted-fingerprint\r\n";
    let candidate = "candidate:1 1 udp 1 198.51.100.77 9 typ host planted-candidate";
    let (alice_id, bob_id, nobody) = (alice.id().to_owned(), bob.id().to_owned(), "AAAAAAAAAAAAAAAAAAAA");
    let sdp_of = |to: &str| json!({ "to": to, "offer": { "type": "offer", "sdp": sdp } });
    let candidate_of = |to: &str| json!({ "to": to, "candidate": { "candidate": candidate } });
    // Relayed, refused by the core, and refused by the gateway.
    for to in [bob_id.as_str(), nobody, "planted-payload"] {
        alice.asks("offer", sdp_of(to)).await;
        alice.asks("ice-candidate", candidate_of(to)).await;
        alice.emit("offer", sdp_of(to));
    }
    bob.asks("answer", json!({ "to": alice_id, "answer": { "type": "planted-payload", "sdp": sdp } })).await;
    bob.asks("answer", json!({ "to": alice_id, "answer": format!("planted-payload {sdp}") })).await;
    for payload in
        [json!("planted-payload"), json!({ "roomId": "planted payload", "userId": "planted-user" })]
    {
        for event in ["join", "leave", "message", "planted-event-name", "ice-candidate"] {
            alice.asks(event, &payload).await;
            bob.emit(event, &payload);
        }
    }
    alice.send("451-[\"offer\",{\"_placeholder\":true,\"num\":0},\"planted-binary\"]");
    alice.send("4nonsense");
    alice.is_closed().await;

    // Connections that are refused, or end for what they say.
    for dial in [server.dial(), server.dial().polling()] {
        let dial = dial.header("authorization", "Bearer planted-token-in-header");
        // Whether it is taken for a guest or sent away, its token is nobody's business.
        let _ = dial.connect("bearer").await;
    }
    for auth in [
        json!({ "token": "planted-token-in-auth" }),
        json!({ "userId": "planted-user\u{0}" }),
        json!({ "username": "p\nplanted-user" }),
    ] {
        let refused = server.dial().auth(&auth).connect("stranger").await;
        assert!(matches!(refused, Err(Refused::Connect(_))), "{refused:?}");
    }
    for broken in
        ["42[\"planted-broken\"", "planted-broken", "42/planted-broken,[\"x\"]", "43[\"planted-broken\"]"]
    {
        let mut broken_client = server.guest("carol").await;
        broken_client.send(broken);
        broken_client.is_closed().await;
    }
    for path in
        ["/planted-path?token=planted-token-in-query", "/socket.io/planted-path", "/health?planted-path"]
    {
        let headers = [("authorization", "Bearer planted-token-in-header"), ("x-request-id", "planted path")];
        server.http().await.ask("POST", path, &headers, "planted-body").await;
    }
    let mut garbage = server.http().await;
    garbage.send("GET /planted-path\0planted-body HTTP/9\r\nplanted-body\r\n\r\n").await;
    garbage.until_close().await;
    bob.disconnects().await;
    server.counts(0, 0, 0).await;

    let log = server.logs().text();
    assert!(log.contains("refused") && log.contains(&bob_id), "it does log: {log}");
    for secret in PLANTED {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}

/// What is asked of the API, and the answer.
async fn ask(server: &Server, method: &str, path: &str, token: &str, body: Value) -> Value {
    let bearer = format!("Bearer {token}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let headers = if token.is_empty() { &headers[..1] } else { &headers[..] };
    let answer = server.http().await.ask(method, path, headers, &body.to_string()).await;
    if answer.body.starts_with('{') { answer.json() } else { Value::Null }
}

on_every_store! {
    async fn no_token_password_or_key_is_in_the_log_at_its_most_talkative(backend: Backend) {
        let database = backend.fresh();
        let server = Server::start_with(|config| {
            config.database_url = Some(database.url().as_str().into());
            config.token_in_query = true;
            config.auth_failures_per_window = 0;
            // Every query is a slow one.
            config.slow_query = Duration::from_nanos(1);
        })
        .await;
        let mut planted: Vec<String> =
            [SECRET, "planted-password", "planted-wrong-one", "planted-another", "planted-address", "$argon2"]
                .map(str::to_owned)
                .to_vec();

        let account = json!({ "email": "planted-address@example.org", "password": "planted-password", "name": "Ada" });
        for _ in 0..2 {
            let answer = ask(&server, "POST", "/api/auth/register", "", account.clone()).await;
            planted.extend(["token", "refreshToken"].iter().filter_map(|name| Some(answer[name].as_str()?.to_owned())));
        }
        for password in ["planted-password", "planted-wrong-one", "planted-wrong-one\0", "p"] {
            let body = json!({ "email": "planted-address@example.org", "password": password });
            let answer = ask(&server, "POST", "/api/auth/login", "", body).await;
            planted.extend(["token", "refreshToken"].iter().filter_map(|name| Some(answer[name].as_str()?.to_owned())));
        }
        assert_eq!(planted.len(), 10, "registered and logged in: {planted:?}");
        let (token, refresh) = (planted[6].clone(), planted[7].clone());
        let mut ada = server.dial().token(&token).connect("ada").await.unwrap();
        for _ in 0..2 {
            // The second time it is spent.
            let answer = ask(&server, "POST", "/api/auth/refresh", "", json!({ "refreshToken": refresh })).await;
            planted.extend(["token", "refreshToken"].iter().filter_map(|name| Some(answer[name].as_str()?.to_owned())));
        }
        ada.is_closed().await;
        let token = planted[8].clone();
        let passwords = json!({ "oldPassword": "planted-wrong-one", "newPassword": "planted-another" });
        ask(&server, "POST", "/api/auth/password", &token, passwords).await;
        let passwords = json!({ "oldPassword": "planted-password", "newPassword": "planted-another" });
        ask(&server, "POST", "/api/auth/password", &token, passwords).await;
        ask(&server, "GET", "/api/users/me", &token, Value::Null).await;
        ask(&server, "GET", "/api/users?q=planted-address@example.org", &token, Value::Null).await;
        ask(&server, "POST", "/api/auth/logout", &token, json!({ "everywhere": true, "refreshToken": planted[9] })).await;

        for (name, token) in [
            ("good", Token::of("good")),
            ("tampered", Token::of("tampered").secret("planted-another secret of 32 bytes and more")),
            ("expired", Token::of("expired").expired_for(Duration::from_secs(600))),
            ("foreign", Token::of("foreign").claim("tenant", "acme")),
            ("odd", Token::of("odd").header("kid", "planted-key-id").claim("exp", "planted-claim")),
            ("mailed", Token::of("mailed").claim("email", "planted-address@example.com").claim("role", "planted-role")),
        ] {
            let token = token.sign();
            planted.extend([token.clone(), token.rsplit('.').next().unwrap().to_owned()]);
            let bearer = format!("Bearer {token}");
            for dial in [
                server.dial().token(&token),
                server.dial().polling().token(&token),
                server.dial().query(&format!("token={token}")),
                server.dial().polling().query(&format!("token={token}")),
                server.dial().header("authorization", bearer.as_str()),
                server.dial().upgrade().header("authorization", bearer.as_str()),
            ] {
                if let Ok(mut client) = dial.connect(name).await {
                    client.asks("authenticate", json!({ "token": token })).await;
                    client.asks("authenticate", json!({ "token": planted[0] })).await;
                    client.asks("authenticate", json!([token])).await;
                }
            }
            ask(&server, "GET", "/api/users/me", &token, Value::Null).await;
        }
        planted.extend(["planted-key-id", "planted-claim", "planted-role"].map(str::to_owned));

        let log = server.logs().text();
        assert!(log.contains("a token is refused"), "it does log: {log}");
        for secret in &planted {
            let line = log.lines().find(|line| line.contains(secret.as_str()));
            assert!(line.is_none(), "{secret} is in the log: {line:?}");
        }
    }
}
