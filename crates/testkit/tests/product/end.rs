//! How a server ends: in the process; the signal and the exit are the program's.

use testkit::Server;

#[tokio::test]
async fn a_drain_closes_every_connection_with_its_reason_and_counts_each_once() {
    let server = Server::start().await;
    let dials = [server.dial(), server.dial().upgrade(), server.dial().namespace("/mesh")];
    let mut clients = Vec::new();
    for dial in dials {
        let mut client = dial.connect("somebody").await.unwrap();
        client.join("standup").await;
        clients.push(client);
    }
    let mut polling = server.dial().polling().connect("polling").await.unwrap();
    polling.join("standup").await;
    let mut kept_alive = server.http().await;
    assert_eq!(kept_alive.get("/readyz").await.status, 200);
    server.counts(4, 4, 1).await;

    server.drain();
    for client in &mut clients {
        assert_eq!(client.is_closed().await, Some(1012));
    }
    assert_eq!(polling.is_closed().await, None);
    let after = kept_alive.answer_or_close().await;
    assert!(after.is_none(), "whoever asks again learns that nobody is here: {after:?}");
    let late = tokio::net::TcpStream::connect(server.address()).await;
    assert!(late.is_err(), "nobody accepts any more: {late:?}");
    server.end().await;
}

#[tokio::test]
async fn a_request_under_way_as_the_drain_begins_is_answered() {
    let server = Server::start().await;
    // A poll that waits.
    let mut http = server.http().await;
    let opened = http.get("/socket.io/?EIO=4&transport=polling").await;
    let sid = opened.body.split('"').nth(3).unwrap().to_owned();
    http.send(format!("GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
    let mut posting = server.http().await;
    posting
        .send(format!("POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n3"))
        .await;
    assert_eq!(posting.answer().await.status, 200, "the session is at work");
    server.drain();
    let last = http.answer().await;
    assert_eq!((last.status, last.body.as_str()), (200, "1"), "{last:?}");
    assert!(http.answer_or_close().await.is_none(), "and the connection with it");
    server.end().await;
}
