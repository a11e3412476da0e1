//! How a connection ends, and who is told what of it.

use std::time::Duration;

use socketio::{Limits, Reason};

use crate::support::{
    Client, Heard, Poller, Seen, Server,
    ws::{CLOSE, FIN, frame},
};

#[tokio::test]
async fn the_application_closes_a_connection_after_what_it_said_on_it() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    for place in 0..1000 {
        socket.emit(format!("[\"e\",{place}]").as_bytes()).unwrap();
    }
    socket.close(Reason::ServerClosed);
    assert!(socket.emit(br#"["late"]"#).is_err());
    for place in 0..1000 {
        assert_eq!(client.hears().await, format!("42[\"e\",{place}]"));
    }
    assert_eq!(client.ws.next_close().await, Some(1000));
    let Seen::Left { reason, .. } = server.saw().await else { panic!("left") };
    assert_eq!(reason, Reason::ServerClosed);
    assert_eq!(server.saw_closed().await, Reason::ServerClosed);
    assert_eq!(server.socketio.session_count(), 0);
}

#[tokio::test]
async fn the_reason_that_the_application_gives_is_the_reason_told() {
    for (reason, code) in
        [(Reason::Rate, 1008), (Reason::Revoked, 1008), (Reason::TooLarge, 1009), (Reason::Shutdown, 1012)]
    {
        let mut server = Server::start().await;
        let mut client = Client::join(&server).await;
        let socket = server.saw_connected().await;
        socket.close(reason);
        socket.close(Reason::ServerClosed);
        assert_eq!(client.ws.next_close().await, Some(code), "and the first one stays");
        assert_eq!(server.saw_closed().await, reason);
    }
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_own_connection_and_is_told_of_the_end() {
    let mut server = Server::start().await;
    let mut other = Client::join(&server).await;
    server.saw_connected().await;
    let mut client = Client::join(&server).await;
    server.saw_connected().await;
    client.say("42[\"panic\"]").await;
    assert_eq!(server.saw_event().await.0, "panic");
    let Seen::Left { reason, .. } = server.saw().await else { panic!("left") };
    assert_eq!(reason, Reason::ServerClosed);
    assert_eq!(server.saw_closed().await, Reason::ServerClosed);
    client.ws.ends().await;
    other.is_served().await;
    assert_eq!(server.socketio.session_count(), 1);

    let polling = Poller::socketio(&server).await;
    polling.say("40").await;
    polling.post("42[\"panic\"]").await;
    assert_eq!(server.saw_closed().await, Reason::ServerClosed);
    polling.is_unknown().await;
}

#[tokio::test]
async fn events_behind_one_that_sends_the_client_out_reach_nobody() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.enter("/custom").await;
    let events = [r#"42/custom,["leave"]"#, r#"42/custom,["a"]"#, r#"42/custom,1["b"]"#, r#"42["c"]"#];
    client.ws.send(&events.map(|text| frame(0x81, text.as_bytes())).concat()).await;
    assert_eq!(server.saw_event().await.0, "leave");
    loop {
        match server.saw().await {
            Seen::Event { namespace, name, .. } => {
                break assert_eq!((namespace.as_str(), name.as_str()), ("/", "c"));
            }
            Seen::Left { namespace, .. } => assert_eq!(namespace, "/custom"),
            other @ (Seen::Connected { .. } | Seen::WebSocket | Seen::Closed(_)) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_closing_client_is_told_apart_from_one_that_vanished() {
    let mut server = Server::start().await;
    for (code, reason) in
        [(1000u16, Reason::ClientClosed), (1001, Reason::ClientClosed), (1011, Reason::TransportClosed)]
    {
        let mut client = Client::join(&server).await;
        client.ws.send(&frame(FIN | CLOSE, &code.to_be_bytes())).await;
        assert_eq!(server.saw_closed().await, reason);
    }
    drop(Client::join(&server).await);
    assert_eq!(server.saw_closed().await, Reason::TransportClosed);
    let client = Client::join(&server).await;
    client.ws.stream.set_zero_linger().unwrap();
    drop(client);
    assert_eq!(server.saw_closed().await, Reason::TransportClosed);
}

#[tokio::test]
async fn the_application_is_told_at_once_even_if_the_client_does_not_finish_its_goodbye() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    server.saw_connected().await.close(Reason::ServerClosed);
    assert_eq!(client.ws.next().await, Heard::Close(Some(1000)));
    // The client still holds its half of the stream open.
    assert_eq!(server.saw_closed().await, Reason::ServerClosed);
}

#[tokio::test]
async fn the_application_is_told_at_once_even_if_the_client_does_not_poll_for_its_goodbye() {
    let linger_timeout = Duration::from_secs(3600);
    let mut server = Server::with(Limits { linger_timeout, ..Limits::default() }).await;
    let client = Poller::socketio(&server).await;
    client.say("40\x1e42[\"end\"]").await;
    assert_eq!(server.saw_closed().await, Reason::ServerClosed);
    assert_eq!(server.socketio.session_count(), 0);
    assert!(client.poll().await.ends_with("\x1e1"));
}

#[tokio::test]
async fn who_goes_on_sending_after_the_goodbye_still_reads_why() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    let flood = frame(0x81, format!("42[\"e\",\"{}\"]", "x".repeat(10_000)).as_bytes());
    for _ in 0..20 {
        client.ws.send(&flood).await;
    }
    socket.close(Reason::ServerClosed);
    for _ in 0..20 {
        client.ws.try_send(&flood).await;
    }
    assert_eq!(client.ws.next_close().await, Some(1000));
}

#[test]
fn every_reason_has_a_word_of_its_own_and_is_listed_once() {
    let mut words: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert!(Reason::ALL.iter().all(|reason| reason.to_string() == reason.as_str()));
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Reason::ALL.len());
}
