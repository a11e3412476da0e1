//! Which pages get a grant, and which get a WebSocket.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod support;

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use server::{
    config::Origins,
    http::{State, router},
};
use store::Memory;
use tower::ServiceExt as _;

const OURS: &str = "https://app.example.com";

/// Origins that look like ours to somebody careless.
const TRICKS: &[&str] = &[
    "null",
    "https://app.example.com.evil.org",
    "https://evilapp.example.com",
    "https://app.example.com`.evil.org",
    "https://app.example.com:444",
    "http://app.example.com",
    "HTTPS://APP.EXAMPLE.COM",
    "https://app.example.com ",
    "*",
];

fn listed() -> Origins {
    Origins::Listed(vec![OURS.to_owned()])
}

/// Asks a server whose Socket.IO answers 200 to everything.
async fn ask(
    origins: Origins,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap) {
    let (state, api) = support::ready(Arc::new(Memory::new())).await;
    let state = State { origins, ..state };
    let socketio = tower::service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(StatusCode::OK) });
    let mut request = Request::builder().method(method).uri(path).header("host", "meet.example:3000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(state, api, socketio).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    (response.status(), response.headers().clone())
}

#[tokio::test]
async fn a_listed_page_is_granted_with_credentials_and_the_answer_varies_by_origin() {
    for path in ["/health", "/socket.io/?transport=polling"] {
        let (_, headers) = ask(listed(), Method::GET, path, &[("origin", OURS)]).await;
        assert_eq!(headers["access-control-allow-origin"], OURS, "{path}");
        assert_eq!(headers["access-control-allow-credentials"], "true", "{path}");
        assert!(headers["vary"].to_str().unwrap().contains("origin"), "{path}");
    }
}

#[tokio::test]
async fn no_trick_gets_a_grant() {
    for trick in TRICKS {
        for (method, path) in
            [(Method::GET, "/socket.io/"), (Method::OPTIONS, "/socket.io/"), (Method::GET, "/health")]
        {
            let headers = [("origin", *trick), ("access-control-request-method", "POST")];
            let (_, headers) = ask(listed(), method, path, &headers).await;
            assert!(!headers.contains_key("access-control-allow-origin"), "{trick} got a grant");
        }
    }
}

#[tokio::test]
async fn any_page_is_granted_in_development_without_credentials() {
    let (_, headers) =
        ask(Origins::Any, Method::GET, "/socket.io/", &[("origin", "http://localhost:5173")]).await;
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(!headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn a_preflight_of_a_listed_page_is_answered() {
    let headers = [
        ("origin", OURS),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let (status, headers) = ask(listed(), Method::OPTIONS, "/socket.io/", &headers).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["access-control-allow-headers"], "authorization,content-type");
    assert!(headers["access-control-allow-methods"].to_str().unwrap().contains("POST"));
}

async fn upgrade(origins: Origins, origin: Option<&str>) -> StatusCode {
    let mut headers = vec![("connection", "upgrade"), ("upgrade", "websocket")];
    headers.extend(origin.map(|origin| ("origin", origin)));
    ask(origins, Method::GET, "/socket.io/?transport=websocket", &headers).await.0
}

#[tokio::test]
async fn a_foreign_page_gets_no_websocket() {
    for trick in TRICKS {
        assert_eq!(upgrade(listed(), Some(trick)).await, StatusCode::FORBIDDEN, "{trick}");
    }
}

#[tokio::test]
async fn a_listed_page_our_own_page_and_what_is_no_page_get_a_websocket() {
    assert_eq!(upgrade(listed(), Some(OURS)).await, StatusCode::OK);
    assert_eq!(upgrade(listed(), Some("http://meet.example:3000")).await, StatusCode::OK);
    assert_eq!(upgrade(listed(), None).await, StatusCode::OK);
    assert_eq!(upgrade(Origins::Any, Some("https://anybody.example")).await, StatusCode::OK);
}
