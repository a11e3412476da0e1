//! The rules of what is on record.

use domain::{Fact, RoomId, Tenant};

use crate::history::{ParticipationRecord, RoomRecord};
use crate::memory::state::{ParticipationRow, RoomRow, State};
use crate::node::NodeId;
use crate::store::CLOCKS_DIFFER_MS;

impl State {
    pub(super) fn append(&mut self, node: NodeId, facts: &[Fact]) {
        for fact in facts {
            let at_ms = self.write_down(node, fact);
            self.nodes.entry(node).or_insert(at_ms);
            if self.fact_ids.insert(fact.id()) {
                self.facts.push(fact.clone());
            }
        }
    }

    /// Returns when it happened.
    fn write_down(&mut self, node: NodeId, fact: &Fact) -> u64 {
        match fact {
            Fact::RoomOpened { sitting, tenant, room, opened_at_ms } => {
                let id = sitting.to_string();
                let record = RoomRecord { id: id.clone(), opened_at_ms: *opened_at_ms, ended_at_ms: None };
                let row = RoomRow { place: (tenant.clone(), room.clone()), node, record };
                self.rooms.entry(id).or_insert(row);
                *opened_at_ms
            }
            Fact::Joined { participation, sitting, tenant, room, user, username, standing, joined_at_ms } => {
                let id = participation.to_string();
                let record = ParticipationRecord {
                    id: id.clone(),
                    sitting: sitting.to_string(),
                    user: user.clone(),
                    username: username.clone(),
                    standing: *standing,
                    joined_at_ms: *joined_at_ms,
                    left_at_ms: None,
                    duration_ms: None,
                };
                let row = ParticipationRow { place: (tenant.clone(), room.clone()), node, record };
                self.participations.entry(id).or_insert(row);
                *joined_at_ms
            }
            Fact::Left { participation, left_at_ms } => {
                if let Some(row) = self.participations.get_mut(&participation.to_string()) {
                    row.record.leave(*left_at_ms);
                }
                *left_at_ms
            }
            Fact::RoomClosed { sitting, closed_at_ms } => {
                if let Some(row) = self.rooms.get_mut(&sitting.to_string()) {
                    row.record.ended_at_ms = Some(*closed_at_ms);
                }
                *closed_at_ms
            }
            Fact::Seen { tenant, user, at_ms } => {
                let newest = self.subjects.entry((tenant.clone(), user.clone())).or_default();
                *newest = (*newest).max(*at_ms);
                *at_ms
            }
        }
    }

    pub(super) fn close_orphans(&mut self, now_ms: u64, silent_since_ms: u64) -> u64 {
        let too_new_ms = now_ms.saturating_add(CLOCKS_DIFFER_MS);
        let is_silent =
            |_: &NodeId, heard_ms: &mut u64| *heard_ms < silent_since_ms || *heard_ms > too_new_ms;
        let mut ended = 0;
        for (node, heard_ms) in self.nodes.extract_if(.., is_silent) {
            let heard_ms = heard_ms.min(now_ms);
            let left = self.participations.values_mut().filter(|row| row.node == node);
            for row in left.filter(|row| row.record.left_at_ms.is_none()) {
                row.record.leave(heard_ms.max(row.record.joined_at_ms));
                ended += 1;
            }
            let open = self.rooms.values_mut().filter(|row| row.node == node);
            for row in open.filter(|row| row.record.ended_at_ms.is_none()) {
                row.record.ended_at_ms = Some(heard_ms.max(row.record.opened_at_ms));
                ended += 1;
            }
        }
        ended
    }

    pub(super) fn rooms(&self, tenant: &Tenant, room: &RoomId, limit: u32) -> Vec<RoomRecord> {
        let here = self.rooms.values().filter(|row| row.place.0 == *tenant && row.place.1 == *room);
        let mut records: Vec<RoomRecord> = here.map(|row| row.record.clone()).collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.opened_at_ms));
        records.truncate(limit as usize);
        records
    }

    pub(super) fn participations(
        &self,
        tenant: &Tenant,
        room: &RoomId,
        limit: u32,
    ) -> Vec<ParticipationRecord> {
        let here = self.participations.values().filter(|row| row.place.0 == *tenant && row.place.1 == *room);
        let mut records: Vec<ParticipationRecord> = here.map(|row| row.record.clone()).collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.joined_at_ms));
        records.truncate(limit as usize);
        records
    }
}

impl ParticipationRecord {
    fn leave(&mut self, left_at_ms: u64) {
        self.left_at_ms = Some(left_at_ms);
        self.duration_ms = Some(left_at_ms.saturating_sub(self.joined_at_ms));
    }
}
