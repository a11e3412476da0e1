//! The HTTP contract, asked of the router itself.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod support;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, Version, request},
    response::{IntoResponse as _, Response},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::{
    facts::{self, Writing},
    http::{MetricsOn, Readiness, State, metrics_router, router},
    lifecycle::Lifecycle,
    status::HubStats,
    telemetry::FactMetrics,
};
use store::{Memory, Reach, Store as _};
use testkit::FaultyStore;
use tokio::time::advance;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt as _};

use self::support::ready;

async fn state() -> State {
    ready(Arc::new(Memory::new())).await.0
}

/// The main port, without Socket.IO.
async fn main_port(state: State) -> Router {
    router(state, ready(Arc::new(Memory::new())).await.1, no_socketio())
}

/// A service that knows no Socket.IO.
fn no_socketio()
-> impl Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync {
    tower::service_fn(|_: Request<Body>| async { Ok(StatusCode::NOT_FOUND.into_response()) })
}

fn get(path: &str) -> request::Builder {
    Request::builder().uri(path).header("host", "meet.example")
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

async fn ask(router: Router, request: request::Builder) -> Answer {
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 8 << 20).await.unwrap().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn ask_main(request: request::Builder) -> Answer {
    ask(main_port(state().await).await, request).await
}

#[tokio::test]
async fn health_tells_the_process_in_numbers() {
    let state = state().await;
    state.hub.publish(HubStats { rooms: 2, peers: 5, memberships: 6, rooms_created_total: 9 });
    let answer = ask(main_port(state).await, get("/health")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let json = answer.json();
    assert_eq!((&json["status"], &json["rooms"], &json["peers"]), (&"ok".into(), &2.into(), &5.into()));
    assert!(json["timestamp"].as_str().unwrap().ends_with('Z'));
    assert!(json["uptime"].is_number() && json["version"].is_string());
    assert!(json["memory"]["rss"].as_u64().unwrap() > 0);
    assert_eq!(json["sessions"], json!({ "total": 0, "active": 0 }));
}

#[tokio::test]
async fn readiness_follows_the_life_of_the_process_and_liveness_does_not() {
    let mut state = state().await;
    let ready = ask(main_port(state.clone()).await, get("/readyz")).await;
    assert_eq!((ready.status, &ready.json()["components"]["signaling"]), (StatusCode::OK, &"ok".into()));
    state.lifecycle.drain();
    let draining = ask(main_port(state.clone()).await, get("/readyz")).await;
    assert_eq!(draining.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(draining.json()["status"], "draining");
    assert_eq!(ask(main_port(state.clone()).await, get("/livez")).await.status, StatusCode::OK);
    state.lifecycle = Lifecycle::new();
    let starting = ask(main_port(state).await, get("/readyz")).await;
    assert_eq!(
        (starting.status, &starting.json()["status"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"starting".into())
    );
}

#[tokio::test(start_paused = true)]
async fn readiness_names_the_store_and_fails_without_it_while_liveness_does_not() {
    let store = Arc::new(Memory::new());
    store.prepare().await.unwrap();
    let state = State { readiness: Readiness::new(store.clone(), Writing::default()), ..state().await };
    let ready = ask(main_port(state.clone()).await, get("/readyz")).await;
    assert_eq!((ready.status, &ready.json()["components"]["store"]), (StatusCode::OK, &"ok".into()));
    store.set_reach(Reach::Away);
    advance(Duration::from_secs(1)).await;
    let without = ask(main_port(state.clone()).await, get("/readyz")).await;
    assert_eq!(without.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(without.json()["components"], json!({ "signaling": "ok", "store": "unavailable" }));
    assert_eq!(ask(main_port(state).await, get("/livez")).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_for_readiness_ask_the_store_once_a_second() {
    let store = Arc::new(FaultyStore::default());
    store.prepare().await.unwrap();
    let state = State { readiness: Readiness::new(store.clone(), Writing::default()), ..state().await };
    let router = main_port(state).await;
    for pings in 1..=3 {
        let asked = join_all((0..100).map(|_| ask(router.clone(), get("/readyz")))).await;
        assert!(asked.iter().all(|answer| answer.status == StatusCode::OK));
        assert_eq!(store.log().pings, pings);
        advance(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn a_store_that_answers_and_takes_nothing_is_not_ready() {
    let full = Arc::new(Memory::new());
    full.set_reach(Reach::Away);
    let (facts, record) = facts::facts(full, FactMetrics::default());
    let (there, writing) = (Arc::new(Memory::new()), facts.writing().clone());
    there.prepare().await.unwrap();
    let state = State { readiness: Readiness::new(there, writing.clone()), ..state().await };
    assert_eq!(ask(main_port(state.clone()).await, get("/readyz")).await.status, StatusCode::OK);
    let record = TaskTracker::new().spawn(record.run());
    while writing.works() {
        tokio::task::yield_now().await;
    }
    let answer = ask(main_port(state).await, get("/readyz")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["components"]["store"], "unavailable");
    record.abort();
}

#[tokio::test]
async fn statistics_count_rooms_peers_and_connections() {
    let state = state().await;
    state.hub.publish(HubStats { rooms: 2, peers: 5, memberships: 6, rooms_created_total: 9 });
    state.metrics.connection_opened();
    let json = ask(main_port(state).await, get("/stats")).await.json();
    assert_eq!(
        (&json["totalRooms"], &json["totalPeers"], &json["totalConnections"]),
        (&2.into(), &5.into(), &1.into())
    );
}

#[tokio::test]
async fn metrics_are_on_the_main_port_unless_they_have_one_of_their_own() {
    let mut state = state().await;
    let answer = ask(main_port(state.clone()).await, get("/metrics")).await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    assert!(String::from_utf8(answer.body).unwrap().contains("signaling_active_rooms 0"));
    state.metrics_on = MetricsOn::OwnPort;
    assert_eq!(ask(main_port(state.clone()).await, get("/metrics")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask(metrics_router(state.clone()), get("/metrics")).await.status, StatusCode::OK);
    assert_eq!(ask(metrics_router(state), get("/health")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn requests_are_measured_by_their_route_and_never_by_their_path() {
    let state = state().await;
    let router = main_port(state.clone()).await;
    ask(router.clone(), get("/readyz?token=secret")).await;
    ask(router, get("/secret/path")).await;
    let text = state.metrics.render();
    assert!(
        text.contains(
            "http_request_duration_seconds_count{method=\"GET\",route=\"/readyz\",status=\"200\"} 1"
        ),
        "{text}"
    );
    assert!(text.contains("route=\"unmatched\",status=\"404\""), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn errors_are_json_whoever_made_them() {
    let missing = ask_main(get("/nowhere")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(
        (&missing.json()["success"], &missing.json()["error"]["code"]),
        (&false.into(), &"NOT_FOUND".into())
    );
    let method = ask_main(get("/health").method(Method::DELETE)).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.json()["error"]["message"].as_str().unwrap().contains("DELETE"));
    assert_eq!(method.header("allow"), "GET,HEAD");
    let page = ask_main(get("/").method(Method::POST)).await;
    assert_eq!((page.status, &page.json()["success"]), (StatusCode::METHOD_NOT_ALLOWED, &false.into()));
}

#[tokio::test]
async fn a_path_that_climbs_or_cheats_is_not_found() {
    for path in [
        "/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/socket.io/%2e%2e/x",
        "//etc/passwd",
    ] {
        assert_eq!(ask_main(get(path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused_by_its_length_alone() {
    for path in ["/health", "/nowhere", "/"] {
        let answer = ask_main(get(path).method(Method::POST).header("content-length", "99000000000")).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert_eq!((&answer.json()["success"], answer.header("connection")), (&false.into(), "close"));
    }
}

#[tokio::test]
async fn a_body_without_a_length_and_a_second_host_are_refused_and_the_connection_closed() {
    for path in ["/health", "/socket.io/"] {
        let unmeasured = ask_main(get(path).header("transfer-encoding", "chunked")).await;
        assert_eq!((unmeasured.status, unmeasured.header("connection")), (StatusCode::BAD_REQUEST, "close"));
        let two_hosts = ask_main(get(path).header("host", "other.example")).await;
        assert_eq!((two_hosts.status, two_hosts.header("connection")), (StatusCode::BAD_REQUEST, "close"));
    }
}

#[tokio::test]
async fn a_panic_is_an_answer_without_the_panic_in_it() {
    let panics = tower::service_fn(|_: Request<Body>| async {
        assert_eq!(1, 2, "the secret reason");
        Ok::<_, Infallible>(StatusCode::OK)
    });
    let answer =
        ask(router(state().await, ready(Arc::new(Memory::new())).await.1, panics), get("/socket.io/")).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &"INTERNAL".into())
    );
    assert!(!String::from_utf8(answer.body).unwrap().contains("secret"));
}

#[tokio::test]
async fn every_answer_carries_an_id_and_a_sane_one_of_the_client_is_kept() {
    let made = ask_main(get("/nowhere")).await;
    assert!(made.header("x-request-id").len() > 16);
    let kept = ask_main(get("/livez").header("x-request-id", "trace-7.a_b")).await;
    assert_eq!(kept.header("x-request-id"), "trace-7.a_b");
    let strange = ask_main(get("/livez").header("x-request-id", "a\"b, <script>")).await;
    assert!(!strange.header("x-request-id").contains("script"));
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_helmet_sets() {
    for path in ["/", "/health", "/nowhere", "/socket.io/"] {
        let answer = ask_main(get(path)).await;
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("origin-agent-cluster", "?1"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-dns-prefetch-control", "off"),
            ("x-download-options", "noopen"),
            ("x-frame-options", "SAMEORIGIN"),
            ("x-permitted-cross-domain-policies", "none"),
            ("x-xss-protection", "0"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        let policy = answer.header("content-security-policy");
        for part in
            ["default-src 'self'", "frame-ancestors 'self'", "object-src 'none'", "media-src 'self' blob:"]
        {
            assert!(policy.contains(part), "{part} is not in {policy}");
        }
        assert!(!policy.contains("upgrade-insecure-requests") && !policy.contains("unsafe-eval"));
    }
}

#[tokio::test]
async fn under_tls_browsers_are_told_to_stay_there() {
    let mut state = state().await;
    state.trusted_proxies = Arc::new([server::config::Network::parse("0.0.0.0").unwrap()]);
    let answer = ask(main_port(state).await, get("/").header("x-forwarded-proto", "https")).await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    assert!(answer.header("content-security-policy").ends_with(";upgrade-insecure-requests"));
}

#[tokio::test]
async fn the_page_is_served_and_asked_for_anew_by_its_tag() {
    let page = ask_main(get("/")).await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html"));
    let tag = page.header("etag");
    assert!(!tag.is_empty() && page.header("cache-control") == "no-cache");
    let again = ask_main(get("/").header("if-none-match", tag)).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn one_tag_for_compressed_and_plain_bytes_is_a_weak_one_and_is_recognised_in_either_form() {
    let plain = ask_main(get("/")).await;
    let compressed = ask_main(get("/").header("accept-encoding", "br")).await;
    let tag = plain.header("etag");
    assert_eq!(tag, compressed.header("etag"));
    let strong = tag.strip_prefix("W/").expect("a weak tag");
    for known in [tag, strong, &format!("\"other\", {tag}")] {
        let again = ask_main(get("/").header("accept-encoding", "br").header("if-none-match", known)).await;
        assert_eq!((again.status, again.header("etag")), (StatusCode::NOT_MODIFIED, tag), "{known}");
    }
}

#[tokio::test]
async fn http_1_1_without_a_host_is_refused_and_http_1_0_is_not() {
    let hostless = |version| Request::builder().uri("/livez").version(version);
    let refused = ask_main(hostless(Version::HTTP_11)).await;
    assert_eq!((refused.status, refused.header("connection")), (StatusCode::BAD_REQUEST, "close"));
    assert_eq!(ask_main(hostless(Version::HTTP_10)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_client_library_may_be_loaded_by_any_page_and_the_rest_may_not() {
    for file in ["socket.io.js", "socket.io.min.js", "socket.io.js.map", "socket.io.min.js.map"] {
        let answer = ask_main(get(&format!("/socket.io/{file}"))).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{file}");
        assert!(!answer.header("etag").is_empty(), "{file}");
    }
    assert_eq!(ask_main(get("/")).await.header("cross-origin-resource-policy"), "same-origin");
}
