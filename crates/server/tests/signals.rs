//! SIGTERM, and what clients of the program see of it.

use serde_json::json;
use testkit::{Dial, Program};

async fn start(options: &[&str]) -> Program {
    Program::start(env!("CARGO_BIN_EXE_paraclete"), env!("CARGO_TARGET_TMPDIR"), options).await
}

#[tokio::test]
async fn at_sigterm_every_client_is_told_to_come_back_and_the_program_ends_well() {
    let program = start(&[]).await;
    let (mut idle, mut kept_alive) = (program.http().await, program.http().await);
    assert_eq!(kept_alive.get("/readyz").await.status, 200);
    let mut websockets = Vec::new();
    for dial in [program.dial(), program.dial().upgrade(), program.dial().namespace("/mesh")] {
        let mut client = dial.connect("somebody").await.unwrap();
        client.join("standup").await;
        websockets.push(client);
    }
    let mut polling = program.dial().polling().connect("polling").await.unwrap();
    polling.join("standup").await;
    // What was asked before the signal is done before the end.
    let [first, second, _] = &mut websockets[..] else { unreachable!() };
    let asked = first.emit_for_ack("offer", json!({ "to": second.id(), "offer": "v=0" }));
    assert_eq!(first.ack(asked).await["success"], true);

    program.terminate();
    assert_eq!(websockets[1].hears("offer").await["offer"], "v=0");
    for client in &mut websockets {
        assert_eq!(client.is_closed().await, Some(1012));
    }
    polling.is_closed().await;
    assert!(idle.until_close().await.is_empty());
    let probed = kept_alive.answer_or_close().await;
    assert!(probed.is_none(), "nobody is told that it is ready: {probed:?}");
    assert!(tokio::net::TcpStream::connect(program.address()).await.is_err(), "nobody accepts");
    let (status, log) = program.ends().await;
    assert!(status.success(), "{status}: {log}");
    assert!(log.contains(r#""message":"drained""#) && !log.contains("ERROR"), "{log}");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_goodbye_does_not_hold_the_end_up() {
    let program = start(&["--shutdown-timeout", "15s"]).await;
    let mut talker = program.dial().connect("talker").await.unwrap();
    talker.join("standup").await;
    // Asks, and takes nothing off the line: a polling session without a poll.
    let mut deaf = program.http().await;
    let opened = deaf.get("/socket.io/?EIO=4&transport=polling").await;
    let sid = opened.body.split('"').nth(3).unwrap();
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    assert_eq!(deaf.ask("POST", &path, &[], "40").await.status, 200);
    program.terminate();
    let (status, log) = program.ends().await;
    assert!(status.success(), "{status}: {log}");
    assert!(log.contains(r#""message":"drained""#), "it was not cut off, it ended: {log}");
}

#[tokio::test]
async fn a_program_that_has_ended_can_be_started_again_at_once_where_it_was() {
    let first = start(&[]).await;
    let address = first.address();
    let mut client = first.dial().connect("client").await.unwrap();
    first.terminate();
    client.is_closed().await;
    let (status, _) = first.ends().await;
    assert!(status.success());
    let again = start(&["--set", &format!("PORT={}", address.port())]).await;
    assert_eq!(again.address(), address);
    Dial::new(address).connect("client").await.unwrap();
}
