//! What is hashed for whom, counted rather than timed.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod support;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use server::{
    clock,
    http::{Api, router},
    telemetry::Metrics,
};
use store::{Memory, Reach, Standing, Store as _};
use tower::ServiceExt as _;

use self::support::ready;

const PASSWORD: &str = "correct horse battery staple";

async fn post(router: &Router, call: &str, body: Value) -> (StatusCode, Value) {
    let body = body.to_string();
    let request = Request::post(format!("/api/auth/{call}")).header("host", "meet.example");
    let request = request.header("content-type", "application/json").header("content-length", body.len());
    let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn served() -> (Router, Api, Arc<Memory>, Arc<Metrics>) {
    let store = Arc::new(Memory::new());
    let (state, api) = ready(store.clone()).await;
    let metrics = Arc::clone(&state.metrics);
    let nothing =
        tower::service_fn(|_: Request<Body>| async { Ok::<Response, Infallible>(Response::default()) });
    (router(state, api.clone(), nothing), api, store, metrics)
}

#[tokio::test]
async fn a_megabyte_of_password_is_refused_before_anything_is_hashed() {
    let (router, api, _, _) = served().await;
    let ask = async |call: &str, length: usize| {
        let body = json!({ "email": "ada@example.org", "password": "x".repeat(length), "name": "Ada" });
        post(&router, call, body).await.0
    };
    for call in ["register", "login"] {
        for (length, status) in [(129, 400), (1_000_000, 400), (1 << 20, 413), (4 << 20, 413)] {
            assert_eq!(ask(call, length).await, status, "{call} {length}");
        }
    }
    assert_eq!(api.password_stats().hashes, 0);
    assert_eq!(ask("register", 128).await, StatusCode::CREATED);
    assert_eq!(api.password_stats().hashes, 1);
}

#[tokio::test]
async fn an_unknown_email_a_wrong_password_and_a_disabled_account_cost_the_same_and_read_the_same() {
    let (router, api, store, _) = served().await;
    let mut ids = Vec::new();
    for name in ["ada", "bob"] {
        let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD, "name": name });
        let (status, answer) = post(&router, "register", body).await;
        assert_eq!(status, StatusCode::CREATED);
        ids.push(answer["userId"].as_str().unwrap().to_owned());
    }
    let bob = ids[1].as_str().try_into().unwrap();
    let now_ms = clock::wall_ms();
    assert!(store.set_standing(&bob, Standing::Disabled, now_ms, now_ms).await.unwrap());
    let mut seen = Vec::new();
    for (email, password) in [
        ("nobody@example.org", PASSWORD),
        ("ada@example.org", "a wrong password"),
        ("bob@example.org", PASSWORD),
    ] {
        let before = api.password_stats();
        let answer = post(&router, "login", json!({ "email": email, "password": password })).await;
        let after = api.password_stats();
        seen.push((answer, after.hashes - before.hashes, after.blocks - before.blocks));
    }
    assert_eq!(seen[0].0.0, StatusCode::UNAUTHORIZED);
    assert_eq!((seen[0].1, seen[0].2), (1, 2 * 19 * 1_024));
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn log_ins_are_counted_by_what_became_of_them() {
    let (router, _, store, metrics) = served().await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD, "name": "ada" });
    assert_eq!(post(&router, "register", body).await.0, StatusCode::CREATED);
    let log_in = async |email: &str, password: &str| {
        post(&router, "login", json!({ "email": email, "password": password })).await.0
    };
    assert_eq!(log_in("ada@example.org", PASSWORD).await, StatusCode::OK);
    for _ in 0..5 {
        assert_eq!(log_in("ada@example.org", "no").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(log_in("ada@example.org", PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    store.set_reach(Reach::Away);
    assert_eq!(log_in("bob@example.org", PASSWORD).await, StatusCode::SERVICE_UNAVAILABLE);

    let text = metrics.render();
    for (outcome, count) in
        [("ok", 1), ("wrong", 5), ("limited", 1), ("unavailable", 1), ("not_offered", 0), ("failed", 0)]
    {
        let line = format!("sign_ins_total{{outcome=\"{outcome}\"}} {count}");
        assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
    }
    assert!(text.lines().any(|line| line == "password_hashes_refused_total 0"), "{text}");
}
