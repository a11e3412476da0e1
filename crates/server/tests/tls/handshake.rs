//! Who gets a session, and who does not.

use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use testkit::{Authority, Folder, Http, within};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{client, listener, session, start};

#[tokio::test]
async fn both_versions_are_spoken_and_the_client_picks_the_protocol() {
    let tls = start().await;
    for version in [&TLS12, &TLS13] {
        let config = tls.authority.client_of(&[version]);
        let stream = session(tls.server.address(), config).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        assert_eq!(stream.get_ref().1.alpn_protocol(), None);
    }
    for (offered, agreed) in
        [(&[&b"http/1.1"[..]][..], &b"http/1.1"[..]), (&[b"http/1.1", b"h2"], b"h2"), (&[b"h2"], b"h2")]
    {
        let stream = session(tls.server.address(), client(&tls.authority, offered)).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(agreed));
    }
    let refused = session(tls.server.address(), client(&tls.authority, &[b"smtp"])).await;
    assert!(refused.unwrap_err().to_string().contains("NoApplicationProtocol"));
    let metrics = tls.server.metrics().await;
    assert!(metrics.value(r#"tls_handshakes_total{outcome="failed"}"#) >= 1.0);
    assert!(metrics.value(r#"tls_handshakes_total{outcome="ok"}"#) >= 5.0);
}

#[tokio::test]
async fn a_request_in_the_clear_is_told_to_use_https() {
    let tls = start().await;
    let mut http = Http::connect(tls.server.address()).await;
    let answer = http.ask("POST", "/?token=planted-secret", &[], &"x".repeat(40_000)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body, "this port speaks TLS: use https://");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(http.until_close().await, b"");
    assert_eq!(tls.server.metrics().await.value(r#"tls_handshakes_total{outcome="clear"}"#), 1.0);
    assert!(!tls.server.logs().text().contains("planted-secret"));
}

/// A ClientHello of TLS 1.1, which names nothing newer but how it would check signatures.
fn hello_of_tls_1_1() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0xc0, 0x13, 0, 0x2f, 1, 0]);
    hello.extend([0, 8, 0, 13, 0, 4, 0, 2, 4, 1]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    record
}

#[tokio::test]
async fn an_older_version_is_refused_by_its_name() {
    let tls = start().await;
    let mut stream = TcpStream::connect(tls.server.address()).await.unwrap();
    stream.write_all(&hello_of_tls_1_1()).await.unwrap();
    let mut answer = Vec::new();
    let _ = within("a close", stream.read_to_end(&mut answer)).await;
    // A fatal alert, `protocol_version` (RFC 8446, section 6).
    assert_eq!((answer[0], &answer[5..]), (21, &[2, 70][..]));
}

#[tokio::test]
async fn garbage_is_closed_and_everybody_else_is_served() {
    let tls = start().await;
    let mut honest = tls.server.guest("honest").await;
    honest.join("standup").await;
    let hello = hello_of_tls_1_1();
    let huge = [&[22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff][..], &[0; 20_000]].concat();
    let bytes: [&[u8]; 6] = [
        &[0; 600],
        &[22, 3, 1, 0xff, 0xff, 9],
        &[0xff; 70_000],
        &[21, 3, 3, 0, 2, 1, 0],
        &huge,
        &hello[..20],
    ];
    for garbage in bytes {
        let mut stream = TcpStream::connect(tls.server.address()).await.unwrap();
        // It may close before it has read everything.
        let _ = stream.write_all(garbage).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = within("a close", stream.read_to_end(&mut answer)).await;
        assert!(answer.is_empty() || answer[0] == 21, "something else than an alert: {answer:?}");
    }
    honest.leave("standup").await;
    let failed = tls.server.metrics().await.value(r#"tls_handshakes_total{outcome="failed"}"#);
    assert_eq!(failed, 6.0);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_to_an_end_is_cut_after_ten_seconds() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (address, _life) = listener(&authority, &folder);
    for begin in [&[][..], &[22], &hello_of_tls_1_1()[..30]] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begin).await.unwrap();
        let before = tokio::time::Instant::now();
        let mut all = Vec::new();
        let cut = timeout(Duration::from_secs(11), stream.read_to_end(&mut all)).await;
        assert!(cut.is_ok(), "still open after {:?}", before.elapsed());
    }
}

#[tokio::test]
async fn a_drain_does_not_wait_for_a_handshake() {
    let tls = start().await;
    let mut silent = TcpStream::connect(tls.server.address()).await.unwrap();
    let mut begun = TcpStream::connect(tls.server.address()).await.unwrap();
    begun.write_all(&hello_of_tls_1_1()[..20]).await.unwrap();
    // Both have been accepted once one that came behind them is served.
    assert_eq!(tls.server.http().await.get("/livez").await.status, 200);
    tls.server.drain();
    for stream in [&mut silent, &mut begun] {
        let mut all = Vec::new();
        let _ = within("a close", stream.read_to_end(&mut all)).await;
        assert_eq!(all, b"");
    }
    tls.server.end().await;
}

#[tokio::test]
async fn many_who_never_finish_their_handshake_hold_nobody_up() {
    let tls = start().await;
    let mut unfinished = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(tls.server.address()).await.unwrap();
        stream.write_all(&hello_of_tls_1_1()[..20]).await.unwrap();
        unfinished.push(stream);
    }
    let before = std::time::Instant::now();
    assert_eq!(tls.server.http().await.get("/livez").await.status, 200);
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
}
