//! The middleware may think; what the client says meanwhile waits, in order, and it may not think for ever.

use std::time::{Duration, Instant};

use socketio::{Limits, Reason};

use crate::support::{Client, Poller, Seen, Server};

#[tokio::test]
async fn events_behind_a_connect_that_is_being_thought_about_wait_in_order() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    server.saw_connected().await;
    client.say("40/gated,").await;
    client.say(r#"42/gated,["a",1]"#).await;
    client.say(r#"42["b",2]"#).await;
    client.say(r#"42/gated,["c",3]"#).await;
    server.gate.open();
    assert_eq!(server.saw_connected().await.namespace(), "/gated");
    for (name, args) in [("a", "1"), ("b", "2"), ("c", "3")] {
        assert_eq!(server.saw_event().await, (name.to_owned(), args.to_owned()));
    }
    assert!(client.hears().await.starts_with("40/gated,{"));
}

#[tokio::test]
async fn events_of_one_post_wait_behind_the_connect_that_is_being_thought_about() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    let gate = server.gate.clone();
    let post = client.post("40/gated,\x1e42/gated,[\"a\",1]\x1e42/gated,[\"echo\",2]");
    let opened = async {
        // A poll that comes back empty-handed would mean that the session does not wait.
        let poll = client.begin_poll().await;
        gate.open();
        poll.reply().await.body
    };
    let (post, first) = tokio::join!(post, opened);
    assert_eq!(post.status, 200);
    assert!(first.starts_with("40/gated,{"), "{first}");
    server.saw_connected().await;
    assert_eq!(server.saw_event().await, ("a".to_owned(), "1".to_owned()));
}

#[tokio::test]
async fn a_middleware_that_thinks_too_long_is_answered_for() {
    let connect_timeout = Duration::from_millis(60);
    let mut server = Server::with(Limits { connect_timeout, ..Limits::default() }).await;
    let mut client = Client::join(&server).await;
    server.saw_connected().await;
    client.say("40/never,").await;
    client.say(r#"42["after"]"#).await;
    assert_eq!(client.hears().await, r#"44/never,{"message":"timeout"}"#);
    assert_eq!(server.saw_event().await.0, "after");
    client.is_served().await;
}

#[tokio::test]
async fn a_client_whose_first_namespace_is_thought_about_too_long_is_told_so_and_may_ask_again() {
    let connect_timeout = Duration::from_millis(60);
    let server = Server::with(Limits { connect_timeout, ..Limits::default() }).await;
    let mut client = Client::open(&server).await;
    client.say("40/never,").await;
    assert_eq!(client.hears().await, r#"44/never,{"message":"timeout"}"#);
    client.enter("").await;

    let poller = Poller::socketio(&server).await;
    let (post, poll) = tokio::join!(poller.post("40/never,"), poller.poll());
    assert_eq!((post.status, poll.as_str()), (200, r#"44/never,{"message":"timeout"}"#));
    poller.say("40").await;
}

#[tokio::test]
async fn a_client_that_goes_away_while_it_is_thought_about_was_never_in() {
    let mut server = Server::with(Limits {
        ping_interval: Duration::from_millis(60),
        ping_timeout: Duration::from_millis(40),
        ..Limits::default()
    })
    .await;
    let mut client = Client::open(&server).await;
    client.say("40/never,").await;
    drop(client);
    let start = Instant::now();
    loop {
        match server.saw().await {
            Seen::Closed(reason) => {
                break assert!([Reason::TransportClosed, Reason::PingTimeout].contains(&reason), "{reason}");
            }
            Seen::WebSocket => {}
            other @ (Seen::Connected { .. } | Seen::Event { .. } | Seen::Left { .. }) => panic!("{other:?}"),
        }
    }
    assert!(start.elapsed() < Duration::from_secs(1));
}
