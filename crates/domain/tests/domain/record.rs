//! The record of a run: what can be known of the rooms from the facts alone.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Fact, Member, Participation, RoomId, Sitting, Tenant};

/// Facts, replayed. It asserts that none comes twice, and none without the one it belongs to.
#[derive(Default)]
pub(crate) struct Record {
    ids: BTreeSet<String>,
    sittings: BTreeMap<Sitting, (Tenant, RoomId, usize)>,
    /// Who is where, in the order of the facts.
    open: Vec<(Participation, Sitting, Tenant, Member, RoomId)>,
}

impl Record {
    pub(crate) fn append(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            if !matches!(fact, Fact::Seen { .. }) {
                assert!(self.ids.insert(fact.id()), "{fact:?} has the id of another one");
            }
            self.append_one(fact);
        }
    }

    fn append_one(&mut self, fact: Fact) {
        match fact {
            Fact::RoomOpened { sitting, tenant, room, opened_at_ms: _ } => {
                let is_open = self.sittings.values().any(|(of, open, _)| (of, open) == (&tenant, &room));
                assert!(!is_open, "a room that is open does not open");
                let before = self.sittings.insert(sitting, (tenant, room, 0));
                assert!(before.is_none(), "a sitting opens once");
            }
            Fact::Joined { participation, sitting, tenant, room, user, username, standing, joined_at_ms } => {
                let (of, open, members) =
                    self.sittings.get_mut(&sitting).expect("whoever joins finds it open");
                assert_eq!((&*of, &*open), (&tenant, &room), "a sitting is of one room");
                *members += 1;
                let member = Member { peer: participation.peer, user, username, standing, joined_at_ms };
                self.open.push((participation, sitting, tenant, member, room));
            }
            Fact::Left { participation, left_at_ms } => {
                let index = self.open.iter().position(|(open, ..)| *open == participation);
                let (_, sitting, _, member, _) = self.open.remove(index.expect("whoever leaves has joined"));
                assert!(member.joined_at_ms <= left_at_ms, "nobody leaves before they join");
                self.sittings.get_mut(&sitting).expect("a room outlasts its members").2 -= 1;
            }
            Fact::RoomClosed { sitting, closed_at_ms: _ } => {
                let (_, _, members) = self.sittings.remove(&sitting).expect("what closes is open");
                assert_eq!(members, 0, "a room closes when nobody is left");
            }
            Fact::Seen { .. } => {}
        }
        assert!(self.sittings.len() <= self.open.len() + 1, "no room stays open without members");
    }

    /// Who is where.
    pub(crate) fn rows(&self) -> Vec<(Tenant, Member, RoomId)> {
        assert!(self.sittings.values().all(|(_, _, members)| *members > 0), "an empty room is closed");
        self.open
            .iter()
            .map(|(_, _, tenant, member, room)| (tenant.clone(), member.clone(), room.clone()))
            .collect()
    }
}
