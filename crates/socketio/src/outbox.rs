//! What a connection has yet to be told: one buffer of bytes in the form its transport wants.
//!
//! Anyone may push from any task; the connection's own task takes. A packet is framed as it is pushed, straight
//! into the buffer, so that however many packets wait, one write sends them. The buffer is bounded: a reader
//! too slow for it loses its connection, and nobody else loses anything.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

use crate::{
    buffers,
    endpoint::Reason,
    packet::engine,
    websocket::frame::{self, Opcode},
};

/// A buffer with more than this in it belongs to a reader who is behind. It gets room for all that may wait at once:
/// pages that are never written cost nothing, while to double again and again would hold everything twice at times.
const BEHIND_BYTES: usize = 1 << 20;

/// Room for what transports put around the last messages.
const FRAMING_BYTES: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
    max_bytes: usize,
}

#[derive(Debug)]
struct Inner {
    bytes: Vec<u8>,
    format: Format,
    /// Bytes that were taken and that the reader has not read yet.
    unread_bytes: usize,
    waker: Option<Waker>,
    /// Whether the task sleeps for bytes too, and not only for a reason to close.
    wants_bytes: bool,
    closing: Option<Reason>,
    attention: bool,
}

/// What a connection's task has to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Write these bytes.
    Write(Vec<u8>),
    /// Look after its sockets: one of them was dismissed.
    Attend,
    /// Close.
    Close(Reason),
}

/// How packets stand in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Packets with separators between.
    Polling,
    /// Complete frames.
    WebSocket,
}

/// The connection takes nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed")]
pub struct Closed;

impl Outbox {
    pub(crate) fn new(format: Format, max_bytes: usize) -> Self {
        let inner = Inner {
            bytes: Vec::new(),
            format,
            unread_bytes: 0,
            waker: None,
            wants_bytes: false,
            closing: None,
            attention: false,
        };
        Self { inner: Mutex::new(inner), max_bytes }
    }

    /// Appends one text message, given in parts, and the binary messages that belong to it, with nothing between.
    pub(crate) fn push(&self, parts: &[&[u8]], attachments: &[Bytes]) -> Result<(), Closed> {
        let text_bytes: usize = parts.iter().map(|part| part.len()).sum();
        let bytes = attachments.iter().map(Bytes::len).sum::<usize>() + text_bytes;
        self.append(bytes, |inner| {
            inner.text(parts);
            for data in attachments {
                inner.binary(data);
            }
        })
    }

    /// Appends one binary message.
    pub(crate) fn push_binary(&self, data: &[u8]) -> Result<(), Closed> {
        self.append(data.len(), |inner| inner.binary(data))
    }

    /// Appends a WebSocket control frame. Where there is no WebSocket there are none.
    pub(crate) fn push_control(&self, opcode: Opcode, payload: &[u8]) -> Result<(), Closed> {
        self.append(payload.len(), |inner| {
            if inner.format == Format::WebSocket {
                frame::encode_header(&mut inner.bytes, opcode, payload.len());
                inner.bytes.extend_from_slice(payload);
            }
        })
    }

    /// Appends what `write` writes: so many bytes, and what its transport puts around them.
    fn append(&self, bytes: usize, write: impl FnOnce(&mut Inner)) -> Result<(), Closed> {
        let mut inner = self.lock();
        if inner.closing.is_some() {
            return Err(Closed);
        }
        if inner.bytes.capacity() == 0 {
            inner.bytes = buffers::take();
        }
        let is_over = |inner: &Inner, more| inner.bytes.len() + inner.unread_bytes + more > self.max_bytes;
        // Looked at before it is written too, so that one message too many is never made room for.
        let full = is_over(&inner, bytes) || {
            inner.make_room(self.max_bytes);
            write(&mut inner);
            is_over(&inner, 0)
        };
        if full {
            inner.closing = Some(Reason::SlowConsumer);
            inner.bytes = Vec::new();
        }
        let waker = if full || inner.wants_bytes { inner.waker.take() } else { None };
        wake(inner, waker);
        if full { Err(Closed) } else { Ok(()) }
    }

    /// Asks the connection's task to close it, after what was pushed so far. The first reason given stays.
    pub(crate) fn close(&self, reason: Reason) {
        let mut inner = self.lock();
        inner.closing.get_or_insert(reason);
        let waker = inner.waker.take();
        wake(inner, waker);
    }

    /// Asks the connection's task to look after its sockets.
    pub(crate) fn call_attention(&self) {
        let mut inner = self.lock();
        inner.attention = true;
        let waker = inner.waker.take();
        wake(inner, waker);
    }

    /// What there is to do for a caller who has written what it took before. Wakes the task when there is something.
    pub(crate) fn poll_work(&self, cx: &mut Context<'_>) -> Poll<Work> {
        let mut inner = self.lock();
        inner.unread_bytes = inner.bytes.len();
        if !inner.bytes.is_empty() {
            return Poll::Ready(Work::Write(std::mem::take(&mut inner.bytes)));
        }
        inner.poll_urgent(cx, true)
    }

    /// What there is to do for a caller who cannot write now.
    pub(crate) fn poll_urgent(&self, cx: &mut Context<'_>) -> Poll<Work> {
        self.lock().poll_urgent(cx, false)
    }

    /// Appends the last packet of all, which goes out although the connection is closing.
    pub(crate) fn push_last(&self, packet: &[u8]) {
        self.lock().text(&[packet]);
    }

    /// Takes what waits, for a last write.
    pub(crate) fn take_all(&self) -> Vec<u8> {
        std::mem::take(&mut self.lock().bytes)
    }

    /// As [`Outbox::poll_work`], with at most `max_packets` packets to write, as a polling payload.
    pub(crate) fn poll_payload(&self, cx: &mut Context<'_>, max_packets: usize) -> Poll<Work> {
        match self.take_payload(max_packets) {
            Some(payload) => Poll::Ready(Work::Write(payload)),
            None => self.lock().poll_urgent(cx, true),
        }
    }

    /// At most `max_packets` packets as a polling payload; None if nothing waits.
    pub(crate) fn take_payload(&self, max_packets: usize) -> Option<Vec<u8>> {
        let mut inner = self.lock();
        if inner.bytes.is_empty() {
            return None;
        }
        let end = memchr::memchr_iter(engine::SEPARATOR, &inner.bytes).nth(max_packets - 1);
        match end {
            Some(end) => {
                let rest = inner.bytes.split_off(end + 1);
                let mut payload = std::mem::replace(&mut inner.bytes, rest);
                payload.truncate(end);
                Some(payload)
            }
            None => Some(std::mem::take(&mut inner.bytes)),
        }
    }

    /// From here on packets are framed for a WebSocket, those that wait included.
    pub(crate) fn upgrade(&self) {
        let mut inner = self.lock();
        if inner.format == Format::WebSocket {
            return;
        }
        inner.format = Format::WebSocket;
        let waiting = std::mem::take(&mut inner.bytes);
        if waiting.is_empty() {
            return;
        }
        for packet in waiting.split(|byte| *byte == engine::SEPARATOR) {
            match std::str::from_utf8(packet).ok().and_then(engine::decode_binary) {
                Some(data) => inner.binary(&data),
                None => inner.text(&[packet]),
            }
        }
    }

    /// # Panics
    /// Never: a holder that panicked left whole packets behind, so a poisoned lock is taken all the same.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes after the lock is let go: a runtime that is going down drops the task on the spot, and the task may want it.
fn wake(inner: MutexGuard<'_, Inner>, waker: Option<Waker>) {
    drop(inner);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Inner {
    fn poll_urgent(&mut self, cx: &mut Context<'_>, wants_bytes: bool) -> Poll<Work> {
        if std::mem::take(&mut self.attention) {
            return Poll::Ready(Work::Attend);
        }
        if let Some(reason) = self.closing {
            return Poll::Ready(Work::Close(reason));
        }
        self.wants_bytes = wants_bytes;
        match &self.waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            _ => self.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// See [`BEHIND_BYTES`].
    fn make_room(&mut self, max_bytes: usize) {
        if self.bytes.len() > BEHIND_BYTES && self.bytes.capacity() < max_bytes {
            self.bytes.reserve_exact(max_bytes + FRAMING_BYTES - self.bytes.len());
        }
    }

    fn text(&mut self, parts: &[&[u8]]) {
        match self.format {
            Format::WebSocket => {
                let bytes = parts.iter().map(|part| part.len()).sum();
                frame::encode_header(&mut self.bytes, Opcode::Text, bytes);
            }
            Format::Polling => self.separate(),
        }
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }

    fn binary(&mut self, data: &[u8]) {
        match self.format {
            Format::WebSocket => {
                frame::encode_header(&mut self.bytes, Opcode::Binary, data.len());
                self.bytes.extend_from_slice(data);
            }
            Format::Polling => {
                self.separate();
                engine::encode_binary(&mut self.bytes, data);
            }
        }
    }

    fn separate(&mut self) {
        if !self.bytes.is_empty() {
            self.bytes.push(engine::SEPARATOR);
        }
    }
}

#[cfg(test)]
mod tests;
