//! RFC 6455 as a client meets it: frames of every kind, and the close code that each mistake earns.

use futures_util::{SinkExt, StreamExt};
use socketio::{Limits, Reason};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Heard, Server, Ws, soon,
    ws::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, announce, frame, upgrade_request},
};

#[tokio::test]
async fn text_and_binary_of_every_length_of_length_come_back() {
    let server = Server::start().await;
    let mut ws = Ws::echo(&server).await;
    for bytes in [0, 1, 125, 126, 127, 65_535, 65_536, 999_999] {
        ws.text(&"x".repeat(bytes)).await;
        assert_eq!(ws.next().await, Heard::Text("x".repeat(bytes)));
        ws.binary(&vec![0xfe; bytes]).await;
        assert_eq!(ws.next().await, Heard::Binary(vec![0xfe; bytes]));
    }
}

#[tokio::test]
async fn frames_that_arrive_byte_by_byte_and_frames_that_arrive_together_are_the_same() {
    let server = Server::start().await;
    let mut ws = Ws::echo(&server).await;
    let stream =
        [frame(FIN | TEXT, "é😀".as_bytes()), frame(FIN | PING, b"?"), frame(FIN | BINARY, &[7; 200])]
            .concat();
    for byte in &stream {
        ws.send(&[*byte]).await;
    }
    ws.send(&stream).await;
    for _ in 0..2 {
        assert_eq!(ws.next().await, Heard::Text("é😀".to_owned()));
        assert_eq!(ws.next().await, Heard::Pong(b"?".to_vec()));
        assert_eq!(ws.next().await, Heard::Binary(vec![7; 200]));
    }
}

#[tokio::test]
async fn a_message_in_fragments_is_whole_again_and_control_frames_may_stand_between() {
    let server = Server::start().await;
    let mut ws = Ws::echo(&server).await;
    ws.send(&frame(TEXT, &"é".as_bytes()[..1])).await;
    ws.send(&frame(FIN | PING, b"between")).await;
    ws.send(&frame(CONTINUATION, &"é".as_bytes()[1..])).await;
    ws.send(&frame(FIN | PONG, b"unasked")).await;
    ws.send(&frame(FIN | CONTINUATION, b"")).await;
    assert_eq!(ws.next().await, Heard::Pong(b"between".to_vec()));
    assert_eq!(ws.next().await, Heard::Text("é".to_owned()));
}

#[tokio::test]
async fn a_close_frame_is_answered_with_its_own_code_and_the_stream_ends() {
    let mut server = Server::start().await;
    for (payload, answer, reason) in [
        (vec![], None, Reason::TransportClosed),
        (1000u16.to_be_bytes().to_vec(), Some(1000), Reason::ClientClosed),
        (1001u16.to_be_bytes().to_vec(), Some(1001), Reason::ClientClosed),
        ([&3000u16.to_be_bytes()[..], "adé".as_bytes()].concat(), Some(3000), Reason::TransportClosed),
        (4999u16.to_be_bytes().to_vec(), Some(4999), Reason::TransportClosed),
    ] {
        let mut ws = Ws::echo(&server).await;
        ws.text("before").await;
        ws.send(&frame(FIN | CLOSE, &payload)).await;
        assert_eq!(ws.next_text().await, "before");
        assert_eq!(ws.next_close().await, answer, "{payload:?}");
        assert_eq!(server.saw_closed().await, reason, "{payload:?}");
    }
}

#[tokio::test]
async fn each_breach_of_the_protocol_is_closed_with_the_code_that_names_it() {
    let mut server = Server::start().await;
    let close = |code: u16| frame(FIN | CLOSE, &code.to_be_bytes());
    let unmasked = |first: u8, payload: &[u8]| [&[first, payload.len() as u8], payload].concat();
    for (what, bytes, code, reason) in [
        ("reserved bit 1", frame(FIN | 0x40 | TEXT, b"a"), 1002, Reason::Protocol),
        ("reserved bit 2", frame(FIN | 0x20 | TEXT, b"a"), 1002, Reason::Protocol),
        ("reserved bit 3", frame(FIN | 0x10 | PING, b"a"), 1002, Reason::Protocol),
        ("opcode 3", frame(FIN | 3, b"a"), 1002, Reason::Protocol),
        ("opcode 11", frame(FIN | 11, b"a"), 1002, Reason::Protocol),
        ("no mask", unmasked(FIN | TEXT, b"a"), 1002, Reason::Protocol),
        ("long ping", frame(FIN | PING, &[0; 126]), 1002, Reason::Protocol),
        ("fragmented ping", frame(PING, b"a"), 1002, Reason::Protocol),
        ("continuation of nothing", frame(FIN | CONTINUATION, b"a"), 1002, Reason::Protocol),
        ("text within text", [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat(), 1002, Reason::Protocol),
        ("close with one byte", frame(FIN | CLOSE, b"a"), 1002, Reason::Protocol),
        ("close 999", close(999), 1002, Reason::Protocol),
        ("close 1004", close(1004), 1002, Reason::Protocol),
        ("close 1005", close(1005), 1002, Reason::Protocol),
        ("close 1006", close(1006), 1002, Reason::Protocol),
        ("close 1015", close(1015), 1002, Reason::Protocol),
        ("close 2999", close(2999), 1002, Reason::Protocol),
        ("close 5000", close(5000), 1002, Reason::Protocol),
        ("text that is not UTF-8", frame(FIN | TEXT, b"\xce\xba\xff"), 1007, Reason::NotUtf8),
        ("a surrogate in UTF-8", frame(FIN | TEXT, b"\xed\xa0\x80"), 1007, Reason::NotUtf8),
        (
            "fragments that are not UTF-8 together",
            [frame(TEXT, b"\xc3"), frame(FIN | CONTINUATION, b"a")].concat(),
            1007,
            Reason::NotUtf8,
        ),
        ("a close reason that is not UTF-8", frame(FIN | CLOSE, b"\x03\xe8\xff"), 1007, Reason::NotUtf8),
    ] {
        let mut ws = Ws::echo(&server).await;
        ws.send(&bytes).await;
        assert_eq!(ws.next_close().await, Some(code), "{what}");
        assert_eq!(server.saw_closed().await, reason, "{what}");
    }
}

#[tokio::test]
async fn a_header_that_announces_too_much_is_closed_before_the_rest_comes() {
    let mut server = Server::start().await;
    for announced in [1_000_001, 1 << 30, 1 << 62, u64::MAX] {
        let mut ws = Ws::echo(&server).await;
        ws.send(&announce(FIN | BINARY, announced)).await;
        assert_eq!(ws.next_close().await, Some(1009), "{announced}");
        assert_eq!(server.saw_closed().await, Reason::TooLarge);
    }
}

#[tokio::test]
async fn a_message_of_the_largest_size_passes_and_one_byte_more_does_not_in_one_frame_or_in_many() {
    let mut server = Server::with(Limits { max_payload_bytes: 1000, ..Limits::default() }).await;
    let mut ws = Ws::echo(&server).await;
    ws.binary(&[1; 1000]).await;
    assert_eq!(ws.next().await, Heard::Binary(vec![1; 1000]));
    ws.send(&[frame(BINARY, &[1; 600]), frame(FIN | CONTINUATION, &[1; 400])].concat()).await;
    assert_eq!(ws.next().await, Heard::Binary(vec![1; 1000]));
    ws.send(&frame(FIN | BINARY, &[1; 1001])).await;
    assert_eq!(ws.next_close().await, Some(1009));
    assert_eq!(server.saw_closed().await, Reason::TooLarge);

    let mut ws = Ws::echo(&server).await;
    ws.send(&[frame(BINARY, &[1; 600]), announce(FIN | CONTINUATION, 401)].concat()).await;
    assert_eq!(ws.next_close().await, Some(1009));
    assert_eq!(server.saw_closed().await, Reason::TooLarge);
}

#[tokio::test]
async fn nothing_is_read_after_a_close_frame() {
    let server = Server::start().await;
    let mut ws = Ws::echo(&server).await;
    ws.send(&[frame(FIN | CLOSE, &1000u16.to_be_bytes()), frame(FIN | TEXT, b"after")].concat()).await;
    assert_eq!(ws.next().await, Heard::Close(Some(1000)));
    assert_eq!(ws.next().await, Heard::End);
}

#[tokio::test]
async fn a_stream_that_ends_without_a_word_is_a_closed_transport() {
    let mut server = Server::start().await;
    drop(Ws::echo(&server).await);
    assert_eq!(server.saw_closed().await, Reason::TransportClosed);
}

#[tokio::test]
async fn an_engine_session_takes_text_and_binary_and_is_closed_by_what_is_no_packet() {
    let mut server = Server::start().await;
    let mut ws = Ws::engine(&server).await;
    ws.text("4hello").await;
    assert_eq!(ws.next_text().await, "4hello");
    ws.binary(&[1, 2, 3]).await;
    assert_eq!(ws.next().await, Heard::Binary(vec![1, 2, 3]));
    ws.text("6").await;
    for bad in ["", "abc", "0{}", "5", "2probe"] {
        let mut ws = Ws::engine(&server).await;
        ws.text(bad).await;
        assert_eq!(ws.next_close().await, Some(1008), "{bad}");
        assert_eq!(server.saw_closed().await, Reason::Parse, "{bad}");
    }
    ws.text("4and others go on").await;
    assert_eq!(ws.next_text().await, "4and others go on");
    ws.text("1").await;
    assert_eq!(ws.next_close().await, Some(1000));
    assert_eq!(server.saw_closed().await, Reason::ClientClosed);
}

#[tokio::test]
async fn what_comes_together_with_the_upgrade_request_is_not_lost_whoever_holds_the_stream() {
    for server in [Server::start().await, Server::behind_axum().await] {
        let request = [upgrade_request("/echo").into_bytes(), frame(FIN | TEXT, b"early")].concat();
        let mut ws = Ws::begin(server.address, &request).await;
        assert_eq!(ws.next_text().await, "early");
        ws.text("later").await;
        assert_eq!(ws.next_text().await, "later");
        ws.send(&frame(FIN | CLOSE, b"")).await;
        assert_eq!(ws.next_close().await, None);
    }
}

#[tokio::test]
async fn a_client_of_other_make_understands_every_frame() {
    let server = Server::start().await;
    let (mut ws, _) =
        tokio_tungstenite::connect_async(format!("ws://{}/echo", server.address)).await.unwrap();
    for message in [
        Message::text("é😀".repeat(10_000)),
        Message::binary(vec![0; 70_000]),
        Message::text(""),
        Message::binary(vec![1; 126]),
    ] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(soon(ws.next()).await.unwrap().unwrap(), message);
    }
    ws.send(Message::Ping("?".into())).await.unwrap();
    assert_eq!(soon(ws.next()).await.unwrap().unwrap(), Message::Pong("?".into()));
    ws.close(None).await.unwrap();
    assert!(matches!(soon(ws.next()).await.unwrap().unwrap(), Message::Close(None)));
    assert!(soon(ws.next()).await.is_none());
}
