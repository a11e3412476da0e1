//! Carries out what the core has decided: finds the sockets, and says it in their dialect.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
    time::Instant,
};

use dialects::Class;
use domain::{Code, Effect, Locale, PeerId, Refusal, Reply, Ticket};
use slab::Slab;
use socketio::{Reason, Socket};

use crate::{
    facts::Facts,
    gateway::Credit,
    hub::{Loads, Question},
    telemetry::{Metrics, Outcome},
};

/// Who is connected, and which questions are open.
#[derive(Debug)]
pub struct Effects {
    metrics: Arc<Metrics>,
    seats: HashMap<PeerId, Seat, BuildHasherDefault<RandomIdHasher>>,
    open: Slab<(PeerId, Question)>,
    /// Where events are written before they are handed to the sockets; kept, so that it grows once.
    scratch: Vec<u8>,
    locale: Locale,
    loads: Loads,
    facts: Facts,
}

#[derive(Debug)]
struct Seat {
    socket: Socket,
    credit: Arc<Credit>,
}

impl Effects {
    pub(crate) fn new(metrics: Arc<Metrics>, locale: Locale, loads: Loads, facts: Facts) -> Self {
        let (seats, open) = (HashMap::default(), Slab::new());
        Self { metrics, seats, open, scratch: Vec::new(), locale, loads, facts }
    }

    /// How many are connected.
    pub(crate) fn seats(&self) -> usize {
        self.seats.len()
    }

    pub(crate) fn seat(&mut self, peer: PeerId, socket: Socket, credit: Arc<Credit>) {
        self.seats.insert(peer, Seat { socket, credit });
    }

    pub(crate) fn unseat(&mut self, peer: PeerId) {
        self.seats.remove(&peer);
    }

    /// Opens a question. Its peer has its place in the queue back when it is answered.
    pub(crate) fn ask(&mut self, peer: PeerId, question: Question) -> Ticket {
        Ticket(self.open.insert((peer, question)) as u64)
    }

    pub(crate) fn carry_out(&mut self, now: Instant, effect: Effect) {
        match effect {
            Effect::Send { to, voice, event } => {
                self.scratch.clear();
                dialects::of(voice).encode(&event, &mut self.scratch);
                for seat in to.as_slice().iter().filter_map(|peer| self.seats.get(peer)) {
                    // A socket that is closed has its end told elsewhere.
                    let _ = seat.socket.emit(&self.scratch);
                }
            }
            Effect::Reply { ticket, result } => {
                let Ok(ticket) = usize::try_from(ticket.0) else { return };
                if let Some((peer, question)) = self.open.try_remove(ticket) {
                    self.reply(now, peer, &question, &result);
                }
            }
            Effect::Load { key } => self.loads.begin(key),
            Effect::Save(fact) => self.facts.save(fact),
        }
    }

    fn reply(&mut self, now: Instant, peer: PeerId, question: &Question, result: &Result<Reply, Refusal>) {
        self.metrics.event(question.index, outcome(result));
        if question.class == Class::Relay && result.is_ok() {
            self.metrics.relayed(now.saturating_duration_since(question.asked));
        }
        let Some(seat) = self.seats.get(&peer) else { return };
        seat.credit.give_back();
        self.scratch.clear();
        // A socket that is closed has its end told elsewhere.
        let _ = match (question.ack, result) {
            (Some(id), result) => {
                question.dialect.encode_reply(result, self.locale, &mut self.scratch);
                seat.socket.ack(id, &self.scratch)
            }
            (None, Err(refusal)) => {
                question.dialect.encode_error(question.event, refusal, self.locale, &mut self.scratch);
                seat.socket.emit(&self.scratch)
            }
            (None, Ok(_)) => Ok(()),
        };
    }

    /// Closes every connection and forgets every question, after the core was dropped.
    pub(crate) fn close_all(&mut self, reason: Reason) {
        self.facts.start_over();
        self.open.clear();
        for (_, seat) in self.seats.drain() {
            seat.socket.close(reason);
        }
    }
}

fn outcome(result: &Result<Reply, Refusal>) -> Outcome {
    match result.as_ref().map_err(Refusal::code) {
        Ok(_) => Outcome::Ok,
        Err(Code::RateLimit) => Outcome::RateLimited,
        Err(Code::Unavailable | Code::Internal) => Outcome::Failed,
        Err(_) => Outcome::Refused,
    }
}

/// Peer ids are random bits that no client chooses: they need no hashing.
#[derive(Debug, Default)]
struct RandomIdHasher(u64);

impl Hasher for RandomIdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, bits: u128) {
        self.0 = (bits ^ (bits >> 64)) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
