//! Out of descriptors. One test, because the limit is the whole process's.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::{
    lifecycle::Lifecycle,
    limits::OpenConnections,
    listener::{Limits, Listener},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const SOON: Duration = Duration::from_secs(10);

async fn ask(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await?;
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    Ok(())
}

#[tokio::test]
async fn a_listener_without_descriptors_serves_those_it_has_does_not_spin_and_goes_on_when_some_are_free() {
    let limits = Limits { open: OpenConnections::new(0), trusted_proxies: Arc::default() };
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits).unwrap();
    let address = listener.local_addr().unwrap();
    let life = Lifecycle::new();
    life.spawn(listener.serve(Router::new().route("/", get(|| async { "" })), life.clone()));

    // Both ends of each connection are ours: the limit is reached in the middle of one.
    let usual = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..usual }).unwrap();
    let mut clients = Vec::new();
    while let Ok(client) = TcpStream::connect(address).await {
        clients.push(client);
    }
    let first = clients.first_mut().unwrap();
    timeout(SOON, ask(first)).await.expect("an answer to who was there before").unwrap();

    // Closing a client frees its descriptor and, a moment later, the server's; the last one waits in the
    // queue until then.
    let mut last = clients.pop().unwrap();
    let cpu_before = server::telemetry::Process::read().cpu_s;
    drop(clients);
    timeout(SOON, ask(&mut last)).await.expect("an answer to who had waited").unwrap();
    let spent_s = server::telemetry::Process::read().cpu_s - cpu_before;
    assert!(spent_s < 1.0, "{spent_s} s of CPU time for waiting");
    setrlimit(Resource::Nofile, usual).unwrap();
}
