//! Signals from peer to peer: the hot path. Nothing here allocates when it succeeds.

use crate::command::{Form, Signal, Ticket};
use crate::effect::{Event, Recipients, Reply};
use crate::ids::PeerId;
use crate::names::RoomId;
use crate::refusal::{Excerpt, Refusal};
use crate::world::{Membership, Peer, World};

/// A wish to send a signal to one peer.
pub(crate) struct Relay {
    pub(crate) to: PeerId,
    pub(crate) room: Option<RoomId>,
    pub(crate) signal: Signal,
    pub(crate) form: Form,
}

/// Sends a signal to a peer that shares a room.
///
/// The answer is the same for a peer of another room, of another tenant, for one that is gone or never was,
/// and for the sender itself, so that ids cannot be probed.
pub(crate) fn to_peer(world: &mut World, from: PeerId, ticket: Ticket, relay: Relay) -> Result<(), Refusal> {
    let Relay { to, room, signal, form } = relay;
    let sender = world.peers.get(&from).ok_or(Refusal::Unavailable)?;
    let target = world.peers.get(&to).filter(|target| to != from && target.tenant == sender.tenant);
    let Some(shared) = target.and_then(|target| shared_room(sender, target, room.as_ref())) else {
        return Err(Refusal::PeerNotFound { peer: Excerpt::of(&to.to_string()) });
    };
    let (voice, room) = (shared.voice, shared.room.clone());
    world.send(Recipients::One(to), voice, Event::Signal { room, from, to: Some(to), signal, form });
    world.reply(ticket, Ok(Reply::Done));
    Ok(())
}

/// Sends a signal to everyone else in a room.
pub(crate) fn to_room(
    world: &mut World,
    from: PeerId,
    ticket: Ticket,
    room: RoomId,
    signal: Signal,
) -> Result<(), Refusal> {
    let sender = world.peers.get(&from).ok_or(Refusal::Unavailable)?;
    if sender.membership(&room).is_none() {
        return Err(Refusal::NotInRoom { room });
    }
    let key = (sender.tenant.clone(), room.clone());
    let event = Event::Signal { room, from, to: None, signal, form: Form::Envelope };
    world.send_to_others(&key, from, &event);
    world.reply(ticket, Ok(Reply::Done));
    Ok(())
}

/// The target's place in the room that both are in: the one named, else the one the sender joined last.
fn shared_room<'a>(sender: &Peer, target: &'a Peer, named: Option<&RoomId>) -> Option<&'a Membership> {
    match named {
        Some(room) => sender.membership(room).and_then(|_| target.membership(room)),
        None => sender.memberships.iter().rev().find_map(|membership| target.membership(&membership.room)),
    }
}
