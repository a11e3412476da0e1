//! Who enters and leaves a room. A room is there from the first to enter to the last to leave.

use std::sync::Arc;

use crate::command::{Now, Ticket, Voice};
use crate::effect::{Event, Member, Recipients, Reply};
use crate::identity::{Identity, Standing};
use crate::ids::PeerId;
use crate::names::{RoomId, UserId};
use crate::refusal::Refusal;
use crate::world::{Membership, Peer, RoomKey, World};

/// A wish to enter a room.
pub(crate) struct Join {
    pub(crate) room: RoomId,
    pub(crate) user: Option<UserId>,
    pub(crate) voice: Voice,
}

/// Enters a room, or tells one who is there already who else is.
pub(crate) fn join(
    world: &mut World,
    now: Now,
    id: PeerId,
    ticket: Ticket,
    join: Join,
) -> Result<(), Refusal> {
    let peer = world.peers.get(&id).ok_or(Refusal::Unavailable)?;
    refuse_contradiction(&peer.identity, join.user.as_ref())?;
    let key = (peer.tenant.clone(), join.room);
    let is_new = peer.membership(&key.1).is_none();
    if is_new {
        refuse_when_full(world, peer, &key)?;
        enter(world, now, id, &key, join.user, join.voice);
    }

    let peers: Arc<[Member]> = world.members(&key, id).collect();
    let existing = Event::ExistingPeers { room: key.1.clone(), peers: Arc::clone(&peers) };
    world.send(Recipients::One(id), join.voice, existing);
    world.reply(ticket, Ok(Reply::Joined { room: key.1.clone(), peers }));
    if is_new && let Some(peer) = world.member(id, &key.1) {
        world.send_to_others(&key, id, &Event::PeerJoined { room: key.1.clone(), peer });
    }
    Ok(())
}

/// Leaves one room, or all.
pub(crate) fn leave(
    world: &mut World,
    id: PeerId,
    ticket: Ticket,
    room: Option<RoomId>,
) -> Result<(), Refusal> {
    let peer = world.peers.get(&id).ok_or(Refusal::Unavailable)?;
    match room {
        Some(room) if peer.membership(&room).is_none() => return Err(Refusal::NotInRoom { room }),
        Some(room) => {
            world.reply(ticket, Ok(Reply::Done));
            depart(world, id, &room);
        }
        None => {
            world.reply(ticket, Ok(Reply::Done));
            depart_from_all(world, id);
        }
    }
    Ok(())
}

/// Ends a connection: it leaves every room.
pub(crate) fn disconnect(world: &mut World, id: PeerId) {
    depart_from_all(world, id);
    world.peers.remove(&id);
}

fn refuse_contradiction(identity: &Identity, claim: Option<&UserId>) -> Result<(), Refusal> {
    match (identity.standing, &identity.user, claim) {
        (Standing::Verified, Some(verified), Some(claimed)) if claimed != verified => {
            Err(Refusal::NotYourIdentity { claimed: claimed.clone(), verified: verified.clone() })
        }
        (Standing::Verified | Standing::Guest, _, _) => Ok(()),
    }
}

fn refuse_when_full(world: &World, peer: &Peer, key: &RoomKey) -> Result<(), Refusal> {
    let limit = world.limits.max_rooms_per_connection;
    if peer.memberships.len() >= limit {
        return Err(Refusal::TooManyRooms { limit });
    }
    let capacity = world.limits.max_peers_per_room;
    if world.rooms.get(key).map_or(0, |room| room.members.len()) >= capacity {
        return Err(Refusal::RoomFull { room: key.1.clone(), capacity });
    }
    Ok(())
}

/// Puts the connection into the room, which settles who a guest is.
fn enter(world: &mut World, now: Now, id: PeerId, key: &RoomKey, claim: Option<UserId>, voice: Voice) {
    let Some(peer) = world.peers.get_mut(&id) else { return };
    if peer.identity.user.is_none() {
        peer.identity.user = claim.or_else(|| UserId::try_from(format!("guest-{id}").as_str()).ok());
    }
    peer.memberships.push(Membership { room: key.1.clone(), voice, joined_at_ms: now.wall_ms });
    let room = world.rooms.entry(key.clone()).or_default();
    if room.members.is_empty() {
        world.rooms_created_total += 1;
    }
    room.members.push(id);
    world.places += 1;
}

fn depart_from_all(world: &mut World, id: PeerId) {
    let Some(peer) = world.peers.get(&id) else { return };
    let rooms: Vec<RoomId> = peer.memberships.iter().map(|membership| membership.room.clone()).collect();
    for room in rooms {
        depart(world, id, &room);
    }
}

/// Takes the connection out of the room, tells the others, and ends a room that nobody is in.
fn depart(world: &mut World, id: PeerId, room: &RoomId) {
    let Some(member) = world.member(id, room) else { return };
    let Some(peer) = world.peers.get_mut(&id) else { return };
    peer.memberships.retain(|membership| membership.room != *room);
    let key = (peer.tenant.clone(), room.clone());
    if let Some(entry) = world.rooms.get_mut(&key) {
        world.places -= 1;
        entry.members.retain(|&other| other != id);
        if entry.members.is_empty() {
            world.rooms.remove(&key);
        }
    }
    world.send_to_others(&key, id, &Event::PeerLeft { room: key.1.clone(), peer: member });
}
