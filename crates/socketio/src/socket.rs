//! A socket: one client in one namespace, to be spoken to from any task.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{
    endpoint::Reason,
    id::SocketId,
    outbox::{Closed, Outbox},
    session::Answer,
};

/// The sending half of one client's connection to one namespace. Cheap to clone.
///
/// What is sent from one task arrives in the order sent. Bodies are JSON that is already written, and go out as
/// they are: an event is `["name",...]`, an acknowledgement `[...]`.
#[derive(Clone)]
pub struct Socket(Arc<Inner>);

struct Inner {
    id: SocketId,
    /// As packets carry it: nothing for `/`, else the name and a comma.
    prefix: Box<str>,
    outbox: Arc<Outbox>,
    gone: AtomicBool,
    max_pending_acks: usize,
    acks: Mutex<Acks>,
}

#[derive(Default)]
struct Acks {
    next: u64,
    pending: BTreeMap<u64, oneshot::Sender<Acknowledged>>,
}

/// What a client answered to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// The arguments, as they were written between the brackets of the array.
    pub args: Box<str>,
    /// The binary messages that placeholders in `args` stand for.
    pub attachments: Vec<Bytes>,
}

/// Why there is no acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAck {
    /// The connection is closed, or was before the client answered.
    #[error("the connection is closed")]
    Closed,
    /// The client did not answer in time.
    #[error("the client did not answer in time")]
    Timeout,
    /// The client owes as many acknowledgements as it may.
    #[error("the client owes too many acknowledgements")]
    TooMany,
}

impl Socket {
    pub(crate) fn new(namespace: &str, outbox: Arc<Outbox>, max_pending_acks: usize) -> Self {
        let prefix = if namespace == "/" { String::new() } else { format!("{namespace},") };
        Self(Arc::new(Inner {
            id: SocketId::random(),
            prefix: prefix.into(),
            outbox,
            gone: AtomicBool::new(false),
            max_pending_acks,
            acks: Mutex::default(),
        }))
    }

    /// Its public id: another one in each namespace.
    #[must_use]
    pub fn id(&self) -> SocketId {
        self.0.id
    }

    /// The name of its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.prefix.strip_suffix(',').unwrap_or("/")
    }

    /// Sends an event: `body` is `["name",...]`.
    ///
    /// # Errors
    /// [`Closed`], also when the client reads too slowly and this event was one too many.
    pub fn emit(&self, body: &[u8]) -> Result<(), Closed> {
        self.push(&[b"42", self.0.prefix.as_bytes(), body], &[])
    }

    /// Sends an event with attachments, which placeholders in `body` stand for.
    ///
    /// # Errors
    /// As [`Socket::emit`].
    pub fn emit_binary(&self, body: &[u8], attachments: &[Bytes]) -> Result<(), Closed> {
        let count = attachments.len().to_string();
        self.push(&[b"45", count.as_bytes(), b"-", self.0.prefix.as_bytes(), body], attachments)
    }

    /// Sends an event and waits for the client's acknowledgement.
    ///
    /// # Errors
    /// [`NoAck`]; the event may have reached the client all the same.
    pub async fn emit_with_ack(&self, body: &[u8], timeout: Duration) -> Result<Acknowledged, NoAck> {
        let deadline = tokio::time::Instant::now() + timeout;
        let (id, answer) = self.expect_ack()?;
        let _forget = Forget { socket: self, id };
        let mut digits = [0; DIGITS];
        let id = write_digits(id, &mut digits);
        self.push(&[b"42", self.0.prefix.as_bytes(), id, body], &[]).map_err(|_| NoAck::Closed)?;
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(acknowledged)) => Ok(acknowledged),
            Ok(Err(_)) => Err(NoAck::Closed),
            Err(_) => Err(NoAck::Timeout),
        }
    }

    /// Acknowledges the client's event that asked for it under `id`: `body` is `[...]`.
    ///
    /// # Errors
    /// As [`Socket::emit`].
    pub fn ack(&self, id: u64, body: &[u8]) -> Result<(), Closed> {
        let mut digits = [0; DIGITS];
        self.push(&[b"43", self.0.prefix.as_bytes(), write_digits(id, &mut digits), body], &[])
    }

    /// As [`Socket::ack`], with attachments.
    ///
    /// # Errors
    /// As [`Socket::emit`].
    pub fn ack_binary(&self, id: u64, body: &[u8], attachments: &[Bytes]) -> Result<(), Closed> {
        let (count, mut digits) = (attachments.len().to_string(), [0; DIGITS]);
        let id = write_digits(id, &mut digits);
        self.push(&[b"46", count.as_bytes(), b"-", self.0.prefix.as_bytes(), id, body], attachments)
    }

    /// Sends the client out of the namespace, after what it was sent so far. Its connection stays.
    pub fn disconnect(&self) {
        let _ = self.push(&[b"41", self.0.prefix.as_bytes()], &[]);
        self.0.gone.store(true, Ordering::Relaxed);
        self.0.outbox.call_attention();
    }

    /// Closes the client's whole connection, after what it was sent so far.
    pub fn close(&self, reason: Reason) {
        self.0.outbox.close(reason);
    }

    /// Whether the client was sent out of the namespace, or has left it.
    pub(crate) fn is_gone(&self) -> bool {
        self.0.gone.load(Ordering::Relaxed)
    }

    /// The client has left: nothing reaches it any more, and nobody waits for its answers.
    pub(crate) fn leave(&self) {
        self.0.gone.store(true, Ordering::Relaxed);
        self.acks().pending.clear();
    }

    /// A client's answer; one that nobody waits for is ignored.
    pub(crate) fn acknowledged(&self, answer: &Answer<'_>) {
        if let Some(waiting) = self.acks().pending.remove(&answer.id) {
            let args = answer.args.rest().into();
            // Whoever asked may have given up.
            let _ = waiting.send(Acknowledged { args, attachments: answer.attachments.to_vec() });
        }
    }

    fn expect_ack(&self) -> Result<(u64, oneshot::Receiver<Acknowledged>), NoAck> {
        let mut acks = self.acks();
        if acks.pending.len() >= self.0.max_pending_acks {
            return Err(NoAck::TooMany);
        }
        let id = acks.next;
        acks.next += 1;
        let (sender, receiver) = oneshot::channel();
        acks.pending.insert(id, sender);
        Ok((id, receiver))
    }

    fn push(&self, parts: &[&[u8]], attachments: &[Bytes]) -> Result<(), Closed> {
        if self.is_gone() { Err(Closed) } else { self.0.outbox.push(parts, attachments) }
    }

    fn acks(&self) -> MutexGuard<'_, Acks> {
        self.0.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("id", &self.0.id).field("namespace", &self.namespace()).finish()
    }
}

/// Nobody waits for the acknowledgement any more, however the waiting ended.
struct Forget<'a> {
    socket: &'a Socket,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.socket.acks().pending.remove(&self.id);
    }
}

/// The digits of the longest u64.
const DIGITS: usize = 20;

fn write_digits(mut number: u64, digits: &mut [u8; DIGITS]) -> &[u8] {
    let mut start = DIGITS;
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[start..];
        }
    }
}
