//! Binary events and acknowledgements, over both transports.

use std::time::Duration;

use bytes::Bytes;
use socketio::{Limits, Reason};

use crate::support::{Client, Heard, Poller, Seen, Server};

const ONE: &str = r#"451-["echo",{"_placeholder":true,"num":0}]"#;
const BACK: &str = r#"451-["back",{"_placeholder":true,"num":0}]"#;

#[tokio::test]
async fn a_binary_event_comes_and_goes_with_its_attachments() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    server.saw_connected().await;
    client
        .say(r#"452-["echo",{"_placeholder":true,"num":1},{"deep":[{"num":0,"_placeholder":true}]}]"#)
        .await;
    client.ws.binary(&[1, 2, 3]).await;
    client.ws.binary(&[]).await;
    let args = r#"{"_placeholder":true,"num":1},{"deep":[{"num":0,"_placeholder":true}]}"#;
    let Seen::Event { args: seen, attachments, ack, .. } = server.saw().await else { panic!("an event") };
    assert_eq!(
        (seen.as_str(), ack, attachments),
        (args, None, vec![Bytes::from_static(&[1, 2, 3]), Bytes::new()])
    );
    assert_eq!(client.hears().await, format!(r#"452-["back",{args}]"#));
    assert_eq!(client.ws.next().await, Heard::Binary(vec![1, 2, 3]));
    assert_eq!(client.ws.next().await, Heard::Binary(vec![]));
}

#[tokio::test]
async fn a_binary_event_of_a_namespace_is_acknowledged_with_attachments() {
    let server = Server::start().await;
    let mut client = Client::open(&server).await;
    client.enter("/custom").await;
    client.say(r#"451-/custom,789["echo",{"_placeholder":true,"num":0}]"#).await;
    client.ws.binary(b"xyz").await;
    assert_eq!(client.hears().await, r#"461-/custom,789[{"_placeholder":true,"num":0}]"#);
    assert_eq!(client.ws.next().await, Heard::Binary(b"xyz".to_vec()));
}

#[tokio::test]
async fn who_polls_sends_and_gets_attachments_as_base64() {
    let server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    client.packets(1).await;
    client.say(format!("{ONE}\x1ebAQIDBA==")).await;
    assert_eq!(client.packets(2).await, [BACK, "bAQIDBA=="]);
    // In two requests as well.
    client.say(ONE).await;
    client.say("bAQIDBA==").await;
    assert_eq!(client.packets(2).await, [BACK, "bAQIDBA=="]);
}

#[tokio::test]
async fn nothing_comes_between_an_event_and_its_attachments_whoever_speaks_at_the_same_time() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    let speakers: Vec<_> = (0..4)
        .map(|_| {
            let socket = socket.clone();
            server.tasks.spawn_blocking(move || {
                for _ in 0..200 {
                    let data = [Bytes::from_static(b"1"), Bytes::from_static(b"2")];
                    socket.emit_binary(br#"["b",0,1]"#, &data).unwrap();
                    socket.emit(br#"["t"]"#).unwrap();
                }
            })
        })
        .collect();
    let mut texts = 0;
    while texts < 1600 {
        texts += 1;
        if client.hears().await.starts_with("452-") {
            assert_eq!(client.ws.next().await, Heard::Binary(b"1".to_vec()));
            assert_eq!(client.ws.next().await, Heard::Binary(b"2".to_vec()));
        }
    }
    for speaker in speakers {
        speaker.await.unwrap();
    }
}

#[tokio::test]
async fn attachments_that_do_not_come_close_the_connection() {
    let attachments_timeout = Duration::from_millis(60);
    let mut server = Server::with(Limits { attachments_timeout, ..Limits::default() }).await;
    let mut client = Client::join(&server).await;
    client.say(ONE).await;
    assert_eq!(client.ws.next_close().await, Some(1008));
    assert_eq!(server.saw_closed().await, Reason::AttachmentsTimeout);

    let poller = Poller::socketio(&server).await;
    poller.say(format!("40\x1e{ONE}")).await;
    poller.packets(1).await;
    assert_eq!(server.saw_closed().await, Reason::AttachmentsTimeout);
}

#[tokio::test]
async fn every_mistake_about_attachments_closes_the_connection_and_no_other() {
    let mut server = Server::start().await;
    let mut bystander = Client::join(&server).await;
    let eleven = format!(r#"4511-["a"{}]"#, r#",{"_placeholder":true,"num":0}"#.repeat(11));
    for (texts, binary) in [
        (vec![], true),
        (vec![ONE, r#"42["a"]"#], false),
        (vec![ONE, ONE], false),
        (vec![eleven.as_str()], false),
        (vec![r#"451000000000-["a"]"#], false),
        (vec![r#"45-1-["a"]"#], false),
        (vec![r#"451.5-["a"]"#], false),
        (vec![r#"45NaN-["a"]"#], false),
        (vec![r#"451-["a",{"_placeholder":true,"num":-1}]"#], false),
        (vec![r#"451-["a",{"_placeholder":true,"num":"0"}]"#], false),
        (vec![r#"451-["a",{"_placeholder":true,"num":1}]"#], false),
        (vec![r#"42["a"]"#], true),
    ] {
        let mut client = Client::join(&server).await;
        for text in &texts {
            client.say(text).await;
        }
        if binary {
            client.ws.binary(&[1]).await;
        }
        assert_eq!(client.ws.next_close().await, Some(1008), "{texts:?}");
        assert_eq!(server.saw_closed().await, Reason::Parse, "{texts:?}");
        bystander.is_served().await;
    }
}

#[tokio::test]
async fn attachments_that_are_too_much_together_are_too_large() {
    let mut server = Server::with(Limits { max_payload_bytes: 1000, ..Limits::default() }).await;
    let mut client = Client::join(&server).await;
    client.say(r#"452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
    client.ws.binary(&[0; 600]).await;
    client.ws.binary(&[0; 600]).await;
    assert_eq!(client.ws.next_close().await, Some(1009));
    assert_eq!(server.saw_closed().await, Reason::TooLarge);
}
