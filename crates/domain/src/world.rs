//! What is so at this moment: who is connected, and who is in which room.

use std::collections::{BTreeMap, VecDeque};

use crate::command::{Ticket, Voice};
use crate::effect::{Effect, Event, Member, Recipients, Reply};
use crate::identity::{Identity, Standing};
use crate::ids::PeerId;
use crate::limits::Limits;
use crate::names::{RoomId, Tenant};
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
}

/// A connection's place in a room. It is kept with the connection alone; the room lists ids.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) room: RoomId,
    pub(crate) voice: Voice,
    pub(crate) joined_at_ms: u64,
}

/// A room, which is there as long as someone is in it.
#[derive(Debug, Default)]
pub(crate) struct Room {
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
            effects: VecDeque::new(),
        }
    }

    pub(crate) fn send(&mut self, to: Recipients, voice: Voice, event: Event) {
        self.effects.push_back(Effect::Send { to, voice, event });
    }

    pub(crate) fn reply(&mut self, ticket: Ticket, result: Result<Reply, Refusal>) {
        self.effects.push_back(Effect::Reply { ticket, result });
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

    /// The rules, one a line.
    pub(crate) fn check(&self) {
        for ((tenant, id), room) in &self.rooms {
            let members = &room.members;
            let is_here = |peer: &Peer| peer.tenant == *tenant && peer.membership(id).is_some();
            let joined_once = |(index, member)| !members[..index].contains(member);
            assert!(!members.is_empty(), "a room ends when its last member leaves");
            assert!(members.len() <= self.limits.max_peers_per_room, "a room holds no more than it may");
            assert!(members.iter().enumerate().all(joined_once), "nobody is in a room twice");
            assert!(members.iter().all(|peer| self.peers.contains_key(peer)), "all in a room are connected");
            assert!(
                members.iter().all(|peer| is_here(&self.peers[peer])),
                "nobody is in another tenant's room"
            );
        }
        for (id, peer) in &self.peers {
            let rooms = &peer.memberships;
            let key = |at: &Membership| (peer.tenant.clone(), at.room.clone());
            let is_listed =
                |at: &Membership| self.rooms.get(&key(at)).is_some_and(|r| r.members.contains(id));
            assert!(
                rooms.len() <= self.limits.max_rooms_per_connection,
                "nobody is in more rooms than they may"
            );
            assert!(rooms.iter().all(is_listed), "whoever is in a room is listed there");
            assert!(rooms.is_empty() || peer.identity.user.is_some(), "whoever is in a room has a user id");
            assert!(
                peer.identity.standing == Standing::Guest || peer.identity.user.is_some(),
                "whoever is verified has a user id"
            );
        }
        let places: usize = self.peers.values().map(|peer| peer.memberships.len()).sum();
        let taken: usize = self.rooms.values().map(|room| room.members.len()).sum();
        assert_eq!(places, taken, "rooms and peers agree on who is where");
        assert_eq!(places, self.places, "every place that is taken was counted");
        assert!(self.rooms_created_total >= self.rooms.len() as u64, "every open room was counted");
    }
}
