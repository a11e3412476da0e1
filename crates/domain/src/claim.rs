//! Whether a guest may have the id that it claims, and the wait for the store to say so.
//!
//! An id belongs to whoever showed a token for it, and to an account: a guest that took it would be taken for them. Who
//! is connected is known here; who ever was, the store knows. So the first join of a guest that claims an id asks
//! ([`Effect::Load`]) and is held back until the answer comes in, and with it whatever else the guest asks meanwhile,
//! in order. An id from the handshake was looked up before the guest was let in, and an id made here is nobody's: these never wait.

use std::collections::VecDeque;

use crate::command::{Command, Ticket};
use crate::effect::Effect;
use crate::identity::Standing;
use crate::ids::PeerId;
use crate::limits::Limits;
use crate::load::{Key, LOAD_LIMIT};
use crate::names::UserId;
use crate::refusal::Refusal;
use crate::room::Join;
use crate::world::{Peer, World};

/// A guest that waits for an answer.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// What it waits for.
    pub(crate) key: Key,
    /// The join that asked.
    pub(crate) ticket: Ticket,
    pub(crate) join: Join,
    /// What the guest asked after it, the first first.
    pub(crate) held: VecDeque<(Ticket, Command)>,
}

/// The id that has to be looked up before this connection may join.
pub(crate) fn unproven<'a>(peer: &Peer, claim: Option<&'a UserId>) -> Option<&'a UserId> {
    match (peer.identity.standing, &peer.identity.user) {
        (Standing::Guest, None) => claim,
        (Standing::Guest | Standing::Verified, _) => None,
    }
}

/// Refuses a guest an id that someone connected has proved to be theirs: they may have come after the guest.
pub(crate) fn refuse_taken(world: &World, peer: &Peer, claim: Option<&UserId>) -> Result<(), Refusal> {
    match (peer.identity.standing, peer.identity.user.as_ref().or(claim)) {
        (Standing::Guest, Some(user)) if world.is_verified(&peer.tenant, user) => {
            Err(Refusal::IdTaken { user: user.clone() })
        }
        (Standing::Guest | Standing::Verified, _) => Ok(()),
    }
}

/// Asks the store, and holds the join back until it has answered.
pub(crate) fn ask(world: &mut World, id: PeerId, ticket: Ticket, key: Key, join: Join) {
    world.loads.entry(key.clone()).or_default().push_back(id);
    world.effects.push_back(Effect::Load { key: key.clone() });
    world.waiting.insert(id, Waiting { key, ticket, join, held: VecDeque::new() });
}

/// Keeps a command for after the answer, or hands it back if its connection waits for none.
pub(crate) fn hold(world: &mut World, id: PeerId, ticket: Ticket, command: Command) -> Option<Command> {
    let Limits { max_held_commands, .. } = world.limits;
    let Some(waiting) = world.waiting.get_mut(&id) else { return Some(command) };
    if waiting.held.len() < max_held_commands {
        waiting.held.push_back((ticket, command));
    } else {
        let retry_after_ms = LOAD_LIMIT.as_millis() as u64;
        world.reply(ticket, Err(Refusal::RateLimited { retry_after_ms }));
    }
    None
}

/// The guest that has waited longest for this answer. Nobody, if those who asked are gone.
pub(crate) fn take_first(world: &mut World, key: &Key) -> Option<(PeerId, Waiting)> {
    let id = world.loads.get(key)?.front().copied()?;
    Some((id, stop_waiting(world, id)?))
}

/// Answers what a connection that is gone still waits for.
pub(crate) fn give_up(world: &mut World, id: PeerId) {
    let Some(Waiting { ticket, held, .. }) = stop_waiting(world, id) else { return };
    for ticket in std::iter::once(ticket).chain(held.into_iter().map(|(ticket, _)| ticket)) {
        world.reply(ticket, Err(Refusal::Unavailable));
    }
}

fn stop_waiting(world: &mut World, id: PeerId) -> Option<Waiting> {
    let waiting = world.waiting.remove(&id)?;
    if let Some(askers) = world.loads.get_mut(&waiting.key) {
        askers.retain(|&other| other != id);
        if askers.is_empty() {
            world.loads.remove(&waiting.key);
        }
    }
    Some(waiting)
}
