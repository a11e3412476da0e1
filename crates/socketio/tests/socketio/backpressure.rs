//! An application that pauses is not told more, and its client cannot send more; then all of it comes, in order.

use std::time::Duration;

use crate::support::{
    Client, Poller, Seen, Server,
    http::{Call, head},
    ws::frame,
};

/// More than all the buffers of a connection between two processes hold.
const TOO_MUCH_BYTES: usize = 64 << 20;
/// Long enough for a machine to take far more than that, if it takes it at all.
const STUCK: Duration = Duration::from_millis(400);

#[tokio::test]
async fn nothing_is_handed_on_while_the_application_pauses_and_everything_after() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    server.saw_connected().await;
    let mut frames = frame(0x81, br#"42["hold"]"#);
    for place in 0..1000 {
        frames.extend(frame(0x81, format!("42[\"e\",{place}]").as_bytes()));
    }
    client.ws.send(&frames).await;
    assert_eq!(server.saw_event().await.0, "hold");
    // Meanwhile others are served, and what is said to the client reaches it.
    let mut other = Client::join(&server).await;
    let socket = server.saw_connected().await;
    socket.emit(br#"["there"]"#).unwrap();
    assert_eq!(other.hears().await, r#"42["there"]"#);
    assert!(server.saw_besides().is_none());
    server.gate.open();
    for place in 0..1000 {
        assert_eq!(server.saw_event().await, ("e".to_owned(), place.to_string()));
    }
}

#[tokio::test]
async fn what_is_said_to_a_client_that_is_held_back_goes_out() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    client.say(r#"42["hold"]"#).await;
    assert_eq!(server.saw_event().await.0, "hold");
    socket.emit(br#"["still"]"#).unwrap();
    assert_eq!(client.hears().await, r#"42["still"]"#);
}

#[tokio::test]
async fn a_client_that_is_held_back_cannot_fill_the_servers_memory() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.say(r#"42["hold"]"#).await;
    assert_eq!(server.saw_event().await.0, "hold");
    let event = frame(0x81, format!("42[\"e\",\"{}\"]", "x".repeat(60_000)).as_bytes());
    let flood = async {
        for _ in 0..TOO_MUCH_BYTES / event.len() {
            client.ws.send(&event).await;
        }
    };
    assert!(tokio::time::timeout(STUCK, flood).await.is_err(), "all of it was taken");
    assert!(server.saw_besides().is_none());
    server.gate.open();
    assert_eq!(server.saw_event().await.0, "e");
}

#[tokio::test]
async fn a_post_is_answered_when_the_application_has_taken_its_packets_and_not_before() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    client.packets(1).await;
    let socket = server.saw_connected().await;
    let body = "42[\"e\",0]\x1e42[\"hold\"]\x1e42[\"e\",1]\x1e42[\"e\",2]";
    let request = head("POST", &client.target, &format!("Content-Length: {}\r\n", body.len())) + body;
    let post = Call::begin(server.address, request.as_bytes()).await;
    assert_eq!(server.saw_event().await.1, "0");
    assert_eq!(server.saw_event().await.0, "hold");
    socket.emit(br#"["still"]"#).unwrap();
    assert_eq!(client.packets(1).await, [r#"42["still"]"#], "what is said goes out meanwhile");
    assert!(server.saw_besides().is_none());
    server.gate.open();
    assert_eq!(post.reply().await.status, 200);
    assert_eq!(server.saw_event().await.1, "1");
    assert_eq!(server.saw_event().await.1, "2");
}

#[tokio::test]
async fn a_connection_is_not_held_back_by_a_socket_that_was_sent_out_of_its_namespace() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.enter("/custom").await;
    let (_main, custom) = (server.saw_connected().await, server.saw_connected().await);
    client.say(r#"42/custom,["hold"]"#).await;
    client.say(r#"42["after"]"#).await;
    assert_eq!(server.saw_event().await.0, "hold");
    custom.disconnect();
    assert!(matches!(server.saw().await, Seen::Left { .. }));
    assert_eq!(server.saw_event().await.0, "after");
}

#[tokio::test]
async fn a_client_that_is_held_back_can_be_closed() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    client.say(r#"42["hold"]"#).await;
    assert_eq!(server.saw_event().await.0, "hold");
    socket.close(socketio::Reason::ServerClosed);
    assert_eq!(client.ws.next_close().await, Some(1000));
    assert_eq!(server.saw_closed().await, socketio::Reason::ServerClosed);
}
