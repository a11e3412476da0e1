//! The end of a session that polls: its last answers, to a client that may have to come for them.

use std::sync::Arc;

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

use super::{
    polling::{NOOP, Request},
    post::Post,
    registry::Listing,
};
use crate::{endpoint::Reason, limits::Limits, outbox::Outbox};

/// Tells a poll that the session is over.
const CLOSE: &[u8] = b"1";

pub(crate) struct Goodbye {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) requests: mpsc::Receiver<Request>,
    /// The GET that waits for its answer.
    pub(crate) poll: Option<oneshot::Sender<Vec<u8>>>,
    /// The POST whose packets wait for the session.
    pub(crate) post: Option<Post>,
    /// As long as this lives the session is found by its id.
    pub(crate) listing: Option<Listing>,
}

impl Goodbye {
    /// Where the server ends the session, what is left to say comes first. Who is not polling at the moment has a short
    /// while to come: for what is left, or because the POST that ended the session has overtaken a GET.
    pub(crate) async fn say(mut self, reason: Reason, limits: &Limits) {
        let by_server = matches!(reason, Reason::ServerClosed | Reason::Shutdown);
        let by_client = reason == Reason::ClientClosed;
        if !by_server && !by_client {
            // What comes after the answers finds no session any more.
            self.listing = None;
            self.answer_post(Err(reason));
            return self.answer_poll(CLOSE.to_vec());
        }
        if by_client {
            // That the client leaves is a packet like any other, and was taken. What it was told is void.
            self.answer_post(Ok(()));
            drop(self.outbox.take_all());
        }
        self.outbox.push_last(if by_client { NOOP } else { CLOSE });
        let deadline = Instant::now() + limits.linger_timeout;
        let mut next = self.outbox.take_payload(limits.max_packets_per_poll);
        while let Some(payload) = next {
            next = self.outbox.take_payload(limits.max_packets_per_poll);
            if self.poll.is_none() {
                self.poll = timeout_at(deadline, self.next_poll()).await.ok().flatten();
            }
            if next.is_none() {
                self.listing = None;
            }
            if self.poll.is_none() {
                return;
            }
            self.answer_poll(payload);
        }
    }

    /// Drops whatever other requests come.
    async fn next_poll(&mut self) -> Option<oneshot::Sender<Vec<u8>>> {
        while let Some(request) = self.requests.recv().await {
            if let Request::Poll(answer) = request {
                return Some(answer);
            }
        }
        None
    }

    fn answer_poll(&mut self, payload: Vec<u8>) {
        if let Some(poll) = self.poll.take() {
            // Whoever is not there any more needs no answer.
            let _ = poll.send(payload);
        }
    }

    fn answer_post(&mut self, result: Result<(), Reason>) {
        if let Some(post) = self.post.take() {
            post.answer(result);
        }
    }
}
