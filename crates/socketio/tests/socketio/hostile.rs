//! Inputs made to hurt: each is closed alone and fast, and a client that was there before does not notice.

use std::time::{Duration, Instant};

use socketio::Reason;

use crate::support::{
    Client, Poller, Seen, Server, Ws,
    ws::{CONTINUATION, FIN, TEXT, frame},
};

/// A debug build beside other tests; a release build takes a tenth of it.
const AT_ONCE: Duration = Duration::from_millis(500);

#[tokio::test]
async fn json_that_is_nested_a_hundred_thousand_deep_is_refused_at_once() {
    let mut server = Server::start().await;
    let mut bystander = Client::join(&server).await;
    for deep in [
        format!("42[\"a\",{}", "[".repeat(100_000)),
        format!("42[\"a\",{}{}]", "[".repeat(100_000), "]".repeat(100_000)),
        format!("42[\"a\",{}1{}]", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        format!("40{}", "{\"a\":".repeat(100_000)),
        format!("451-[\"a\",{}", "[".repeat(900_000)),
    ] {
        let mut client = Client::open(&server).await;
        if !deep.starts_with("40") {
            client.enter("").await;
        }
        let start = Instant::now();
        client.ws.try_send(&frame(FIN | TEXT, deep.as_bytes())).await;
        assert_eq!(client.ws.next_close().await, Some(1008));
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
        assert_eq!(server.saw_closed().await, Reason::Parse);
        bystander.is_served().await;
    }
}

#[tokio::test]
async fn placeholders_are_looked_for_in_deep_json_without_walking_it_again_and_again() {
    let server = Server::start().await;
    let mut client = Client::join(&server).await;
    let members = r#"{"_placeholder":false,"b":"#.repeat(61);
    let filler = r#"{"_placeholder":false},"#.repeat(38_000);
    let text = format!("451-[\"echo\",{members}[{filler}0]{}]", "}".repeat(61));
    let start = Instant::now();
    client.say(&text).await;
    client.ws.binary(b"").await;
    assert_eq!(client.hears().await.len(), text.len());
    assert!(start.elapsed() < 4 * AT_ONCE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn empty_fragments_without_end_are_closed_at_the_cap() {
    let mut server = Server::start().await;
    let mut bystander = Client::join(&server).await;
    for payload in [&b""[..], b"x"] {
        let mut ws = Ws::echo(&server).await;
        ws.send(&frame(TEXT, payload)).await;
        for _ in 0..300 {
            ws.try_send(&frame(CONTINUATION, payload).repeat(1000)).await;
        }
        assert_eq!(ws.next_close().await, Some(1008));
        assert_eq!(server.saw_closed().await, Reason::TooManyFragments);
        bystander.is_served().await;
    }
}

#[tokio::test]
async fn a_hundred_messages_that_are_never_finished_bother_nobody() {
    let server = Server::start().await;
    let mut bystander = Client::join(&server).await;
    let mut unfinished = Vec::new();
    for _ in 0..100 {
        let mut ws = Ws::echo(&server).await;
        ws.send(&[frame(TEXT, b"x"), frame(CONTINUATION, b"").repeat(4000)].concat()).await;
        unfinished.push(ws);
    }
    bystander.is_served().await;
    let mut last = unfinished.pop().unwrap();
    last.send(&frame(FIN | CONTINUATION, b"!")).await;
    assert_eq!(last.next_text().await, "x!");
}

#[tokio::test]
async fn names_that_mean_something_to_javascript_are_plain_data() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    server.saw_connected().await;
    for name in ["__proto__", "constructor", "hasOwnProperty", "toString"] {
        client.say(&format!(r#"42["{name}",{{"{name}":{{"{name}":1}}}}]"#)).await;
        assert_eq!(server.saw_event().await, (name.to_owned(), format!(r#"{{"{name}":{{"{name}":1}}}}"#)));
    }
    client.say("40/__proto__,").await;
    assert_eq!(client.hears().await, r#"44/__proto__,{"message":"Invalid namespace"}"#);
}

#[tokio::test]
async fn numbers_and_texts_at_the_edges_of_json_pass_as_they_were_written() {
    let server = Server::start().await;
    let mut client = Client::join(&server).await;
    for edge in
        ["1e400", "9007199254740993", "-0.0", r#""\ud800""#, r#""\u0000""#, "\"\u{7f}\u{2028}\"", "[ ]"]
    {
        client.say(&format!("42[\"echo\",{edge}]")).await;
        assert_eq!(client.hears().await, format!("42[\"back\",{edge}]"));
    }
}

#[tokio::test]
async fn a_namespace_of_64_kilobytes_is_closed_and_one_of_tricks_is_refused() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    for trick in ["/\u{202e}moc", "//", "/a/../..", "/%00", "/😀"] {
        client.say(&format!("40{trick},")).await;
        assert_eq!(client.hears().await, format!(r#"44{trick},{{"message":"Invalid namespace"}}"#));
    }
    client.say(&format!("40/{}", "n".repeat(64 << 10))).await;
    assert_eq!(client.ws.next_close().await, Some(1008));
    assert_eq!(server.saw_closed().await, Reason::Parse);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_twenty_thousand_events_at_once_does_not_keep_others_waiting() {
    let server = Server::start().await;
    let mut bystander = Client::join(&server).await;
    let mut client = Client::join(&server).await;
    let flood = frame(FIN | TEXT, br#"42["e",{"a":[1,2,3]}]"#).repeat(20_000);
    let flooding = server.tasks.spawn(async move {
        client.ws.send(&flood).await;
        client.is_served().await;
    });
    let mut slowest = Duration::ZERO;
    while !flooding.is_finished() {
        let start = Instant::now();
        bystander.is_served().await;
        slowest = slowest.max(start.elapsed());
    }
    flooding.await.unwrap();
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

#[tokio::test]
async fn noise_of_every_kind_leaves_no_session_behind() {
    let mut server = Server::start().await;
    let mut bystander = Client::join(&server).await;
    // As bytes on the stream, and as the text of a packet.
    let mut noise = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..200 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            (noise >> 32) as u8
        })
        .take(64)
        .collect();
        let mut raw = Client::join(&server).await;
        raw.ws.try_send(&bytes).await;
        let text: String = bytes.iter().map(|byte| char::from(byte & 0x7f)).collect();
        let mut packet = Client::join(&server).await;
        packet.ws.try_send(&frame(FIN | TEXT, format!("4{text}").as_bytes())).await;
        let poller = Poller::socketio(&server).await;
        poller.post(&bytes).await;
        drop((raw, packet));
        for _ in 0..3 {
            server.saw_closed().await;
        }
    }
    bystander.is_served().await;
    assert_eq!(server.socketio.session_count(), 1);
    assert!(!matches!(server.saw().await, Seen::Closed(_)));
}
