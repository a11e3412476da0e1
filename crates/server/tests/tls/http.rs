//! Requests under TLS, by either version of HTTP.

use std::convert::Infallible;

use axum::body::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::{Client, StatusCode, Version};
use testkit::{Authority, within};

use crate::support::{Tls, client, session, start, start_with};

fn http(tls: &Tls, protocols: &[&[u8]]) -> Client {
    let builder = Client::builder().tls_backend_preconfigured(client(&tls.authority, protocols));
    builder.resolve(Authority::HOST, tls.server.address()).build().unwrap()
}

fn url(tls: &Tls, path: &str) -> String {
    format!("https://{}:{}{path}", Authority::HOST, tls.server.address().port())
}

const BOTH: [(&[u8], Version); 2] = [(b"http/1.1", Version::HTTP_11), (b"h2", Version::HTTP_2)];

#[tokio::test]
async fn both_versions_answer_with_what_browsers_are_to_know_of_tls() {
    let tls = start().await;
    for (protocol, version) in BOTH {
        let http = http(&tls, &[protocol]);
        let answer = within("an answer", http.get(url(&tls, "/health")).send()).await.unwrap();
        assert_eq!((answer.status(), answer.version()), (StatusCode::OK, version));
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("strict-transport-security"), "max-age=31536000; includeSubDomains");
        assert!(header("content-security-policy").ends_with(";upgrade-insecure-requests"));
        assert!(!answer.headers().contains_key("connection"));
        assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["status"], "ok");
        let missing = http.get(url(&tls, "/nowhere")).send().await.unwrap();
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn in_the_clear_browsers_are_told_nothing_of_tls() {
    let server = testkit::Server::start().await;
    let answer = server.http().await.get("/health").await;
    assert_eq!(answer.header("strict-transport-security"), None);
    assert!(!answer.header("content-security-policy").unwrap().contains("upgrade-insecure-requests"));
}

#[tokio::test]
async fn a_hundred_requests_at_once_share_one_connection() {
    let tls = start_with(|config| config.max_connections_per_ip = 1).await;
    let http = http(&tls, &[b"h2"]);
    within("the first", http.get(url(&tls, "/livez")).send()).await.unwrap();
    let requests = (0..100).map(|_| http.get(url(&tls, "/livez")).send());
    for answer in within("all others", futures_util::future::join_all(requests)).await {
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_head_is_bounded_in_both_versions_alike() {
    let tls = start().await;
    for (protocol, _) in BOTH {
        let many = (0..150).map(|n| (format!("x-{n}"), "1".to_owned())).collect::<Vec<_>>();
        let long = vec![("x-long".to_owned(), "x".repeat(40_000))];
        for headers in [many, long] {
            let mut request = http(&tls, &[protocol]).get(url(&tls, "/livez"));
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let answer = within("an answer", request.send()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "{protocol:?}");
        }
    }
}

#[tokio::test]
async fn a_body_without_a_length_is_read_over_http_2_and_no_further_than_a_mebibyte() {
    let tls = start().await;
    let http = http(&tls, &[b"h2"]);
    let email = r#"{"email":"nobody@example.org","password":"correct horse"#;
    for (more, status) in [
        (0, StatusCode::UNAUTHORIZED),
        (1_000, StatusCode::BAD_REQUEST),
        (2 << 20, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let parts = [email.to_owned(), "x".repeat(more / 2), "x".repeat(more / 2), "\"}".to_owned()];
        let frames = parts.map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from(part))));
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let request = http.post(url(&tls, "/api/auth/login")).header("content-type", "application/json");
        let answer = within("an answer", request.body(reqwest::Body::wrap(body)).send()).await.unwrap();
        assert_eq!(answer.status(), status, "{more} bytes more");
    }
}

#[tokio::test]
async fn a_websocket_is_not_opened_over_http_2() {
    let tls = start().await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let answer = within("an answer", http(&tls, &[b"h2"]).get(url(&tls, path)).send()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn polling_works_over_http_2() {
    let tls = start().await;
    let http = http(&tls, &[b"h2"]);
    let path = url(&tls, "/socket.io/?EIO=4&transport=polling");
    let text = async |request: reqwest::RequestBuilder| {
        let answer = within("an answer", request.send()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    };
    let open: serde_json::Value = serde_json::from_str(&text(http.get(&path)).await[1..]).unwrap();
    let path = format!("{path}&sid={}", open["sid"].as_str().unwrap());
    // With a poll under way: the two are streams of one connection.
    let (polled, posted) = tokio::join!(text(http.get(&path)), text(http.post(&path).body("40")));
    assert_eq!(posted, "ok");
    assert!(polled.starts_with("40{\"sid\":"), "{polled}");
}

#[tokio::test]
async fn a_session_that_is_closed_without_a_goodbye_is_no_error() {
    let tls = start().await;
    drop(session(tls.server.address(), client(&tls.authority, &[b"h2"])).await.unwrap());
    drop(session(tls.server.address(), client(&tls.authority, &[])).await.unwrap());
    assert_eq!(tls.server.http().await.get("/livez").await.status, 200);
}
