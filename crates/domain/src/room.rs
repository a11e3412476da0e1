//! Who enters and leaves a room. A room is there from the first to enter to the last to leave.

use std::sync::Arc;

use crate::claim;
use crate::command::{Now, Ticket, Voice};
use crate::effect::{Event, Member, Recipients, Reply};
use crate::fact::{Fact, Participation, Sitting};
use crate::identity::{Identity, Standing};
use crate::ids::PeerId;
use crate::load::Key;
use crate::names::{RoomId, UserId};
use crate::refusal::Refusal;
use crate::world::{Membership, Peer, Room, RoomKey, World};

/// A wish to enter a room.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) room: RoomId,
    pub(crate) user: Option<UserId>,
    pub(crate) voice: Voice,
    pub(crate) claim: Claim,
}

/// What is known of the id that a guest claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing yet.
    Unproven,
    /// The store knows nobody of that id.
    Free,
}

/// Enters a room, or tells one who is there already who else is. A guest with a new claim waits until it was looked up.
pub(crate) fn join(
    world: &mut World,
    now: Now,
    id: PeerId,
    ticket: Ticket,
    join: Join,
) -> Result<(), Refusal> {
    let peer = world.peers.get(&id).ok_or(Refusal::Unavailable)?;
    refuse_contradiction(&peer.identity, join.user.as_ref())?;
    refuse_without_grant(&peer.identity, &join.room)?;
    let is_new = peer.membership(&join.room).is_none();
    let key = (peer.tenant.clone(), join.room.clone());
    if is_new {
        refuse_when_full(world, peer, &key)?;
        claim::refuse_taken(world, peer, join.user.as_ref())?;
        if let (Claim::Unproven, Some(user)) = (join.claim, claim::unproven(peer, join.user.as_ref())) {
            let key = Key::Subject { tenant: peer.tenant.clone(), user: user.clone() };
            claim::ask(world, id, ticket, key, join);
            return Ok(());
        }
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
    now: Now,
    id: PeerId,
    ticket: Ticket,
    room: Option<RoomId>,
) -> Result<(), Refusal> {
    let peer = world.peers.get(&id).ok_or(Refusal::Unavailable)?;
    match room {
        Some(room) if peer.membership(&room).is_none() => return Err(Refusal::NotInRoom { room }),
        Some(room) => {
            world.reply(ticket, Ok(Reply::Done));
            depart(world, now, id, &room);
        }
        None => {
            world.reply(ticket, Ok(Reply::Done));
            depart_from_all(world, now, id);
        }
    }
    Ok(())
}

/// Ends a connection: it waits for nothing any more and leaves every room.
pub(crate) fn disconnect(world: &mut World, now: Now, id: PeerId) {
    claim::give_up(world, id);
    depart_from_all(world, now, id);
    world.remove_peer(id);
}

fn refuse_contradiction(identity: &Identity, claim: Option<&UserId>) -> Result<(), Refusal> {
    match (identity.standing, &identity.user, claim) {
        (Standing::Verified, Some(verified), Some(claimed)) if claimed != verified => {
            Err(Refusal::NotYourIdentity { claimed: claimed.clone(), verified: verified.clone() })
        }
        (Standing::Verified | Standing::Guest, _, _) => Ok(()),
    }
}

fn refuse_without_grant(identity: &Identity, room: &RoomId) -> Result<(), Refusal> {
    match &identity.grants {
        Some(grants) if !grants.let_into(room) => Err(Refusal::NotGranted { room: room.clone() }),
        Some(_) | None => Ok(()),
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

/// Puts the connection into the room, which settles who a guest is, and opens a room that nobody was in.
fn enter(world: &mut World, now: Now, id: PeerId, key: &RoomKey, claim: Option<UserId>, voice: Voice) {
    let Some(peer) = world.peers.get_mut(&id) else { return };
    let identity = &mut peer.identity;
    let made = || {
        UserId::try_from(format!("guest-{id}").as_str())
            .expect("the id of a connection fits into the id of a user")
    };
    let user = identity.user.take().or(claim).unwrap_or_else(made);
    identity.user = Some(user.clone());
    let (username, standing) = (identity.username.clone(), identity.standing);
    peer.joins += 1;
    let participation = Participation { peer: id, number: peer.joins };
    let (room, joined_at_ms) = (key.1.clone(), now.wall_ms);
    peer.memberships.push(Membership { room: room.clone(), voice, joined_at_ms, participation });
    let sitting = open(world, now, key, Sitting(participation));
    if let Some(entry) = world.rooms.get_mut(key) {
        entry.members.push(id);
    }
    world.places += 1;
    let tenant = key.0.clone();
    world.save(Fact::Joined { participation, sitting, tenant, room, user, username, standing, joined_at_ms });
}

/// The sitting of the room; the given one if nobody is there, which opens it.
fn open(world: &mut World, now: Now, key: &RoomKey, sitting: Sitting) -> Sitting {
    if let Some(room) = world.rooms.get(key) {
        return room.sitting;
    }
    world.rooms.insert(key.clone(), Room { sitting, members: Vec::new() });
    world.rooms_created_total += 1;
    let (tenant, room) = key.clone();
    world.save(Fact::RoomOpened { sitting, tenant, room, opened_at_ms: now.wall_ms });
    sitting
}

fn depart_from_all(world: &mut World, now: Now, id: PeerId) {
    let Some(peer) = world.peers.get(&id) else { return };
    let rooms: Vec<RoomId> = peer.memberships.iter().map(|membership| membership.room.clone()).collect();
    for room in rooms {
        depart(world, now, id, &room);
    }
}

/// Takes the connection out of the room, tells the others, and ends a room that nobody is in.
fn depart(world: &mut World, now: Now, id: PeerId, room: &RoomId) {
    let Some(member) = world.member(id, room) else { return };
    let Some(peer) = world.peers.get_mut(&id) else { return };
    let key = (peer.tenant.clone(), room.clone());
    let Some(index) = peer.memberships.iter().position(|membership| membership.room == *room) else { return };
    let participation = peer.memberships.remove(index).participation;
    world.places -= 1;
    world.save(Fact::Left { participation, left_at_ms: now.wall_ms });
    if let Some(entry) = world.rooms.get_mut(&key) {
        entry.members.retain(|&other| other != id);
        if entry.members.is_empty() {
            let sitting = entry.sitting;
            world.rooms.remove(&key);
            world.save(Fact::RoomClosed { sitting, closed_at_ms: now.wall_ms });
        }
    }
    world.send_to_others(&key, id, &Event::PeerLeft { room: key.1.clone(), peer: member });
}
