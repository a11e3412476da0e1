//! The form of it: methods, headers, languages, the document.

use domain::messages::Locale;
use serde_json::{Value, json};
use testkit::{Backend, Server};

use crate::visitor::{Visitor, is_refused, server_on};

#[tokio::test]
async fn another_method_is_refused_with_the_ones_that_are_not() {
    let server = Server::start().await;
    let visitor = Visitor::of(&server);
    for (path, allowed) in [
        ("/api/auth/login", "POST"),
        ("/api/auth/register", "POST"),
        ("/api/users/me", "GET,HEAD,PATCH"),
        ("/api/users/somebody", "GET,HEAD"),
        ("/api/users", "GET,HEAD"),
    ] {
        for method in ["DELETE", "PUT", "TRACE", "BREW"] {
            let answer = visitor.ask(method, path, "", Value::Null).await;
            is_refused(&answer, 405, "VALIDATION_ERROR");
            assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
    is_refused(&visitor.ask("GET", "/api/nowhere", "", Value::Null).await, 404, "NOT_FOUND");
    is_refused(&visitor.ask("GET", "/api/", "", Value::Null).await, 404, "NOT_FOUND");
    is_refused(&visitor.ask("GET", "/api", "", Value::Null).await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn bodies_are_json_and_say_so() {
    let server = Server::start().await;
    let body = json!({ "email": "ada@example.org", "password": "12345678" }).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let headers = [("content-type", kind)];
        let answer = server.http().await.ask("POST", "/api/auth/login", &headers, &body).await;
        is_refused(&answer, 415, "VALIDATION_ERROR");
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        let headers = [("content-type", kind)];
        let answer = server.http().await.ask("POST", "/api/auth/login", &headers, &body).await;
        is_refused(&answer, 401, "AUTH001");
    }
}

#[tokio::test]
async fn messages_are_korean_with_locale_ko_and_codes_are_the_same() {
    let (server, _database) = server_on(Backend::Sqlite, |config| config.locale = Locale::Ko).await;
    let visitor = Visitor::of(&server);
    let is_korean = |text: &Value| {
        let text = text.as_str().expect("a message");
        assert!(text.chars().any(|c| ('가'..='힣').contains(&c)), "{text}");
    };
    let wrong = visitor.tries("ada", "a wrong password").await;
    is_refused(&wrong, 401, "AUTH001");
    is_korean(&wrong.json()["error"]["message"]);
    let invalid = visitor.auth("login", json!({})).await;
    is_refused(&invalid, 400, "VALIDATION_ERROR");
    let error = &invalid.json()["error"];
    is_korean(&error["message"]);
    is_korean(&error["details"][0]["message"]);
    for (method, path) in
        [("GET", "/api/nowhere"), ("PUT", "/api/auth/login"), ("GET", "/api/users/me"), ("GET", "/nowhere")]
    {
        is_korean(&visitor.ask(method, path, "", Value::Null).await.json()["error"]["message"]);
    }
}

#[tokio::test]
async fn the_document_has_every_call_and_the_page_needs_no_other_host() {
    let server = Server::start().await;
    let document = server.json("/api/openapi.json").await;
    let calls: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    for call in [
        "post /api/auth/register",
        "post /api/auth/login",
        "post /api/auth/refresh",
        "post /api/auth/logout",
        "post /api/auth/password",
        "get /api/users/me",
        "patch /api/users/me",
        "get /api/users/{id}",
        "get /api/users",
    ] {
        assert!(calls.contains(&call.to_owned()), "{call} is not in {calls:?}");
    }
    assert_eq!(calls.len(), 9);

    let moved = server.http().await.get("/api/docs").await;
    assert_eq!((moved.status, moved.header("location")), (303, Some("/api/docs/")));
    let page = server.http().await.get("/api/docs/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(!page.body.contains("://"), "{}", page.body);
    for part in page.body.split('"').filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
        let file = server.http().await.get(&format!("/api/docs/{part}")).await;
        assert_eq!(file.status, 200, "{part}");
    }
    let start = server.http().await.get("/api/docs/swagger-initializer.js").await.body;
    assert!(start.contains(r#""validatorUrl": "none""#), "{start}");
    for path in ["/api/docs/nothing.js", "/api/docs/../../etc/passwd", "/api/docs/%2e%2e/x"] {
        assert_eq!(server.http().await.get(path).await.status, 404, "{path}");
    }
}
