//! The end of the server: everyone hears of it, and nobody comes in any more.

use socketio::Reason;

use crate::support::{
    Client, Poller, Server,
    http::{Call, get},
    soon,
    ws::upgrade_request,
};

#[tokio::test]
async fn the_end_of_the_server_closes_every_connection_after_what_it_was_told() {
    let mut server = Server::start().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(Client::join(&server).await);
        server.saw_connected().await.emit(br#"["last"]"#).unwrap();
    }
    server.socketio.end();
    for client in &mut clients {
        assert_eq!(client.hears().await, r#"42["last"]"#);
        assert_eq!(client.ws.next_close().await, Some(1012));
        assert_eq!(server.saw_closed().await, Reason::Shutdown);
    }
    drop(clients);
    server.tasks.close();
    soon(server.tasks.wait()).await;
    assert_eq!(server.socketio.session_count(), 0);
}

#[tokio::test]
async fn who_polls_hears_what_is_left_and_that_it_is_over() {
    let mut server = Server::start().await;
    let waiting = Poller::socketio(&server).await;
    let poll = waiting.begin_poll().await;
    waiting.say("40").await;
    assert!(poll.reply().await.body.starts_with("40{"));
    let poll = waiting.begin_poll().await;
    waiting.say("42[\"echo\",1]").await;
    assert_eq!(poll.reply().await.body, "42[\"back\",1]");
    let between = Poller::socketio(&server).await;
    between.say("40").await;
    server.socketio.end();
    assert!(between.poll().await.ends_with("\x1e1"));
    assert_eq!(waiting.poll().await, "1");
    assert_eq!(server.saw_closed().await, Reason::Shutdown);
    assert_eq!(server.saw_closed().await, Reason::Shutdown);
    server.tasks.close();
    soon(server.tasks.wait()).await;
}

#[tokio::test]
async fn after_the_end_nobody_comes_in() {
    let server = Server::start().await;
    server.engine.end();
    let reply = get(server.address, "/engine.io/?EIO=4&transport=polling").await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (503, r#"{"code":4,"message":"Server is shutting down"}"#)
    );
    assert!(reply.head.contains("retry-after: 1"), "{}", reply.head);
    let request = upgrade_request("/engine.io/?EIO=4&transport=websocket")
        .replace("Connection: Upgrade", "Connection: close, Upgrade");
    assert_eq!(Call::begin(server.address, request.as_bytes()).await.reply().await.status, 503);
    assert_eq!(server.engine.session_count(), 0);
}

#[tokio::test]
async fn a_session_in_the_middle_of_its_upgrade_ends_too() {
    let mut server = Server::start().await;
    let client = Poller::engine(&server).await;
    let mut ws = crate::upgrade::probed(&client).await;
    server.engine.end();
    assert_eq!(client.poll().await, "1");
    assert_eq!(server.saw_closed().await, Reason::Shutdown);
    ws.ends().await;
}
