//! From polling to a WebSocket, without losing or reordering anything on the way.

use socketio::Reason;

use crate::support::{
    Heard, Poller, Seen, Server, Ws,
    http::{Call, get, head},
};

/// A WebSocket that was probed with success, and has not taken over yet.
pub(crate) async fn probed(client: &Poller) -> Ws {
    let mut ws = Ws::open(client.address, &client.target.replace("=polling", "=websocket")).await;
    ws.text("2probe").await;
    assert_eq!(ws.next_text().await, "3probe");
    ws
}

/// A WebSocket that has taken over.
async fn upgraded(client: &Poller) -> Ws {
    let mut ws = probed(client).await;
    ws.text("5").await;
    ws
}

#[tokio::test]
async fn after_the_upgrade_the_session_speaks_over_the_websocket() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut ws = upgraded(&client).await;
    ws.text("4hello").await;
    assert_eq!(ws.next_text().await, "4hello");
    ws.binary(&[1, 2]).await;
    assert_eq!(ws.next().await, Heard::Binary(vec![1, 2]));
    assert_eq!(server.engine.session_count(), 1, "it is the same session");
    ws.text("1").await;
    assert_eq!(ws.next_close().await, Some(1000));
    assert_eq!(server.saw_closed().await, Reason::ClientClosed);
    assert_eq!(server.engine.session_count(), 0);
}

#[tokio::test]
async fn a_poll_that_waits_is_released_when_the_probe_succeeds() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let waiting = client.begin_poll().await;
    let _ws = probed(&client).await;
    assert_eq!(waiting.reply().await.body, "6");
}

#[tokio::test]
async fn a_poll_that_comes_after_the_probe_does_not_wait() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let _ws = probed(&client).await;
    assert_eq!(client.poll().await, "6");
    client.say("4a").await;
    assert_eq!(client.poll().await, "4a", "and takes what there is");
}

#[tokio::test]
async fn packets_that_wait_at_the_upgrade_come_over_the_websocket_text_as_text_and_bytes_as_bytes() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    client.say("4one\x1ebAQID\x1e4bold\x1eb").await;
    let mut ws = upgraded(&client).await;
    ws.text("4last").await;
    assert_eq!(ws.next_text().await, "4one");
    assert_eq!(ws.next().await, Heard::Binary(vec![1, 2, 3]));
    assert_eq!(ws.next_text().await, "4bold");
    assert_eq!(ws.next().await, Heard::Binary(vec![]));
    assert_eq!(ws.next_text().await, "4last");
}

#[tokio::test]
async fn what_comes_together_with_the_upgrade_packet_is_not_lost() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut ws = probed(&client).await;
    let together =
        ["5", "4one", "4two"].map(|text| crate::support::ws::frame(0x81, text.as_bytes())).concat();
    ws.send(&together).await;
    assert_eq!(ws.next_text().await, "4one");
    assert_eq!(ws.next_text().await, "4two");
}

#[tokio::test]
async fn after_the_upgrade_polls_and_posts_are_refused_and_harm_nothing() {
    let server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut ws = upgraded(&client).await;
    ws.text("4a").await;
    assert_eq!(ws.next_text().await, "4a");
    for reply in [get(client.address, &client.target).await, client.post("4b").await] {
        assert_eq!((reply.status, reply.body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
    }
    let mut second = Ws::open(client.address, &client.target.replace("=polling", "=websocket")).await;
    second.try_send(&crate::support::ws::frame(0x81, b"2probe")).await;
    assert_eq!(second.next().await, Heard::End, "a second WebSocket is closed");
    ws.text("4c").await;
    assert_eq!(ws.next_text().await, "4c");
}

#[tokio::test]
async fn messages_under_way_in_both_directions_pass_the_upgrade_in_order() {
    const BEFORE: usize = 30;
    const AFTER: usize = 30;
    let mut server = Server::start().await;
    for _ in 0..20 {
        let client = Poller::socketio(&server).await;
        client.say("40").await;
        assert!(client.poll().await.starts_with("40{"));
        let socket = server.saw_connected().await;
        let emitter = server.tasks.spawn(async move {
            for number in 0..BEFORE + AFTER {
                socket.emit(format!("[\"down\",{number}]").as_bytes()).unwrap();
                tokio::task::yield_now().await;
            }
        });

        let mut heard = Vec::new();
        let polled = |payload: String| payload.split('\x1e').map(str::to_owned).collect::<Vec<_>>();
        let mut ws = Ws::open(client.address, &client.target.replace("=polling", "=websocket")).await;
        ws.text("2probe").await;
        for number in 0..BEFORE {
            client.say(format!("42[\"up\",{number}]")).await;
            if number % 10 == 0 {
                heard.extend(polled(client.poll().await));
            }
        }
        assert_eq!(ws.next_text().await, "3probe");
        ws.text("5").await;
        for number in BEFORE..BEFORE + AFTER {
            ws.text(&format!("42[\"up\",{number}]")).await;
        }
        emitter.await.unwrap();

        heard.retain(|packet| packet != "6");
        while heard.len() < BEFORE + AFTER {
            heard.push(ws.next_text().await);
        }
        let down: Vec<_> = (0..BEFORE + AFTER).map(|number| format!("42[\"down\",{number}]")).collect();
        assert_eq!(heard, down);
        for number in 0..BEFORE + AFTER {
            assert_eq!(server.saw_event().await, ("up".to_owned(), number.to_string()));
        }
        drop(ws);
        server.saw_closed().await;
    }
}

#[tokio::test]
async fn the_packets_of_a_post_come_before_those_of_the_websocket_that_takes_over() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    client.packets(1).await;
    let body = r#"42["hold"]"#.to_owned() + "\x1e" + r#"42["posted"]"#;
    let request = head("POST", &client.target, &format!("Content-Length: {}\r\n", body.len())) + &body;
    let post = Call::begin(server.address, request.as_bytes()).await;
    assert_eq!(server.saw_event().await.0, "hold");
    let mut ws = probed(&client).await;
    ws.text("5").await;
    ws.text(r#"42["after"]"#).await;
    for _ in 0..5 {
        assert_eq!(client.poll().await, "6", "it has not taken over yet");
    }
    server.gate.open();
    assert_eq!(server.saw_event().await.0, "posted");
    assert_eq!(post.reply().await.status, 200);
    assert_eq!(server.saw_event().await.0, "after");
}

#[tokio::test]
async fn the_application_hears_of_the_upgrade_after_what_was_polled() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40\x1e42[\"a\"]").await;
    let mut ws = upgraded(&client).await;
    ws.text(r#"42["b"]"#).await;
    assert!(matches!(server.saw().await, Seen::Connected { .. }));
    assert!(matches!(server.saw().await, Seen::Event { name, .. } if name == "a"));
    assert!(matches!(server.saw().await, Seen::WebSocket));
    assert!(matches!(server.saw().await, Seen::Event { name, .. } if name == "b"));
}
