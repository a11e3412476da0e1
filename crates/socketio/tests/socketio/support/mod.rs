//! What the tests over real sockets need: a server whose handler tells what it saw, and clients that speak HTTP and
//! WebSocket byte by byte, so that they can also misspeak.

use std::{future::poll_fn, sync::Arc, sync::Mutex, task::Poll, task::Waker, time::Duration};

pub(crate) mod client;
pub(crate) mod engine;
pub(crate) mod http;
pub(crate) mod server;
pub(crate) mod ws;

pub(crate) use client::Client;
pub(crate) use http::Poller;
pub(crate) use server::{Seen, Server};
pub(crate) use ws::{Heard, Ws};

/// Nothing that a test waits for takes this long, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for what must come.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(PATIENCE, what).await.expect("what the test waits for never came")
}

/// Something that is shut until a test opens it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Gate {
    pub(crate) fn open(&self) {
        let mut gate = self.0.lock().unwrap();
        gate.0 = true;
        gate.1.drain(..).for_each(Waker::wake);
    }

    pub(crate) fn poll(&self, cx: &std::task::Context<'_>) -> Poll<()> {
        let mut gate = self.0.lock().unwrap();
        if gate.0 {
            return Poll::Ready(());
        }
        gate.1.push(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) async fn passed(&self) {
        poll_fn(|cx| self.poll(cx)).await;
    }
}
