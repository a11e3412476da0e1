//! The packets of one POST, handed on one by one.

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{
    endpoint::{Endpoint, Flow, Message, Reason},
    packet::engine,
};

#[derive(Debug)]
pub(crate) struct Post {
    body: Bytes,
    /// None when every packet was taken.
    at: Option<usize>,
    answer: oneshot::Sender<Result<(), Reason>>,
}

/// One packet of a payload.
pub(crate) enum Packet<'a> {
    Text(&'a str),
    Binary(Bytes),
}

impl Post {
    pub(crate) fn new(body: Bytes, answer: oneshot::Sender<Result<(), Reason>>) -> Self {
        Self { body, at: Some(0), answer }
    }

    /// None when there is no more.
    pub(crate) fn next_packet(&mut self) -> Option<Result<Packet<'_>, Reason>> {
        let rest = &self.body[self.at?..];
        let end = memchr::memchr(engine::SEPARATOR, rest);
        let packet = &rest[..end.unwrap_or(rest.len())];
        self.at = end.and_then(|end| Some(self.at? + end + 1));
        Some(match std::str::from_utf8(packet) {
            Err(_) => Err(Reason::NotUtf8),
            Ok(text) if text.starts_with('b') => {
                engine::decode_binary(text).map(Packet::Binary).ok_or(Reason::Parse)
            }
            Ok(text) => Ok(Packet::Text(text)),
        })
    }

    pub(crate) fn answer(self, result: Result<(), Reason>) {
        // Whoever is not there any more needs no answer.
        let _ = self.answer.send(result);
    }
}

impl Packet<'_> {
    pub(crate) fn deliver(self, endpoint: &mut impl Endpoint, now: Instant) -> Result<Flow, Reason> {
        match self {
            Packet::Text(text) => endpoint.receive(now, Message::Text(text)),
            Packet::Binary(data) => endpoint.receive(now, Message::Binary(&data)),
        }
    }
}
