//! A store whose answers a test decides.
//!
//! It stands on the real rules ([`store::Memory`]), and fails as databases do: it is gone, it takes what it was told and its
//! answer is lost, it refuses something, it takes for ever.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{Fact, RoomId, Tenant, UserId};
use store::{
    Cursor, Error, Families, Family, FamilyId, Memory, NodeId, ParticipationRecord, PasswordHash,
    ProfileChange, Reach, Revocation, RoomRecord, Rotation, Standing, Store, TokenHash, User,
};

/// A [`Memory`] that loses answers, refuses facts, and keeps what it was told in the order in which it took it.
#[derive(Debug, Default)]
pub struct FaultyStore {
    /// What it stands on.
    pub inner: Memory,
    log: Mutex<Log>,
}

/// What it was told.
#[derive(Debug, Default)]
pub struct Log {
    /// Each fact once, as a store keeps it, in the order in which it was first taken.
    pub taken: Vec<String>,
    /// By which node each was written.
    pub nodes: BTreeMap<String, NodeId>,
    /// How many facts each batch had that was taken.
    pub batches: Vec<usize>,
    /// Who said that it lives.
    pub beats: Vec<NodeId>,
    /// How often what dead nodes left open was closed.
    pub sweeps: usize,
    /// How often it was asked whether it is there.
    pub pings: usize,
    /// What happens to the next batches.
    fates: Vec<Fate>,
    /// A fact that no batch may have.
    poison: Option<String>,
    /// How many batches were offered.
    offered: usize,
    lookups: Lookups,
}

/// What becomes of the question whether somebody is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lookups {
    /// It is answered.
    #[default]
    Answered,
    /// It is never answered.
    Unanswered,
    /// Who asks falls over.
    Panicking,
}

/// What happens to a batch.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    /// It is written.
    Written,
    /// It is written, and nobody hears of it.
    AnswerLost,
    /// There is nobody to write it.
    Away,
    /// It cannot be written, ever.
    Refused,
}

impl FaultyStore {
    /// What it was told so far.
    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the next call on it answers, or not.
    pub fn set_reach(&self, reach: Reach) {
        self.inner.set_reach(reach);
    }

    /// What becomes of questions whether somebody is known, from the next one on.
    pub fn set_lookups(&self, lookups: Lookups) {
        self.log().lookups = lookups;
    }

    /// What happens to the next batches, one after the other; then they are written.
    pub fn decide(&self, fates: &[Fate]) {
        self.log().fates = fates.iter().rev().copied().collect();
    }

    /// Refuses every batch with this fact in it.
    pub fn poison(&self, fact: &Fact) {
        self.log().poison = Some(fact.id());
    }

    /// How many batches were offered, taken or not.
    pub fn offered(&self) -> usize {
        self.log().offered
    }

    fn next_fate(&self, facts: &[Fact]) -> Fate {
        let mut log = self.log();
        log.offered += 1;
        if facts.iter().any(|fact| Some(fact.id()) == log.poison) {
            return Fate::Refused;
        }
        log.fates.pop().unwrap_or(Fate::Written)
    }

    fn accept(&self, node: NodeId, facts: &[Fact]) {
        let mut log = self.log();
        log.batches.push(facts.len());
        for fact in facts {
            if log.nodes.insert(fact.id(), node).is_none() {
                log.taken.push(fact.id());
            }
        }
    }
}

fn away(why: &'static str) -> Error {
    Error::Unavailable { why: why.into() }
}

#[async_trait]
impl Store for FaultyStore {
    async fn prepare(&self) -> Result<Vec<String>, Error> {
        self.inner.prepare().await
    }

    async fn ping(&self) -> Result<(), Error> {
        self.log().pings += 1;
        self.inner.ping().await
    }

    async fn append(&self, node: NodeId, facts: &[Fact]) -> Result<(), Error> {
        match self.next_fate(facts) {
            Fate::Written => {
                self.inner.append(node, facts).await?;
                self.accept(node, facts);
                Ok(())
            }
            Fate::AnswerLost => {
                self.inner.append(node, facts).await?;
                self.accept(node, facts);
                Err(away("the answer was lost"))
            }
            Fate::Away => Err(away("it is gone")),
            Fate::Refused => Err(Error::Broken { why: "it has a poisoned fact".into() }),
        }
    }

    async fn beat(&self, node: NodeId, now_ms: u64) -> Result<(), Error> {
        self.inner.beat(node, now_ms).await?;
        self.log().beats.push(node);
        Ok(())
    }

    async fn close_orphans(&self, now_ms: u64, silent_since_ms: u64) -> Result<u64, Error> {
        let closed = self.inner.close_orphans(now_ms, silent_since_ms).await?;
        self.log().sweeps += 1;
        Ok(closed)
    }

    async fn rooms(&self, tenant: &Tenant, room: &RoomId, limit: u32) -> Result<Vec<RoomRecord>, Error> {
        self.inner.rooms(tenant, room, limit).await
    }

    async fn participations(
        &self,
        tenant: &Tenant,
        room: &RoomId,
        limit: u32,
    ) -> Result<Vec<ParticipationRecord>, Error> {
        self.inner.participations(tenant, room, limit).await
    }

    async fn create_user(&self, user: &User) -> Result<(), Error> {
        self.inner.create_user(user).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        self.inner.user(id).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Error> {
        self.inner.user_by_email(email).await
    }

    async fn search_users(&self, query: &str, limit: u32) -> Result<Vec<User>, Error> {
        self.inner.search_users(query, limit).await
    }

    async fn list_users(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>, Error> {
        self.inner.list_users(after, limit).await
    }

    async fn update_profile(
        &self,
        id: &UserId,
        change: &ProfileChange,
        now_ms: u64,
    ) -> Result<Option<User>, Error> {
        self.inner.update_profile(id, change, now_ms).await
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
        self.inner.set_password(id, old_hash, new_hash, keep, now_ms, until_ms).await
    }

    async fn rehash(
        &self,
        id: &UserId,
        old_hash: &PasswordHash,
        new_hash: &PasswordHash,
        now_ms: u64,
    ) -> Result<bool, Error> {
        self.inner.rehash(id, old_hash, new_hash, now_ms).await
    }

    async fn set_standing(
        &self,
        id: &UserId,
        standing: Standing,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<bool, Error> {
        self.inner.set_standing(id, standing, now_ms, until_ms).await
    }

    async fn is_known(&self, tenant: &Tenant, user: &UserId) -> Result<bool, Error> {
        let lookups = self.log().lookups;
        match lookups {
            Lookups::Answered => self.inner.is_known(tenant, user).await,
            Lookups::Unanswered => pending().await,
            Lookups::Panicking => panic!("a bug in a store"),
        }
    }

    async fn open_family(
        &self,
        family: &Family,
        token: &TokenHash,
        verified: &PasswordHash,
    ) -> Result<(), Error> {
        self.inner.open_family(family, token, verified).await
    }

    async fn rotate(
        &self,
        spent: &TokenHash,
        fresh: &TokenHash,
        now_ms: u64,
        expires_at_ms: u64,
    ) -> Result<Rotation, Error> {
        self.inner.rotate(spent, fresh, now_ms, expires_at_ms).await
    }

    async fn revoke_families(&self, which: &Families, now_ms: u64, until_ms: u64) -> Result<(), Error> {
        self.inner.revoke_families(which, now_ms, until_ms).await
    }

    async fn family_of(&self, token: &TokenHash) -> Result<Option<(UserId, FamilyId)>, Error> {
        self.inner.family_of(token).await
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<(), Error> {
        self.inner.revoke(revocation).await
    }

    async fn revocations(&self, since: Cursor, now_ms: u64) -> Result<(Vec<Revocation>, Cursor), Error> {
        self.inner.revocations(since, now_ms).await
    }

    async fn purge(&self, now_ms: u64) -> Result<u64, Error> {
        self.inner.purge(now_ms).await
    }
}
