//! Namespaces over one connection: entering, being refused, leaving, and speaking in several.

use std::time::Duration;

use socketio::{Limits, Reason};

use crate::support::{Client, Poller, Seen, Server};

#[tokio::test]
async fn a_client_enters_the_main_namespace_and_is_told_its_public_id() {
    let mut server = Server::start().await;
    let mut client = Client::open(&server).await;
    let id = client.enter("").await;
    let socket = server.saw_connected().await;
    assert_eq!((socket.id().to_string(), socket.namespace()), (id, "/"));
}

#[tokio::test]
async fn a_client_enters_another_namespace_without_the_main_one() {
    let mut server = Server::start().await;
    let mut client = Client::open(&server).await;
    let id = client.enter("/custom").await;
    let socket = server.saw_connected().await;
    assert_eq!((socket.id().to_string(), socket.namespace()), (id, "/custom"));
    client.say(r#"42/custom,["echo",1]"#).await;
    assert_eq!(client.hears().await, r#"42/custom,["back",1]"#);
}

#[tokio::test]
async fn credentials_reach_the_application_as_they_were_written() {
    let mut server = Server::start().await;
    let mut client = Client::open(&server).await;
    for (packet, expected) in [
        ("40", "{}"),
        (r#"40/custom,{"token" : "1\u0032" }"#, r#"{"token" : "1\u0032" }"#),
        (r#"40/n,{"__proto__":{"admin":true},"a":1,"a":2}"#, r#"{"__proto__":{"admin":true},"a":1,"a":2}"#),
    ] {
        client.say(packet).await;
        assert!(client.hears().await.starts_with("40"));
        loop {
            match server.saw().await {
                Seen::Connected { auth, .. } => break assert_eq!(auth, expected),
                Seen::WebSocket => {}
                other @ (Seen::Event { .. } | Seen::Left { .. } | Seen::Closed(_)) => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_namespace_is_refused_in_the_words_that_clients_know() {
    let server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.say("40/unknown,").await;
    assert_eq!(client.hears().await, r#"44/unknown,{"message":"Invalid namespace"}"#);
    client.is_served().await;
}

#[tokio::test]
async fn a_refusal_carries_its_data() {
    let server = Server::start().await;
    let mut client = Client::open(&server).await;
    client.say("40/secret,").await;
    assert_eq!(client.hears().await, r#"44/secret,{"message":"not \"you\"","data":{"code":401}}"#);
    client.enter("").await;
}

#[tokio::test]
async fn one_namespace_too_many_is_refused_and_the_others_stay() {
    let server = Server::with(Limits { max_namespaces: 2, ..Limits::default() }).await;
    let mut client = Client::join(&server).await;
    client.enter("/n1").await;
    client.say("40/n2,").await;
    assert_eq!(client.hears().await, r#"44/n2,{"message":"Too many namespaces"}"#);
    client.is_served().await;
    client.say("41/n1").await;
    client.enter("/n2").await;
}

#[tokio::test]
async fn who_asks_for_namespaces_without_end_is_closed() {
    let mut server = Server::with(Limits { max_connects: 20, ..Limits::default() }).await;
    let mut client = Client::join(&server).await;
    for _ in 0..20 {
        client.say("40/unknown,").await;
    }
    assert_eq!(client.ws.next_close().await, Some(1008));
    assert_eq!(server.saw_closed().await, Reason::Rate);
}

#[tokio::test]
async fn a_client_leaves_one_namespace_and_stays_in_the_other() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.enter("/custom").await;
    let (_main, custom) = (server.saw_connected().await, server.saw_connected().await);
    client.say("41/custom,").await;
    client.is_served().await;
    let Seen::Left { namespace, reason } = server.saw().await else { panic!("left") };
    assert_eq!((namespace.as_str(), reason), ("/custom", Reason::ClientClosed));
    assert!(custom.emit(br#"["late"]"#).is_err(), "nothing reaches it any more");
}

#[tokio::test]
async fn the_server_sends_a_client_out_of_one_namespace_after_what_it_said_there() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.enter("/custom").await;
    let (_main, custom) = (server.saw_connected().await, server.saw_connected().await);
    custom.emit(br#"["bye"]"#).unwrap();
    custom.disconnect();
    assert_eq!(client.hears().await, r#"42/custom,["bye"]"#);
    assert_eq!(client.hears().await, "41/custom,");
    let Seen::Left { namespace, reason } = server.saw().await else { panic!("left") };
    assert_eq!((namespace.as_str(), reason), ("/custom", Reason::ServerClosed));
    assert!(custom.emit(br#"["late"]"#).is_err());
    // What was under way is nobody's any more, and harms nothing.
    client.say(r#"42/custom,["echo",1]"#).await;
    client.is_served().await;
    client.enter("/custom").await;
    assert_eq!(server.saw_event().await, ("echo".to_owned(), "1".to_owned()));
}

#[tokio::test]
async fn a_client_that_polls_is_sent_out_in_the_same_way() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40\x1e40/custom,").await;
    client.packets(2).await;
    client.say(r#"42/custom,["leave"]"#).await;
    assert_eq!(client.packets(1).await, ["41/custom,"]);
    loop {
        if let Seen::Left { namespace, reason } = server.saw().await {
            break assert_eq!((namespace.as_str(), reason), ("/custom", Reason::ServerClosed));
        }
    }
    client.say(r#"42["echo",1]"#).await;
    assert_eq!(client.packets(1).await, [r#"42["back",1]"#]);
}

#[tokio::test]
async fn every_socket_of_a_connection_is_told_once_that_it_is_gone_and_the_connection_last() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.enter("/custom").await;
    client.say("1").await;
    let mut left = Vec::new();
    let reason = loop {
        match server.saw().await {
            Seen::Left { namespace, reason } => left.push((namespace, reason)),
            Seen::Closed(reason) => break reason,
            Seen::Connected { .. } | Seen::Event { .. } | Seen::WebSocket => {}
        }
    };
    left.sort();
    let expected = ["/", "/custom"].map(|name| (name.to_owned(), Reason::TransportClosed));
    // `1` over a WebSocket is a Socket.IO DISCONNECT only behind the message type: as it stands it is a close packet.
    assert_eq!(left, expected.map(|(name, _)| (name, Reason::ClientClosed)));
    assert_eq!(reason, Reason::ClientClosed);
    assert!(server.saw_besides().is_none());
}

#[tokio::test]
async fn a_client_that_enters_no_namespace_in_time_is_closed() {
    let connect_timeout = Duration::from_millis(60);
    let mut server = Server::with(Limits { connect_timeout, ..Limits::default() }).await;
    let mut client = Client::open(&server).await;
    assert_eq!(client.ws.next_close().await, Some(1008));
    assert_eq!(server.saw_closed().await, Reason::ConnectTimeout);

    let poller = Poller::socketio(&server).await;
    assert_eq!(poller.poll().await, "1");
    assert_eq!(server.saw_closed().await, Reason::ConnectTimeout);
}

#[tokio::test]
async fn packets_out_of_place_close_the_connection_that_sent_them_and_no_other() {
    let mut server = Server::start().await;
    let mut bystander = Client::join(&server).await;
    for bad in [
        r#"42["early"]"#,
        "41",
        "430[]",
        "abc",
        "4",
        "49",
        "42{}",
        "42[]",
        "42[1]",
        "42[null]",
        "43[]",
        "43abc[]",
        r#"42["disconnect"]"#,
        r#"42["connect_error"]"#,
        "40[]",
        r#"42/custom,["a"]"#,
    ] {
        let mut client = Client::open(&server).await;
        // All but the first three are wrong even of a client that is in.
        if !bad.contains("early") && bad != "41" && bad != "430[]" {
            client.enter("").await;
        }
        client.say(bad).await;
        assert_eq!(client.ws.next_close().await, Some(1008), "{bad}");
        assert_eq!(server.saw_closed().await, Reason::Parse, "{bad}");
        bystander.is_served().await;
    }
}
