//! The loop of a WebSocket connection: one task, no buffer of its own while idle.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::Sleep;

use super::{
    frame::{Decoder, Frame, Opcode},
    stream::Stream,
};
use crate::{
    buffers, clock,
    endpoint::{Endpoint, Flow, Message, Reason},
    limits::Limits,
    outbox::{Outbox, Work},
};

/// Bytes that a peer which is being closed may still send before it is cut off.
const LINGER_BYTES: usize = 1 << 20;

/// Runs a connection to its end. What `outbox` holds is sent, what comes in reaches `endpoint`.
///
/// `ahead` are bytes that were read from the stream before.
pub(crate) async fn run<E: Endpoint>(
    stream: Stream,
    ahead: Vec<u8>,
    endpoint: E,
    outbox: Arc<Outbox>,
    limits: &Limits,
) {
    let mut connection = Connection {
        stream,
        decoder: Decoder::new(limits),
        endpoint,
        outbox,
        partial: ahead,
        writing: Vec::new(),
        written: 0,
        alarm: None,
        paused: false,
        heard_close: None,
    };
    connection.endpoint.on_websocket();
    let reason = match connection.drain_partial() {
        Ok(()) => std::future::poll_fn(|cx| connection.poll_run(cx)).await,
        Err(reason) => reason,
    };
    connection.outbox.close(reason);
    // Whoever speaks to the connection must know at once that it is gone; the goodbye to the peer can take longer.
    let Connection { stream, mut endpoint, writing, written, heard_close, .. } = connection;
    endpoint.closed(reason);
    drop(endpoint);
    // A close frame is answered in kind (RFC 6455, section 5.5.1).
    if let Some(code) = heard_close.or_else(|| reason.close_code().map(Some)) {
        let farewell = Farewell { stream, unsent: writing, sent: written };
        farewell.say(code, &connection.outbox, limits.linger_timeout).await;
    }
}

struct Connection<E> {
    stream: Stream,
    decoder: Decoder,
    endpoint: E,
    outbox: Arc<Outbox>,
    /// The beginning of a frame whose end has not come yet; frames that wait for a paused endpoint.
    partial: Vec<u8>,
    writing: Vec<u8>,
    written: usize,
    alarm: Option<Pin<Box<Sleep>>>,
    paused: bool,
    /// The peer's close frame, with its code if it had one.
    heard_close: Option<Option<u16>>,
}

impl<E: Endpoint> Connection<E> {
    /// Ready when the connection is over.
    fn poll_run(&mut self, cx: &mut Context<'_>) -> Poll<Reason> {
        match self.poll_step(cx) {
            Poll::Ready(Err(reason)) => Poll::Ready(reason),
            Poll::Ready(Ok(never)) => match never {},
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Result<std::convert::Infallible, Reason>> {
        loop {
            let reading = self.poll_read(cx)?;
            // After reading: a PONG that has come is not late because this task was.
            self.poll_alarm(cx)?;
            // Last, so that what the messages and the alarm brought about goes out with the same write.
            let writing = self.poll_write(cx)?;
            if reading.is_pending() && writing.is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        if self.paused {
            ready!(self.endpoint.poll_ready(cx))?;
            self.paused = false;
            self.drain_partial()?;
            return Poll::Ready(Ok(()));
        }
        buffers::with_read_buffer(|buffer| {
            let count = match ready!(self.stream.poll_read(cx, buffer)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(Reason::TransportClosed)),
                Ok(count) => count,
            };
            if self.partial.is_empty() {
                let used = self.take_frames(&mut buffer[..count])?;
                if used < count {
                    self.partial = buffers::take();
                    self.partial.extend_from_slice(&buffer[used..count]);
                }
            } else {
                self.partial.extend_from_slice(&buffer[..count]);
                self.drain_partial()?;
            }
            Poll::Ready(Ok(()))
        })
    }

    fn drain_partial(&mut self) -> Result<(), Reason> {
        let mut partial = std::mem::take(&mut self.partial);
        let used = self.take_frames(&mut partial)?;
        if used == partial.len() {
            buffers::give(partial);
        } else {
            partial.drain(..used);
            self.partial = partial;
        }
        Ok(())
    }

    /// Hands on the whole frames at the head of `input`, until the endpoint pauses; says how many bytes they took.
    fn take_frames(&mut self, input: &mut [u8]) -> Result<usize, Reason> {
        let now = clock::now();
        let mut used = 0;
        while !self.paused {
            let Some((bytes, frame)) = self.decoder.next(&mut input[used..])? else { break };
            used += bytes;
            let message = match frame {
                Frame::Text(text) => Message::Text(text),
                Frame::Binary(data) => Message::Binary(data),
                Frame::Ping(payload) => {
                    // A closed outbox ends the connection by itself.
                    let _ = self.outbox.push_control(Opcode::Pong, payload);
                    continue;
                }
                Frame::Pong | Frame::Fragment => continue,
                Frame::Close(code) => {
                    self.heard_close = Some(code);
                    let leaves = matches!(code, Some(1000 | 1001));
                    return Err(if leaves { Reason::ClientClosed } else { Reason::TransportClosed });
                }
            };
            self.paused = self.endpoint.receive(now, message)? == Flow::Pause;
        }
        Ok(used)
    }

    /// Pending when there is nothing to write, or the peer takes nothing; ready when the endpoint has attended to
    /// something, which may be what it paused for.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        loop {
            if self.written == self.writing.len() {
                // Nothing is left of what was taken.
                buffers::give(std::mem::take(&mut self.writing));
                self.written = 0;
                match self.outbox.poll_work(cx) {
                    Poll::Ready(Work::Write(bytes)) => self.writing = bytes,
                    Poll::Ready(Work::Attend) => {
                        self.endpoint.attend();
                        return Poll::Ready(Ok(()));
                    }
                    Poll::Ready(Work::Close(reason)) => return Poll::Ready(Err(reason)),
                    Poll::Pending => {
                        return match self.stream.poll_flush(cx) {
                            Poll::Ready(Err(_)) => Poll::Ready(Err(Reason::TransportClosed)),
                            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
                        };
                    }
                }
            }
            match self.stream.poll_write(cx, &self.writing[self.written..]) {
                Poll::Ready(Ok(count @ 1..)) => self.written += count,
                Poll::Ready(_) => return Poll::Ready(Err(Reason::TransportClosed)),
                // While the peer reads nothing, the outbox must still be able to end the connection.
                Poll::Pending => match ready!(self.outbox.poll_urgent(cx)) {
                    Work::Close(reason) => return Poll::Ready(Err(reason)),
                    Work::Attend => {
                        self.endpoint.attend();
                        return Poll::Ready(Ok(()));
                    }
                    Work::Write(_) => {}
                },
            }
        }
    }

    /// Deadlines only move away while a connection lives, so the alarm is set anew when it has rung, not each time.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Result<(), Reason> {
        loop {
            let Some(deadline) = self.endpoint.deadline() else { return Ok(()) };
            let alarm = match &mut self.alarm {
                Some(alarm) if alarm.deadline().into_std() <= deadline => alarm,
                alarm => alarm.insert(Box::pin(tokio::time::sleep_until(deadline.into()))),
            };
            if alarm.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
            self.alarm = None;
            self.endpoint.timeout(clock::now())?;
        }
    }
}

/// The closing handshake (RFC 6455, section 7.1): what is left, the close frame, and a moment for the peer to read
/// it. To drop a stream that has unread bytes would reset it, and the peer might never see why.
struct Farewell {
    stream: Stream,
    unsent: Vec<u8>,
    sent: usize,
}

impl Farewell {
    async fn say(mut self, code: Option<u16>, outbox: &Outbox, linger: Duration) {
        self.unsent.extend_from_slice(&outbox.take_all());
        let code = code.map(u16::to_be_bytes);
        let payload = code.as_ref().map_or(&[][..], <[u8; 2]>::as_slice);
        super::frame::encode_header(&mut self.unsent, Opcode::Close, payload.len());
        self.unsent.extend_from_slice(payload);
        let deadline = tokio::time::Instant::now() + linger;
        // Whether the peer took it or not, this is the end.
        let _ = tokio::time::timeout_at(deadline, std::future::poll_fn(|cx| self.poll_say(cx))).await;
    }

    fn poll_say(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.unsent.len() {
            match ready!(self.stream.poll_write(cx, &self.unsent[self.sent..]))? {
                0 => return Poll::Ready(Ok(())),
                count => self.sent += count,
            }
        }
        ready!(self.stream.poll_flush(cx))?;
        ready!(self.stream.poll_shutdown(cx))?;
        let mut left = LINGER_BYTES;
        loop {
            let count = ready!(buffers::with_read_buffer(|buffer| self.stream.poll_read(cx, buffer)))?;
            left = left.saturating_sub(count);
            if count == 0 || left == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
