//! Acknowledgements both ways.

use std::time::Duration;

use bytes::Bytes;
use socketio::{Acknowledged, Limits, NoAck};

use crate::support::{Client, Poller, Seen, Server};

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_clients_event_is_acknowledged_under_its_own_id() {
    let server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.enter("/custom").await;
    client.say(r#"42456["echo",1,"2"]"#).await;
    assert_eq!(client.hears().await, r#"43456[1,"2"]"#);
    client.say(r#"42/custom,18446744073709551615["echo"]"#).await;
    assert_eq!(client.hears().await, "43/custom,18446744073709551615[]");
}

#[tokio::test]
async fn a_clients_answer_reaches_who_asked_however_the_answers_are_ordered() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    let asking = async {
        tokio::join!(socket.emit_with_ack(br#"["a"]"#, LONG), socket.emit_with_ack(br#"["b"]"#, LONG))
    };
    let answering = async {
        assert_eq!(client.hears().await, r#"420["a"]"#);
        assert_eq!(client.hears().await, r#"421["b"]"#);
        client.say("431[\"to b\"]").await;
        client.say("430[]").await;
    };
    let ((a, b), ()) = tokio::join!(asking, answering);
    assert_eq!(a, Ok(Acknowledged { args: "".into(), attachments: vec![] }));
    assert_eq!(b, Ok(Acknowledged { args: "\"to b\"".into(), attachments: vec![] }));
}

#[tokio::test]
async fn a_clients_answer_brings_its_attachments() {
    let mut server = Server::start().await;
    let mut client = Client::open(&server).await;
    client.enter("/custom").await;
    let socket = server.saw_connected().await;
    let answering = async {
        assert_eq!(client.hears().await, r#"42/custom,0["a"]"#);
        client.say(r#"461-/custom,0[{"_placeholder":true,"num":0}]"#).await;
        client.ws.binary(&[1, 2]).await;
    };
    let (answer, ()) = tokio::join!(socket.emit_with_ack(br#"["a"]"#, LONG), answering);
    let args = r#"{"_placeholder":true,"num":0}"#.into();
    assert_eq!(answer, Ok(Acknowledged { args, attachments: vec![Bytes::from_static(&[1, 2])] }));
}

#[tokio::test]
async fn a_client_that_polls_answers_too() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    client.packets(1).await;
    let socket = server.saw_connected().await;
    let answering = async {
        assert_eq!(client.packets(1).await, [r#"420["a"]"#]);
        client.say("430[7]").await;
    };
    let (answer, ()) = tokio::join!(socket.emit_with_ack(br#"["a"]"#, LONG), answering);
    assert_eq!(answer.unwrap().args.as_ref(), "7");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_a_timeout_and_a_late_one_is_ignored() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    let answer = socket.emit_with_ack(br#"["a"]"#, Duration::from_millis(20)).await;
    assert_eq!(answer, Err(NoAck::Timeout));
    client.say("430[]").await;
    assert_eq!(client.hears().await, r#"420["a"]"#);
    client.is_served().await;
}

#[tokio::test]
async fn no_answer_comes_from_a_client_that_leaves_or_is_sent_out_or_is_gone() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let main = server.saw_connected().await;
    client.enter("/custom").await;
    let custom = server.saw_connected().await;
    client.enter("/n").await;
    let third = server.saw_connected().await;
    let leaving = async {
        assert_eq!(client.hears().await, r#"42/custom,0["a"]"#);
        client.say("41/custom").await;
    };
    let (answer, ()) = tokio::join!(custom.emit_with_ack(br#"["a"]"#, LONG), leaving);
    assert_eq!(answer, Err(NoAck::Closed));

    let sending_out = async {
        assert_eq!(client.hears().await, r#"42/n,0["a"]"#);
        third.disconnect();
    };
    let (answer, ()) = tokio::join!(third.emit_with_ack(br#"["a"]"#, LONG), sending_out);
    assert_eq!(answer, Err(NoAck::Closed));

    let (answer, ()) = tokio::join!(main.emit_with_ack(br#"["a"]"#, LONG), async { drop(client) });
    assert_eq!(answer, Err(NoAck::Closed));
    assert_eq!(main.emit_with_ack(br#"["a"]"#, LONG).await, Err(NoAck::Closed), "nor afterwards");
}

#[tokio::test]
async fn a_client_can_owe_only_so_many_answers_at_once() {
    let mut server = Server::with(Limits { max_pending_acks: 2, ..Limits::default() }).await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    let short = Duration::from_millis(30);
    let two = async {
        tokio::join!(socket.emit_with_ack(br#"["a"]"#, short), socket.emit_with_ack(br#"["b"]"#, LONG))
    };
    let third = async {
        assert_eq!(client.hears().await, r#"420["a"]"#);
        assert_eq!(client.hears().await, r#"421["b"]"#);
        assert_eq!(socket.emit_with_ack(br#"["c"]"#, LONG).await, Err(NoAck::TooMany));
        client.say("431[]").await;
    };
    let ((a, b), ()) = tokio::join!(two, third);
    assert_eq!((a, b.is_ok()), (Err(NoAck::Timeout), true));
    // Both debts are settled, one by patience and one by an answer.
    let two = async {
        tokio::join!(socket.emit_with_ack(br#"["d"]"#, LONG), socket.emit_with_ack(br#"["e"]"#, LONG))
    };
    let ((d, e), ()) = tokio::join!(two, async {
        assert_eq!(client.hears().await, r#"422["d"]"#);
        assert_eq!(client.hears().await, r#"423["e"]"#);
        client.say("432[]").await;
        client.say("433[]").await;
    });
    assert!(d.is_ok() && e.is_ok());
}

#[tokio::test]
async fn answers_that_nobody_asked_for_are_ignored_by_the_thousand() {
    let server = Server::start().await;
    let mut client = Client::join(&server).await;
    for id in 0..10_000 {
        client.say(&format!("43{id}[]")).await;
    }
    client.say("4399999999999999999999999[]").await;
    client.is_served().await;
}

#[tokio::test]
async fn an_answer_counts_once() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    let answering = async {
        client.hears().await;
        client.say("430[1]").await;
        client.say("430[2]").await;
    };
    let (answer, ()) = tokio::join!(socket.emit_with_ack(br#"["a"]"#, LONG), answering);
    assert_eq!(answer.unwrap().args.as_ref(), "1");
    client.is_served().await;
    assert!(matches!(server.saw().await, Seen::Event { name, .. } if name == "echo"));
}
