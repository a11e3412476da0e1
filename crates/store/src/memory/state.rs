//! What a [`Memory`](super::Memory) holds, and what concerns neither accounts nor sessions alone.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Fact, RoomId, Tenant, UserId};

use crate::account::User;
use crate::history::{ParticipationRecord, RoomRecord};
use crate::memory::Reach;
use crate::node::NodeId;
use crate::revocation::{Revocation, Revoked};
use crate::session::{FamilyId, TokenHash};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) reach: Reach,
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) families: BTreeMap<FamilyId, FamilyRow>,
    pub(super) tokens: BTreeMap<TokenHash, TokenRow>,
    /// By the number that they were given when they were added, from 1.
    pub(super) revocations: BTreeMap<u64, Revocation>,
    pub(super) last_revocation: u64,
    pub(super) subjects: BTreeMap<(Tenant, UserId), u64>,
    /// In the order in which they came, each once.
    pub(super) facts: Vec<Fact>,
    pub(super) fact_ids: BTreeSet<String>,
    pub(super) rooms: BTreeMap<String, RoomRow>,
    pub(super) participations: BTreeMap<String, ParticipationRow>,
    /// When each was last heard of.
    pub(super) nodes: BTreeMap<NodeId, u64>,
}

#[derive(Debug)]
pub(super) struct RoomRow {
    pub(super) place: (Tenant, RoomId),
    pub(super) node: NodeId,
    pub(super) record: RoomRecord,
}

#[derive(Debug)]
pub(super) struct ParticipationRow {
    pub(super) place: (Tenant, RoomId),
    pub(super) node: NodeId,
    pub(super) record: ParticipationRecord,
}

#[derive(Debug)]
pub(super) struct FamilyRow {
    pub(super) user: UserId,
    pub(super) created_at_ms: u64,
    pub(super) expires_at_ms: u64,
    pub(super) revoked_at_ms: Option<u64>,
}

#[derive(Debug)]
pub(super) struct TokenRow {
    pub(super) family: FamilyId,
    pub(super) expires_at_ms: u64,
    pub(super) spent_at_ms: Option<u64>,
}

impl State {
    pub(super) fn revoke(&mut self, revocation: Revocation) {
        self.last_revocation += 1;
        self.revocations.insert(self.last_revocation, revocation);
    }

    pub(super) fn revoke_family(&mut self, id: FamilyId, now_ms: u64, until_ms: u64) {
        let Some(family) = self.families.get_mut(&id) else { return };
        if family.revoked_at_ms.is_some() {
            return;
        }
        family.revoked_at_ms = Some(now_ms);
        self.revoke(Revocation {
            tenant: Tenant::default(),
            what: Revoked::Family(id),
            revoked_at_ms: now_ms,
            expires_at_ms: until_ms,
        });
    }

    pub(super) fn purge(&mut self, now_ms: u64) -> u64 {
        let rows = |state: &State| state.revocations.len() + state.families.len() + state.tokens.len();
        let before = rows(self);
        self.revocations.retain(|_, row| row.expires_at_ms > now_ms);
        self.families.retain(|_, row| row.expires_at_ms > now_ms);
        let families = &self.families;
        self.tokens.retain(|_, row| row.expires_at_ms > now_ms && families.contains_key(&row.family));
        (before - rows(self)) as u64
    }
}
