//! The rules of the core as assertions, for tests: what must be so between any two inputs.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::Standing;
use crate::load::Key;
use crate::world::{Membership, Peer, World};

impl World {
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
        self.check_record();
        self.check_waiting();
        let places: usize = self.peers.values().map(|peer| peer.memberships.len()).sum();
        let taken: usize = self.rooms.values().map(|room| room.members.len()).sum();
        assert_eq!(places, taken, "rooms and peers agree on who is where");
        assert_eq!(places, self.places, "every place that is taken was counted");
        assert!(self.rooms_created_total >= self.rooms.len() as u64, "every open room was counted");
    }

    /// What is written down is told apart.
    fn check_record(&self) {
        let sittings: BTreeSet<_> = self.rooms.values().map(|room| room.sitting).collect();
        assert_eq!(sittings.len(), self.rooms.len(), "no two open rooms are one sitting");
        for (id, peer) in &self.peers {
            let mut times = peer.memberships.iter().map(|membership| membership.participation);
            let numbers: BTreeSet<u32> = times.clone().map(|time| time.number).collect();
            assert!(times.all(|time| time.peer == *id), "a participation is named after its own connection");
            assert_eq!(numbers.len(), peer.memberships.len(), "no two participations have one name");
            assert!(numbers.last() <= Some(&peer.joins), "every participation was counted");
        }
    }

    /// Whoever waits is a guest that nobody knows, and is waited for by an answer.
    fn check_waiting(&self) {
        for (id, waiting) in &self.waiting {
            let Some(peer) = self.peers.get(id) else { panic!("whoever waits is connected") };
            let Key::Subject { tenant, user } = &waiting.key;
            assert!(peer.identity.user.is_none(), "only a guest that has no id yet waits for one");
            assert_eq!(peer.identity.standing, Standing::Guest, "whoever is verified never waits");
            assert!(peer.memberships.is_empty(), "whoever waits is in no room yet");
            assert_eq!(peer.tenant, *tenant, "a guest asks in its own world");
            assert_eq!(waiting.join.user.as_ref(), Some(user), "a guest asks for the id that it claims");
            assert!(waiting.held.len() <= self.limits.max_held_commands, "no more commands wait than may");
        }
        let asked: usize = self.loads.values().map(|askers| askers.len()).sum();
        let waits_for = |key: &Key, id| self.waiting.get(id).is_some_and(|waiting| waiting.key == *key);
        assert_eq!(asked, self.waiting.len(), "whoever waits has asked once");
        assert!(self.loads.values().all(|askers| !askers.is_empty()), "what nobody waits for is forgotten");
        assert!(
            self.loads.iter().all(|(key, askers)| askers.iter().all(|id| waits_for(key, id))),
            "whoever has asked waits"
        );
        let mut verified = BTreeMap::new();
        for peer in self.peers.values().filter(|peer| peer.identity.standing == Standing::Verified) {
            let user = peer.identity.user.clone();
            *verified.entry((peer.tenant.clone(), user)).or_insert(0) += 1;
        }
        let counted = self
            .verified
            .iter()
            .map(|((tenant, user), &connections)| ((tenant.clone(), Some(user.clone())), connections));
        assert_eq!(verified, counted.collect(), "every verified connection was counted");
    }
}
