//! An Engine.IO session, as an endpoint over messages and under whatever speaks through it.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use super::{heartbeat::Heartbeat, registry::Admission};
use crate::{
    endpoint::{Alive, Endpoint, Flow, Message, Reason},
    limits::Limits,
    outbox::Outbox,
    packet::engine::{Packet, decode},
};

#[derive(Debug)]
pub(crate) struct Session<E: Endpoint> {
    heartbeat: Heartbeat,
    outbox: Arc<Outbox>,
    inner: Alive<E>,
    /// Counts the session among the living until it is dropped.
    _admission: Admission,
}

impl<E: Endpoint> Session<E> {
    pub(crate) fn new(now: Instant, inner: E, admission: Admission, limits: &Limits) -> Self {
        let outbox = Arc::clone(admission.outbox());
        let inner = Alive::new(inner);
        Self { heartbeat: Heartbeat::new(now, limits), outbox, inner, _admission: admission }
    }
}

impl<E: Endpoint> Endpoint for Session<E> {
    fn receive(&mut self, now: Instant, message: Message<'_>) -> Result<Flow, Reason> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return self.inner.receive(now, message),
        };
        match decode(text).ok_or(Reason::Parse)? {
            Packet::Message(text) => self.inner.receive(now, Message::Text(text)),
            Packet::Pong => {
                self.heartbeat.pong(now);
                Ok(Flow::Continue)
            }
            Packet::Noop => Ok(Flow::Continue),
            Packet::Close => Err(Reason::ClientClosed),
            // Since revision 4 the server alone sends PINGs; probes and upgrades have their place before this.
            Packet::Ping(_) | Packet::Upgrade => Err(Reason::Parse),
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        self.inner.poll_ready(cx)
    }

    fn deadline(&self) -> Option<Instant> {
        let heartbeat = self.heartbeat.deadline();
        Some(self.inner.deadline().map_or(heartbeat, |inner| inner.min(heartbeat)))
    }

    fn timeout(&mut self, now: Instant) -> Result<(), Reason> {
        if self.heartbeat.timeout(now)? {
            // A closed outbox ends the connection by itself.
            let _ = self.outbox.push(&[b"2"], &[]);
        }
        if self.inner.deadline().is_some_and(|deadline| deadline <= now) {
            self.inner.timeout(now)?;
        }
        Ok(())
    }

    fn on_websocket(&mut self) {
        self.inner.on_websocket();
    }

    fn attend(&mut self) {
        self.inner.attend();
    }

    fn closed(&mut self, reason: Reason) {
        self.inner.closed(reason);
    }
}
