//! What is so at this moment: who is connected, and who is in which room.

use std::collections::{BTreeMap, VecDeque};

use crate::claim::Waiting;
use crate::command::{Ticket, Voice};
use crate::effect::{Effect, Event, Member, Recipients, Reply};
use crate::fact::{Fact, Participation, Sitting};
use crate::identity::{Identity, Standing};
use crate::ids::PeerId;
use crate::limits::Limits;
use crate::load::Key;
use crate::names::{RoomId, Tenant, UserId};
use crate::refusal::Refusal;

/// The state that `room` and `relay` work on, and the effects they have decided.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) limits: Limits,
    pub(crate) peers: BTreeMap<PeerId, Peer>,
    pub(crate) rooms: BTreeMap<RoomKey, Room>,
    pub(crate) rooms_created_total: u64,
    /// Places taken in all rooms: counted, so that to tell it costs nothing.
    pub(crate) places: usize,
    /// How many connections each verified user has.
    pub(crate) verified: BTreeMap<(Tenant, UserId), usize>,
    /// Who waits for an answer of the store.
    pub(crate) waiting: BTreeMap<PeerId, Waiting>,
    /// Who waits for which, the first to ask first.
    pub(crate) loads: BTreeMap<Key, VecDeque<PeerId>>,
    pub(crate) effects: VecDeque<Effect>,
}

/// A room is known by its tenant too, so that no command can name a room of another world.
pub(crate) type RoomKey = (Tenant, RoomId);

/// A connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) tenant: Tenant,
    pub(crate) identity: Identity,
    /// In the order joined.
    pub(crate) memberships: Vec<Membership>,
    /// How many rooms it ever entered.
    pub(crate) joins: u32,
}

/// A connection's place in a room. It is kept with the connection alone; the room lists ids.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) room: RoomId,
    pub(crate) voice: Voice,
    pub(crate) joined_at_ms: u64,
    pub(crate) participation: Participation,
}

/// A room, which is there as long as someone is in it.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) sitting: Sitting,
    /// In the order joined.
    pub(crate) members: Vec<PeerId>,
}

/// How much there is, for `/stats` and the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections.
    pub peers: usize,
    /// Rooms that are open.
    pub rooms: usize,
    /// Places taken in rooms; a connection in two rooms takes two.
    pub memberships: usize,
    /// Rooms that were ever opened.
    pub rooms_created_total: u64,
}

impl Peer {
    pub(crate) fn membership(&self, room: &RoomId) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.room == *room)
    }
}

impl World {
    pub(crate) fn new(limits: Limits) -> World {
        World {
            limits,
            peers: BTreeMap::new(),
            rooms: BTreeMap::new(),
            rooms_created_total: 0,
            places: 0,
            verified: BTreeMap::new(),
            waiting: BTreeMap::new(),
            loads: BTreeMap::new(),
            effects: VecDeque::new(),
        }
    }

    pub(crate) fn send(&mut self, to: Recipients, voice: Voice, event: Event) {
        self.effects.push_back(Effect::Send { to, voice, event });
    }

    pub(crate) fn reply(&mut self, ticket: Ticket, result: Result<Reply, Refusal>) {
        self.effects.push_back(Effect::Reply { ticket, result });
    }

    pub(crate) fn save(&mut self, fact: Fact) {
        self.effects.push_back(Effect::Save(fact));
    }

    /// Adds a connection. Returns the one that had its id, which is a bug of the shell.
    pub(crate) fn add_peer(&mut self, id: PeerId, tenant: Tenant, identity: Identity) -> Option<Peer> {
        if let (Standing::Verified, Some(user)) = (identity.standing, &identity.user) {
            *self.verified.entry((tenant.clone(), user.clone())).or_default() += 1;
        }
        self.peers.insert(id, Peer { tenant, identity, memberships: Vec::new(), joins: 0 })
    }

    /// Takes a connection out, which is in no room any more.
    pub(crate) fn remove_peer(&mut self, id: PeerId) {
        let Some(peer) = self.peers.remove(&id) else { return };
        let (Standing::Verified, Some(user)) = (peer.identity.standing, peer.identity.user) else { return };
        let key = (peer.tenant, user);
        match self.verified.get_mut(&key) {
            Some(connections) if *connections > 1 => *connections -= 1,
            Some(_) | None => {
                self.verified.remove(&key);
            }
        }
    }

    /// Whether someone who proved to be this user is connected.
    pub(crate) fn is_verified(&self, tenant: &Tenant, user: &UserId) -> bool {
        !self.verified.is_empty() && self.verified.contains_key(&(tenant.clone(), user.clone()))
    }

    /// Sends the event to everyone in the room but `except`, voice by voice.
    pub(crate) fn send_to_others(&mut self, key: &RoomKey, except: PeerId, event: &Event) {
        for &voice in Voice::ALL {
            let to: Vec<PeerId> = self.others(key, except, voice).collect();
            if !to.is_empty() {
                self.send(Recipients::Many(to), voice, event.clone());
            }
        }
    }

    fn others(&self, key: &RoomKey, except: PeerId, voice: Voice) -> impl Iterator<Item = PeerId> {
        let members = self.rooms.get(key).map_or(&[][..], |room| &room.members);
        members.iter().copied().filter(move |&peer| {
            peer != except
                && self.peers[&peer].membership(&key.1).is_some_and(|membership| membership.voice == voice)
        })
    }

    /// The others in a room as `except` sees them, in the order they joined.
    pub(crate) fn members(&self, key: &RoomKey, except: PeerId) -> impl Iterator<Item = Member> {
        let members = self.rooms.get(key).map_or(&[][..], |room| &room.members);
        members.iter().filter(move |&&peer| peer != except).filter_map(|&peer| self.member(peer, &key.1))
    }

    /// A connection as those in the room see it; `None` if it is not there.
    pub(crate) fn member(&self, id: PeerId, room: &RoomId) -> Option<Member> {
        let peer = self.peers.get(&id)?;
        let membership = peer.membership(room)?;
        Some(Member {
            peer: id,
            user: peer.identity.user.clone()?,
            username: peer.identity.username.clone(),
            standing: peer.identity.standing,
            joined_at_ms: membership.joined_at_ms,
        })
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            peers: self.peers.len(),
            rooms: self.rooms.len(),
            memberships: self.places,
            rooms_created_total: self.rooms_created_total,
        }
    }
}
