//! Hostile requests.

use serde_json::json;
use testkit::{Answer, Program, Refused, eventually};

use crate::{beside_a_call, raw::Raw};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

async fn exchange(program: &Program, request: impl AsRef<[u8]>) -> Option<Answer> {
    let mut http = program.http().await;
    http.send(request).await;
    http.answer_or_close().await
}

/// It is refused with one of these, or without a word.
async fn refused(program: &Program, request: impl AsRef<[u8]>, statuses: &[u16]) {
    if let Some(answer) = exchange(program, request).await {
        assert!(statuses.contains(&answer.status), "{answer:?}");
    }
}

/// A polling session that asks for no namespace.
async fn session(program: &Program) -> String {
    let opened = program.http().await.get(POLLING).await;
    opened.body.split('"').nth(3).unwrap().to_owned()
}

#[tokio::test]
async fn odd_queries_get_an_engine_io_error_and_no_session() {
    beside_a_call(&[], async |program: &Program| {
        let mut http = program.http().await;
        let long = "x".repeat(4_096);
        for odd in ["__proto__", "constructor", "toString", "%00", "", "%F0%9F%98%80", &long] {
            for query in [
                format!("EIO=4&transport={odd}"),
                format!("EIO=4&transport=polling&sid={odd}"),
                format!("EIO={odd}&transport=polling"),
                format!("EIO=4&transport[]=polling&transport[]={odd}"),
                format!("EIO=4&transport=polling&transport={odd}"),
                format!("EIO=4&transport=polling&sid={odd}&sid={odd}"),
            ] {
                for method in ["GET", "POST"] {
                    let answer = http.ask(method, &format!("/socket.io/?{query}"), &[], "").await;
                    assert_eq!(answer.status, 400, "{query}");
                    let error = answer.json();
                    assert!(error["code"].is_u64() && error["message"].is_string(), "{query}: {error}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn other_methods_and_posts_without_a_session_make_none() {
    beside_a_call(&[], async |program: &Program| {
        let mut http = program.http().await;
        for method in ["POST", "PUT", "DELETE", "PATCH", "BREW"] {
            assert_eq!(http.ask(method, POLLING, &[], "40").await.status, 400, "{method}");
        }
        let unknown = format!("{POLLING}&sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(http.ask("POST", &unknown, &[], "40").await.status, 400);
        let real = format!("{POLLING}&sid={}", session(program).await);
        for method in ["PUT", "DELETE", "PATCH"] {
            assert_eq!(http.ask(method, &real, &[], "").await.status, 400, "{method}");
        }
        program.counts(3, 2, 1).await;
        assert_eq!(http.ask("POST", &real, &[], "1").await.status, 200);
        program.counts(2, 2, 1).await;
        // A poll that was on its way gets the last word; then the session is none.
        let last = http.get(&real).await;
        assert!(last.status == 400 || last.body == "6", "{last:?}");
        assert_eq!(http.get(&real).await.status, 400, "it is over");
    })
    .await;
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_refused() {
    beside_a_call(&[], async |program: &Program| {
        let upgrade = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\
                       connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        let many: String = (0..3_000).map(|number| format!("x-{number}: 1\r\n")).collect();
        refused(program, format!("{upgrade}{many}\r\n"), &[431]).await;
        for name in ["sec-websocket-protocol", "sec-websocket-extensions", "cookie", "origin"] {
            for filling in [" ".repeat(60_000), ", ".repeat(30_000), "x".repeat(60_000)] {
                refused(program, format!("{upgrade}{name}: a{filling}b\r\n\r\n"), &[431]).await;
            }
        }
        // A megabyte in small pieces: it is cut off on the way.
        let mut http = program.http().await;
        http.send(format!("{upgrade}x-dribbled: ")).await;
        for _ in 0..1_000 {
            http.send([b'x'; 1_000]).await;
            tokio::task::yield_now().await;
        }
        if let Some(answer) = http.answer_or_close().await {
            assert_eq!(answer.status, 431, "{answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_of_foreign_origins_get_no_websocket_and_no_grant() {
    beside_a_call(&["--cors-origins", "https://app.example"], async |program: &Program| {
        for origin in [
            "https://evil.example",
            "null",
            "https://app.example.evil.example",
            "https://evilapp.example",
            "https://app.example`.evil.example",
            "http://app.example",
            "https://app.example:8443",
            "https://app.example/",
            "file://",
        ] {
            for dial in [program.dial(), program.dial().upgrade()] {
                let result = dial.header("origin", origin).connect("page").await;
                match result {
                    Err(Refused::Http(answer)) => assert_eq!(answer.status, 403, "{origin}"),
                    other => panic!("{origin}: {other:?}"),
                }
            }
            let answer = program.http().await.ask("GET", POLLING, &[("origin", origin)], "").await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        }
        let ours = program.dial().header("origin", "https://app.example").upgrade().connect("ours").await;
        ours.unwrap().disconnects().await;
    })
    .await;
}

#[tokio::test]
async fn requests_that_two_servers_could_read_differently_are_refused() {
    beside_a_call(&[], async |program: &Program| {
        let sid = session(program).await;
        for head in [
            "content-length: 2\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: chunked\r\n",
            "transfer-encoding: xchunked\r\ncontent-length: 2\r\n",
            "content-length: 2\r\ncontent-length: 3\r\n",
            "content-length: 2, 3\r\n",
            "content-length: +2\r\n",
            "content-length: -1\r\n",
            "content-length: 2\r\nx-folded: a\r\n b\r\n",
            "content-length : 2\r\n",
            "content-length: 2\r\nhost: b\r\n",
        ] {
            let request = format!("POST {POLLING}&sid={sid} HTTP/1.1\r\nhost: a\r\n{head}\r\n40");
            let mut http = program.http().await;
            http.send(request).await;
            if let Some(answer) = http.answer_or_close().await {
                assert_eq!(answer.status, 400, "{head}: {answer:?}");
            }
            assert!(http.answer_or_close().await.is_none(), "{head}: it must be closed");
        }
        refused(program, format!("GET {POLLING} HTTP/1.1\r\nhost : a\r\n\r\n"), &[400]).await;
        refused(program, "GET / HTTP/2.0\r\n\r\n", &[400, 505]).await;
        refused(program, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not TLS here\r\n\r\n", &[400]).await;
        assert_eq!(
            program.http().await.get("/stats").await.json()["totalPeers"],
            2,
            "none of them said anything"
        );
    })
    .await;
}

#[tokio::test]
async fn paths_that_climb_and_endless_ones_are_refused() {
    beside_a_call(&[], async |program: &Program| {
        let long = format!("/{}", "a".repeat(70_000));
        for path in [
            "/../../etc/passwd",
            "/socket.io/../../../etc/passwd",
            "/assets/..%2f..%2f..%2fetc%2fpasswd",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/socket.io/socket.io.js/../../../../etc/passwd",
            "/..\\..\\etc\\passwd",
            "/%00",
            "//etc/passwd",
            &long,
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            refused(program, request, &[400, 404, 414, 431]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_that_is_cut_leaves_the_session_polling() {
    beside_a_call(&[], async |program: &Program| {
        let sid = session(program).await;
        let (polling, path) =
            (format!("{POLLING}&sid={sid}"), format!("/socket.io/?EIO=4&transport=websocket&sid={sid}"));
        let (mut get, mut post) = (program.http().await, program.http().await);
        assert_eq!(post.ask("POST", &polling, &[], "40").await.status, 200);
        assert!(get.get(&polling).await.body.starts_with("40{"));
        for said in ["", "2prob", "nonsense"] {
            let mut raw = Raw::open_path(program, &path).await;
            raw.text(said).await;
            raw.reset();
        }
        // While one is being probed, another one is closed: this one may have to wait until the last one is noticed.
        let probe = async || {
            let mut raw = Raw::open_path(program, &path).await;
            raw.text("2probe").await;
            raw.frame().await.is_some_and(|(_, said)| said == b"3probe").then(|| raw.reset())
        };
        eventually("an answer to the probe", probe, Option::is_some).await;
        let leave = r#"420["leave",{}]"#;
        assert_eq!(post.ask("POST", &polling, &[], leave).await.status, 200);
        let mut heard = get.get(&polling).await.body;
        while heard == "6" || heard == "2" {
            heard = get.get(&polling).await.body;
        }
        assert_eq!(heard, r#"430[{"success":true}]"#);
        assert_eq!(post.ask("POST", &polling, &[], "1").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_post_that_announces_99_gigabytes_is_refused_at_once() {
    beside_a_call(&[], async |program: &Program| {
        let sid = session(program).await;
        for path in [format!("{POLLING}&sid={sid}"), "/health".to_owned(), "/nowhere".to_owned()] {
            let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 99000000000\r\n\r\n40");
            let answer = exchange(program, head).await.expect("an answer");
            assert_eq!(answer.status, 413, "{path}");
        }
        program.counts(2, 2, 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_hundred_thousand_packets_in_one_post_are_taken_or_close_their_session() {
    beside_a_call(&[], async |program: &Program| {
        for (packet, status) in
            [("3", 200), ("6", 200), (r#"42["x"]"#, 400), ("40", 400), ("4", 400), ("", 400)]
        {
            let path = format!("{POLLING}&sid={}", session(program).await);
            let mut http = program.http().await;
            assert_eq!(http.ask("POST", &path, &[], "40").await.status, 200);
            let payload = vec![packet; 100_000].join("\x1e");
            let answer = http.ask("POST", &path, &[], &payload).await;
            assert_eq!(answer.status, status, "{packet}: {}", answer.body);
            let goodbye = if status == 200 { 200 } else { 400 };
            assert_eq!(http.ask("POST", &path, &[], "1").await.status, goodbye, "{packet}");
        }
        let large = "x".repeat(1_000_001);
        let path = format!("{POLLING}&sid={}", session(program).await);
        let answer = program.http().await.ask("POST", &path, &[], &large).await;
        assert_eq!((answer.status, answer.body.len() < 100), (413, true), "{}", json!(answer.body));
    })
    .await;
}
