//! The task of a session that polls: it answers one GET at a time, takes one POST at a time, and steps over to a
//! WebSocket when a probe has succeeded. Source: Engine.IO protocol, revision 4, "HTTP long-polling" and "Upgrade".

use std::{future::poll_fn, sync::Arc};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{
    goodbye::Goodbye,
    post::Post,
    probe::{Probe, Step},
    registry::Listing,
    session::Session,
};
use crate::{
    clock,
    endpoint::{Endpoint, Flow, Reason},
    limits::Limits,
    outbox::{Outbox, Work},
    websocket::{self, Stream},
};

/// Requests that may wait for the session's task: a GET, a POST, an upgrade, and whatever should not be there.
pub(crate) const WAITING_REQUESTS: usize = 4;

/// What a request asks of the session.
#[derive(Debug)]
pub(crate) enum Request {
    /// GET: answered with a payload as soon as there is one.
    Poll(oneshot::Sender<Vec<u8>>),
    /// POST: answered when its packets were taken.
    Post(Bytes, oneshot::Sender<Result<(), Reason>>),
    /// A WebSocket that wants to take over.
    Upgrade(Box<Stream>),
    /// A request of this session failed in a way that leaves the two sides out of step.
    Broken(Reason),
}

/// Completes a poll with nothing.
pub(super) const NOOP: &[u8] = b"6";

pub(crate) async fn run<E: Endpoint>(
    session: Session<E>,
    outbox: Arc<Outbox>,
    requests: mpsc::Receiver<Request>,
    listing: Listing,
    limits: Arc<Limits>,
) {
    let mut polling =
        Polling { session, outbox, requests, limits, poll: None, post: None, probe: Probe::default() };
    match polling.until_end().await {
        End::Upgraded(stream, ahead) => {
            // A client that has gone over has no poll to miss.
            let _ = polling.answer_poll(NOOP.to_vec());
            listing.upgraded();
            polling.outbox.upgrade();
            let Polling { session, outbox, requests, limits, .. } = polling;
            drop(requests);
            // Boxed, so that a session which begins with a WebSocket does not pay for one that polled first.
            Box::pin(websocket::run(*stream, ahead, session, outbox, &limits)).await;
        }
        End::Closed(reason) => {
            let Polling { mut session, outbox, requests, limits, poll, post, .. } = polling;
            outbox.close(reason);
            // Whoever speaks to the session must know at once that it is gone; the goodbye to the client can take longer.
            session.closed(reason);
            drop(session);
            Goodbye { outbox, requests, poll, post, listing: Some(listing) }.say(reason, &limits).await;
        }
    }
}

struct Polling<E: Endpoint> {
    session: Session<E>,
    outbox: Arc<Outbox>,
    requests: mpsc::Receiver<Request>,
    limits: Arc<Limits>,
    /// The GET that waits for its answer.
    poll: Option<oneshot::Sender<Vec<u8>>>,
    /// The POST whose packets wait for the session.
    post: Option<Post>,
    probe: Probe,
}

enum End {
    Upgraded(Box<Stream>, Vec<u8>),
    Closed(Reason),
}

impl<E: Endpoint> Polling<E> {
    async fn until_end(&mut self) -> End {
        loop {
            match self.step().await {
                Ok(None) => {}
                Ok(Some((stream, ahead))) => return End::Upgraded(stream, ahead),
                Err(reason) => return End::Closed(reason),
            }
        }
    }

    /// Waits for the next thing to happen, and does it.
    async fn step(&mut self) -> Result<Option<(Box<Stream>, Vec<u8>)>, Reason> {
        let deadline = self.session.deadline();
        let polled = self.poll.is_some();
        tokio::select! {
            biased;
            () = until(deadline) => self.session.timeout(clock::now())?,
            request = self.requests.recv() => self.request(request.ok_or(Reason::TransportClosed)?)?,
            () = aborted(&mut self.poll) => return Err(Reason::TransportClosed),
            ready = poll_fn(|cx| self.session.poll_ready(cx)), if self.post.is_some() => {
                ready?;
                self.take_packets()?;
            }
            work = work(&self.outbox, polled, self.limits.max_packets_per_poll) => match work {
                Work::Write(payload) => self.answer_poll(payload)?,
                Work::Attend => self.session.attend(),
                Work::Close(reason) => return Err(reason),
            },
            // The packets of a POST come before those of the WebSocket that takes over.
            step = self.probe.step(&self.limits), if self.post.is_none() || !self.probe.succeeded() => match step {
                Step::Probed => self.release_poll()?,
                Step::Upgraded(stream, ahead) => return Ok(Some((stream, ahead))),
                Step::Failed => {}
            },
        }
        Ok(None)
    }

    fn request(&mut self, request: Request) -> Result<(), Reason> {
        // The clock may have run past a deadline since the alarm was set: a request does not revive a session.
        let now = clock::now();
        if self.session.deadline().is_some_and(|deadline| deadline <= now) {
            self.session.timeout(now)?;
        }
        match request {
            Request::Poll(_) if self.poll.is_some() => return Err(Reason::Overlap),
            Request::Poll(answer) => {
                self.poll = Some(answer);
                self.release_poll()?;
            }
            Request::Post(_, answer) if self.post.is_some() => {
                // Whoever is not there any more needs no answer.
                let _ = answer.send(Err(Reason::Overlap));
                return Err(Reason::Overlap);
            }
            Request::Post(body, answer) => {
                self.post = Some(Post::new(body, answer));
                self.take_packets()?;
            }
            Request::Upgrade(stream) => self.probe.begin(stream, &self.limits),
            Request::Broken(reason) => return Err(reason),
        }
        Ok(())
    }

    /// Hands on the packets of the POST, until the session pauses.
    fn take_packets(&mut self) -> Result<(), Reason> {
        let now = clock::now();
        while let Some(post) = &mut self.post {
            let flow = match post.next_packet() {
                Some(packet) => packet.and_then(|packet| packet.deliver(&mut self.session, now)),
                None => {
                    if let Some(post) = self.post.take() {
                        post.answer(Ok(()));
                    }
                    return Ok(());
                }
            };
            if flow? == Flow::Pause {
                return Ok(());
            }
        }
        Ok(())
    }

    /// While a WebSocket is about to take over, polls must not wait: the client is to be done with them.
    fn release_poll(&mut self) -> Result<(), Reason> {
        if self.poll.is_none() || !self.probe.succeeded() {
            return Ok(());
        }
        let payload = self.outbox.take_payload(self.limits.max_packets_per_poll);
        self.answer_poll(payload.unwrap_or_else(|| NOOP.to_vec()))
    }

    fn answer_poll(&mut self, payload: Vec<u8>) -> Result<(), Reason> {
        match self.poll.take().map(|poll| poll.send(payload)) {
            Some(Ok(())) | None => Ok(()),
            // The poll was given up meanwhile, and what it should have brought is lost.
            Some(Err(_)) => Err(Reason::TransportClosed),
        }
    }
}

async fn until(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Ready when the client has given up the poll that waits.
async fn aborted(poll: &mut Option<oneshot::Sender<Vec<u8>>>) {
    match poll {
        Some(poll) => poll.closed().await,
        None => std::future::pending().await,
    }
}

async fn work(outbox: &Outbox, polled: bool, max_packets: usize) -> Work {
    poll_fn(|cx| if polled { outbox.poll_payload(cx, max_packets) } else { outbox.poll_urgent(cx) }).await
}
