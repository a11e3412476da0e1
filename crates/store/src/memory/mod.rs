//! The contract in maps: what tests stand on, and what the suite compares the databases with.
//!
//! Every operation takes one lock for as long as it computes, so all are one after the other.

mod accounts;
mod history;
mod sessions;
mod state;

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use domain::{Fact, RoomId, Tenant, UserId};

use crate::account::{PasswordHash, ProfileChange, Standing, User};
use crate::error::Error;
use crate::history::{ParticipationRecord, RoomRecord};
use crate::node::NodeId;
use crate::revocation::{Cursor, Revocation};
use crate::session::{Families, Family, FamilyId, Rotation, TokenHash};
use crate::store::{REVOCATIONS_PAGE, Store};
use state::State;

/// A [`Store`] that forgets everything when it is dropped, and that can be told to be away.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
}

/// Whether a [`Memory`] answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// It does.
    #[default]
    There,
    /// Every call returns [`Error::Unavailable`] and changes nothing.
    Away,
}

impl Memory {
    /// An empty one.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Lets it answer, or not, from the next call on.
    pub fn set_reach(&self, reach: Reach) {
        self.lock().reach = reach;
    }

    /// What was appended, in the order in which it came, each fact once.
    pub fn facts(&self) -> Vec<Fact> {
        self.lock().facts.clone()
    }

    /// The state, if there is a way to it.
    fn state(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.lock();
        match state.reach {
            Reach::There => Ok(state),
            Reach::Away => Err(Error::unavailable("it was told to be away")),
        }
    }

    /// A panic while it was held leaves a state that tests may still look at.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[async_trait]
impl Store for Memory {
    async fn prepare(&self) -> Result<Vec<String>, Error> {
        self.state().map(|_| Vec::new())
    }

    async fn ping(&self) -> Result<(), Error> {
        self.state().map(|_| ())
    }

    async fn beat(&self, node: NodeId, now_ms: u64) -> Result<(), Error> {
        self.state()?.nodes.insert(node, now_ms);
        Ok(())
    }

    async fn close_orphans(&self, now_ms: u64, silent_since_ms: u64) -> Result<u64, Error> {
        Ok(self.state()?.close_orphans(now_ms, silent_since_ms))
    }

    async fn append(&self, node: NodeId, facts: &[Fact]) -> Result<(), Error> {
        self.state()?.append(node, facts);
        Ok(())
    }

    async fn rooms(&self, tenant: &Tenant, room: &RoomId, limit: u32) -> Result<Vec<RoomRecord>, Error> {
        Ok(self.state()?.rooms(tenant, room, limit))
    }

    async fn participations(
        &self,
        tenant: &Tenant,
        room: &RoomId,
        limit: u32,
    ) -> Result<Vec<ParticipationRecord>, Error> {
        Ok(self.state()?.participations(tenant, room, limit))
    }

    async fn create_user(&self, user: &User) -> Result<(), Error> {
        self.state()?.create_user(user)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        Ok(self.state()?.users.get(id).cloned())
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Error> {
        Ok(self.state()?.users.values().find(|user| user.email == email).cloned())
    }

    async fn search_users(&self, query: &str, limit: u32) -> Result<Vec<User>, Error> {
        Ok(self.state()?.search_users(query, limit))
    }

    async fn list_users(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>, Error> {
        let state = self.state()?;
        let rest = state.users.values().filter(|user| after.is_none_or(|after| user.id > *after));
        Ok(rest.take(limit as usize).cloned().collect())
    }

    async fn update_profile(
        &self,
        id: &UserId,
        change: &ProfileChange,
        now_ms: u64,
    ) -> Result<Option<User>, Error> {
        self.state()?.update_profile(id, change, now_ms)
    }

    async fn set_password(
        &self,
        id: &UserId,
        old_hash: &PasswordHash,
        new_hash: &PasswordHash,
        keep: Option<&FamilyId>,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<bool, Error> {
        new_hash.check()?;
        Ok(self.state()?.set_password(id, old_hash, new_hash, keep, now_ms, until_ms))
    }

    async fn rehash(
        &self,
        id: &UserId,
        old_hash: &PasswordHash,
        new_hash: &PasswordHash,
        now_ms: u64,
    ) -> Result<bool, Error> {
        new_hash.check()?;
        Ok(self.state()?.replace_hash(id, old_hash, new_hash, now_ms))
    }

    async fn set_standing(
        &self,
        id: &UserId,
        standing: Standing,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<bool, Error> {
        Ok(self.state()?.set_standing(id, standing, now_ms, until_ms))
    }

    async fn is_known(&self, tenant: &Tenant, user: &UserId) -> Result<bool, Error> {
        let state = self.state()?;
        let is_account = tenant.name().is_none() && state.users.contains_key(user);
        Ok(is_account || state.subjects.contains_key(&(tenant.clone(), user.clone())))
    }

    async fn open_family(
        &self,
        family: &Family,
        token: &TokenHash,
        verified: &PasswordHash,
    ) -> Result<(), Error> {
        self.state()?.open_family(family, token, verified)
    }

    async fn rotate(
        &self,
        spent: &TokenHash,
        fresh: &TokenHash,
        now_ms: u64,
        expires_at_ms: u64,
    ) -> Result<Rotation, Error> {
        self.state()?.rotate(spent, fresh, now_ms, expires_at_ms)
    }

    async fn revoke_families(&self, which: &Families, now_ms: u64, until_ms: u64) -> Result<(), Error> {
        self.state()?.revoke_families(which, now_ms, until_ms);
        Ok(())
    }

    async fn family_of(&self, token: &TokenHash) -> Result<Option<(UserId, FamilyId)>, Error> {
        Ok(self.state()?.family_of(token))
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<(), Error> {
        revocation.check()?;
        self.state()?.revoke(revocation.clone());
        Ok(())
    }

    async fn revocations(&self, since: Cursor, now_ms: u64) -> Result<(Vec<Revocation>, Cursor), Error> {
        let state = self.state()?;
        let live = state.revocations.range(since.0 + 1..).filter(|(_, row)| row.expires_at_ms > now_ms);
        let page: Vec<_> = live.take(REVOCATIONS_PAGE as usize).collect();
        let unchanged = if since.0 > state.last_revocation { Cursor::default() } else { since };
        let cursor = page.last().map_or(unchanged, |(number, _)| Cursor(**number));
        Ok((page.into_iter().map(|(_, row)| row.clone()).collect(), cursor))
    }

    async fn purge(&self, now_ms: u64) -> Result<u64, Error> {
        Ok(self.state()?.purge(now_ms))
    }
}
