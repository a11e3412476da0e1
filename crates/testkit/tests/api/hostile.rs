//! What nobody means well who sends it.

use serde_json::{Value, json};
use testkit::on_every_store;

use crate::visitor::{Account, PASSWORD, Visitor, is_refused, refusal, server_on};

/// Texts that have broken something somewhere.
const STRANGE: &[&str] = &[
    "",
    " ",
    "'; DROP TABLE users; --",
    "' OR '1'='1",
    "\" OR 1=1 --",
    "%",
    "_%_",
    "\\",
    "$1 ? :a @b {c}",
    "<script>alert(1)</script>",
    "${jndi:ldap://example.org/a}",
    "../../etc/passwd",
    "\u{202e}evil",
    "\u{0}",
    "a\u{0}b\u{0}c",
    "\u{7f}\u{80}\u{9f}",
    "\u{2028}\u{2029}",
    "\u{feff}\u{200b}\u{200d}",
    "👩‍👩‍👧‍👦👩‍👩‍👧‍👦",
    "Ａda",
    "مرحبا بالعالم",
    "עברית עברית",
    "김철수 김철수",
    "\u{10ffff}\u{10ffff}\u{fffe}",
    "null",
    "undefined",
    "true",
    "NaN",
    "__proto__",
];

on_every_store! {
    async fn no_text_in_any_member_is_the_servers_fault_and_a_name_comes_back_as_it_was_given(backend: Backend) {
        let (server, _database) = server_on(backend, |config| {
            (config.api_requests_per_window, config.auth_failures_per_window) = (0, 0);
        })
        .await;
        let visitor = Visitor::of(&server);
        let ada = visitor.registers("ada").await;
        for text in STRANGE {
            for (call, body) in [
                ("register", json!({ "email": text, "password": PASSWORD, "name": "Ada" })),
                ("register", json!({ "email": "eve@example.org", "password": text, "name": "\u{0}" })),
                ("login", json!({ "email": text, "password": text })),
                ("login", json!({ "email": "ada@example.org", "password": text })),
                ("refresh", json!({ "refreshToken": text })),
                ("logout", json!({ "refreshToken": text, "everywhere": text })),
            ] {
                let answer = visitor.auth(call, body).await;
                assert!(matches!(refusal(&answer).0, 400 | 401), "{call} {text:?}: {answer:?}");
            }
            let change = json!({ "oldPassword": text, "newPassword": text });
            let answer = visitor.ask("POST", "/api/auth/password", &ada.token, change).await;
            assert!(matches!(refusal(&answer).0, 400 | 401), "{text:?}: {answer:?}");

            let avatar = visitor.ask("PATCH", "/api/users/me", &ada.token, json!({ "avatar": text })).await;
            is_refused(&avatar, 400, "VALIDATION_ERROR");
            let renamed = visitor.ask("PATCH", "/api/users/me", &ada.token, json!({ "name": text })).await;
            match renamed.status {
                200 => assert_eq!(renamed.json()["name"], *text),
                _ => is_refused(&renamed, 400, "VALIDATION_ERROR"),
            }

            let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let found = visitor.ask("GET", &format!("/api/users?q={encoded}"), &ada.token, Value::Null).await;
            assert!(matches!(found.status, 200 | 400), "{text:?}: {found:?}");
            if found.status == 200 {
                let users = found.json()["users"].as_array().unwrap().len();
                assert!(users <= 1, "{text:?} finds whom it does not name: {found:?}");
            }
            if !text.is_empty() {
                let one = visitor.ask("GET", &format!("/api/users/{encoded}"), &ada.token, Value::Null).await;
                is_refused(&one, 404, "NOT_FOUND");
            }
        }
        assert_eq!(visitor.tries("ada", PASSWORD).await.status, 200, "and all is as it was");
    }
}

/// A server on SQLite without limits, and an account: what follows is over before any database is asked.
async fn visitor() -> (testkit::Server, testkit::Fresh, Visitor, Account) {
    let (server, database) = server_on(testkit::Backend::Sqlite, |config| {
        (config.api_requests_per_window, config.auth_failures_per_window) = (0, 0);
    })
    .await;
    let visitor = Visitor::of(&server);
    let ada = visitor.registers("ada").await;
    (server, database, visitor, ada)
}

#[tokio::test]
async fn wrong_types_and_missing_members_are_told_by_name_all_at_once() {
    let (_server, _database, visitor, ada) = visitor().await;
    let fields = |answer: &testkit::Answer| {
        is_refused(answer, 400, "VALIDATION_ERROR");
        let json = answer.json();
        let details = json["error"]["details"].as_array().expect("details").clone();
        let fields = details.iter().map(|one| one["field"].as_str().unwrap().to_owned());
        fields.collect::<Vec<_>>()
    };
    let none = visitor.auth("register", json!({ "Email": "ada@example.org" })).await;
    assert_eq!(fields(&none), ["email", "password", "name"]);
    for wrong in [json!(7), json!(null), json!(true), json!([PASSWORD]), json!({ "$ne": "" })] {
        let body = json!({ "email": wrong, "password": wrong, "name": wrong });
        assert_eq!(fields(&visitor.auth("register", body).await), ["email", "password", "name"]);
        let body = json!({ "email": wrong, "password": wrong });
        assert_eq!(fields(&visitor.auth("login", body).await), ["email", "password"]);
        assert_eq!(
            fields(&visitor.auth("refresh", json!({ "refreshToken": wrong })).await),
            ["refreshToken"]
        );
        let body = json!({ "oldPassword": wrong, "newPassword": wrong });
        let password = visitor.ask("POST", "/api/auth/password", &ada.token, body).await;
        assert_eq!(fields(&password), ["oldPassword", "newPassword"]);
        let name = visitor.ask("PATCH", "/api/users/me", &ada.token, json!({ "name": wrong })).await;
        assert_eq!(fields(&name), ["name"]);
    }
    for number in [json!(1), json!("true"), json!(null)] {
        let body = json!({ "everywhere": number });
        let answer = visitor.ask("POST", "/api/auth/logout", &ada.token, body).await;
        assert_eq!(fields(&answer), ["everywhere"]);
    }
    assert_eq!(visitor.me(&ada.token).await, 200, "nobody was logged out");
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_and_a_lone_surrogate_is_no_text() {
    let (_server, _database, visitor, _) = visitor().await;
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        "",
        "null",
        "7",
        "[]",
        "\"text\"",
        "{",
        "{\"email\":\"ada@example.org\",}",
        "{'email':1}",
        r#"{"email":"\ud800@example.org","password":"12345678"}"#,
        r#"{"email":"ada@example.org","password":"\udfff12345678"}"#,
        r#"{"email":"ada@example.org","password":"12345678","unknown":"\ud800"}"#,
        r#"{"email":"ada@example.org","password":"12345678\u0000"}"#,
        "{\"email\":\"a\nb\"}",
        &deep,
    ] {
        let answer = visitor.ask_raw("POST", "/api/auth/login", "", body).await;
        is_refused(&answer, 400, "VALIDATION_ERROR");
    }
    let unknown = json!({
        "email": "ada@example.org", "password": PASSWORD, "role": "admin", "id": 7, "__proto__": { "admin": true },
    });
    assert_eq!(visitor.auth("login", unknown).await.status, 200, "what nobody asks for is not looked at");
}

#[tokio::test]
async fn a_token_is_looked_for_in_one_place_and_in_one_form() {
    let (server, _database, _, ada) = visitor().await;
    let good = format!("Bearer {}", ada.token);
    let lower = format!("bearer  {}", ada.token);
    for value in [&good, &lower] {
        let answer = server.http().await.ask("GET", "/api/users/me", &[("authorization", value)], "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let basic = format!("Basic {}", ada.token);
    let padded = format!("Bearer {}=", ada.token);
    let unsigned = format!("Bearer {}.", ada.token.rsplit_once('.').unwrap().0);
    for headers in [
        &[("authorization", ada.token.as_str())][..],
        &[("authorization", &basic)],
        &[("authorization", &padded)],
        &[("authorization", &unsigned)],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer ")],
        &[("authorization", &good), ("authorization", &good)],
        &[("x-access-token", &good)],
        &[("cookie", &good)],
    ] {
        let answer = server.http().await.ask("GET", "/api/users/me", headers, "").await;
        is_refused(&answer, 401, "AUTH001");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let path = format!("/api/users/me?token={}", ada.token);
    is_refused(&server.http().await.get(&path).await, 401, "AUTH001");
}
