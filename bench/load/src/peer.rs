//! One peer while signals are relayed.

use std::{
    io::{ErrorKind, Read, Write},
    time::Instant,
};

use anyhow::bail;
use mio::net::TcpStream;

use crate::{
    connect::Joined,
    frame::{self, Incoming},
    message::{FIRST_NUMBER, MaskedFrame, Message},
    scenario::{Flow, Signal},
    verify::Inbox,
};

/// One read takes at most this much.
pub(crate) const READ_BYTES: usize = 64 * 1024;

/// A socket, what it sends, and what it must receive.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    mask: [u8; 4],
    outgoing: MaskedFrame,
    next_number: u32,
    pub(crate) inbox: Inbox,
    /// The start of a frame whose end has not come.
    partial: Vec<u8>,
    /// What the socket did not take yet.
    output: Vec<u8>,
}

/// Makes two partners ready to relay to each other.
///
/// # Errors
/// When a socket cannot be made non-blocking.
pub(crate) fn partners(signal: Signal, flow: Flow, joined: [Joined; 2]) -> anyhow::Result<[Peer; 2]> {
    let [first, second] = joined;
    let to_second = Message::new(signal, &second.id);
    let to_first = Message::new(signal, &first.id);
    let first_inbox = Inbox::new(signal, flow, &second.id, &to_first);
    let second_inbox = Inbox::new(signal, flow, &first.id, &to_second);
    Ok([Peer::new(first, &to_second, first_inbox)?, Peer::new(second, &to_first, second_inbox)?])
}

impl Peer {
    fn new(joined: Joined, message: &Message, inbox: Inbox) -> anyhow::Result<Self> {
        joined.stream.set_nonblocking(true)?;
        let stream = TcpStream::from_std(joined.stream);
        // Differs from peer to peer; its value is of no interest.
        let mask = (u32::from(stream.local_addr()?.port()) | 1).wrapping_mul(0x9e37_79b1).to_be_bytes();
        Ok(Self {
            stream,
            mask,
            outgoing: message.frame(mask),
            next_number: FIRST_NUMBER,
            inbox,
            partial: joined.rest,
            output: Vec::new(),
        })
    }

    /// Sends `count` messages by one write, and tells the receiver's inbox of them.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) fn send(&mut self, count: usize, receiver: &mut Inbox) -> anyhow::Result<()> {
        let now = Instant::now();
        for _ in 0..count {
            receiver.expect(self.next_number, now);
            self.outgoing.append(self.next_number, &mut self.output);
            self.next_number += 1;
        }
        self.flush()
    }

    /// Writes what the socket takes.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        match self.stream.write(&self.output) {
            Ok(written) if written == self.output.len() => self.output.clear(),
            Ok(written) => drop(self.output.drain(..written)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Reads all that has come, checks each message, appends its latency in nanoseconds, and says how many came.
    ///
    /// # Errors
    /// When the connection is lost or something arrives that should not.
    pub(crate) fn receive(
        &mut self,
        scratch: &mut [u8],
        latencies_ns: &mut Vec<u32>,
    ) -> anyhow::Result<usize> {
        let mut arrived = 0;
        loop {
            let kept = self.partial.len();
            scratch[..kept].copy_from_slice(&self.partial);
            let read = match self.stream.read(&mut scratch[kept..]) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(arrived),
                Err(error) => return Err(error.into()),
            };
            let end = kept + read;
            self.partial.clear();
            arrived += self.take(&scratch[..end], latencies_ns)?;
            // A short read has emptied the socket; what comes later is a new event.
            if end < scratch.len() {
                return Ok(arrived);
            }
        }
    }

    fn take(&mut self, input: &[u8], latencies_ns: &mut Vec<u32>) -> anyhow::Result<usize> {
        let now = Instant::now();
        let mut arrived = 0;
        let mut start = 0;
        while let Some((incoming, taken)) = frame::first(&input[start..])? {
            match incoming {
                Incoming::Text(b"2") => self.answer(frame::masked_text(b"3", self.mask))?,
                Incoming::Ping(payload) => self.answer(frame::masked_pong(payload, self.mask))?,
                Incoming::Text(text) => {
                    let sent = self.inbox.accept(text)?;
                    let latency = now.saturating_duration_since(sent).as_nanos();
                    latencies_ns.push(u32::try_from(latency).unwrap_or(u32::MAX));
                    arrived += 1;
                }
            }
            start += taken;
        }
        self.partial.extend_from_slice(&input[start..]);
        Ok(arrived)
    }

    fn answer(&mut self, frame: Vec<u8>) -> anyhow::Result<()> {
        self.output.extend(frame);
        self.flush()
    }
}
