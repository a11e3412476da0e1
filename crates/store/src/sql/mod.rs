//! The contract in SQL: one text for SQLite and PostgreSQL, through sqlx's `Any`.
//!
//! What both understand is more than one might think: `$1`, `ON CONFLICT`, `RETURNING`, `WITH ... AS (VALUES ...)`,
//! partial indexes. What they do not share is in `connect` (how to reach them, how a transaction begins), `error` (their codes) and
//! the two folders of `migrations`. [`Sql`] itself only says which operation runs where; the SQL is in the files named after
//! what it is about.
//!
//! Every text with values is a constant with placeholders. A list of rows becomes a `VALUES` list of one of a few lengths,
//! so that statements stay prepared: see `rows`.
//!
//! **Order of locks.** PostgreSQL runs transactions side by side, so whoever locks more than one row does so in this order:
//! a user, families of that user, the counter of revocations. SQLite has one writer, and no order to keep.

mod accounts;
mod connect;
mod error;
mod facts;
mod history;
mod migrations;
mod nodes;
mod profile;
mod revocations;
mod rows;
mod sessions;
mod standing;
mod texts;

use async_trait::async_trait;
use domain::{Fact, RoomId, Tenant, UserId};

use crate::account::{PasswordHash, ProfileChange, Standing, User};
use crate::error::Error;
use crate::history::{ParticipationRecord, RoomRecord};
use crate::node::NodeId;
use crate::revocation::{Cursor, Revocation};
use crate::session::{Families, Family, FamilyId, Rotation, TokenHash};
use crate::store::Store;
pub(crate) use connect::Sql;
pub(crate) use texts::ALL as TEXTS;

/// Runs one operation on a connection that reads; each statement sees what is committed when it begins.
macro_rules! read {
    ($self:ident, $name:literal, $link:ident => $work:expr) => {
        $self
            .call($name, async {
                let mut $link = $self.reader().await?;
                let result = $work.await;
                $link.give_back(result)
            })
            .await
    };
}

/// How often a transaction is begun that PostgreSQL ended so that others could go on.
const MAX_TRIES: u32 = 4;

/// Runs one operation in a transaction that writes: committed if it returns `Ok`. One that was ended for a circle of locks has
/// left nothing behind, and is run again.
macro_rules! write {
    ($self:ident, $name:literal, $link:ident => $work:expr) => {
        $self
            .call($name, async {
                let mut tries = 1;
                loop {
                    let mut $link = $self.begin().await?;
                    let result = $work.await;
                    match $link.end(result).await {
                        Err(error) if tries < MAX_TRIES && error.is_of_a_circle_of_locks() => tries += 1,
                        result => break result,
                    }
                }
            })
            .await
    };
}

#[async_trait]
impl Store for Sql {
    async fn prepare(&self) -> Result<Vec<String>, Error> {
        self.migrate().await
    }

    async fn ping(&self) -> Result<(), Error> {
        read!(self, "ping", link => nodes::ping(&mut link))
    }

    async fn append(&self, node: NodeId, facts: &[Fact]) -> Result<(), Error> {
        if facts.is_empty() {
            return Ok(());
        }
        write!(self, "append", link => facts::append(&mut link, node, facts))
    }

    async fn beat(&self, node: NodeId, now_ms: u64) -> Result<(), Error> {
        write!(self, "beat", link => nodes::beat(&mut link, node, now_ms))
    }

    async fn close_orphans(&self, now_ms: u64, silent_since_ms: u64) -> Result<u64, Error> {
        write!(self, "close_orphans", link => nodes::close_orphans(&mut link, now_ms, silent_since_ms))
    }

    async fn rooms(&self, tenant: &Tenant, room: &RoomId, limit: u32) -> Result<Vec<RoomRecord>, Error> {
        read!(self, "rooms", link => history::rooms(&mut link, tenant, room, limit))
    }

    async fn participations(
        &self,
        tenant: &Tenant,
        room: &RoomId,
        limit: u32,
    ) -> Result<Vec<ParticipationRecord>, Error> {
        read!(self, "participations", link => history::participations(&mut link, tenant, room, limit))
    }

    async fn create_user(&self, user: &User) -> Result<(), Error> {
        user.check()?;
        write!(self, "create_user", link => accounts::create(&mut link, user))
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        read!(self, "user", link => accounts::by_id(&mut link, id))
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Error> {
        if email.contains('\0') {
            return Ok(None);
        }
        read!(self, "user_by_email", link => accounts::by_email(&mut link, email))
    }

    async fn search_users(&self, query: &str, limit: u32) -> Result<Vec<User>, Error> {
        if query.contains('\0') {
            return Ok(Vec::new());
        }
        read!(self, "search_users", link => accounts::search(&mut link, query, limit))
    }

    async fn list_users(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>, Error> {
        read!(self, "list_users", link => accounts::list(&mut link, after, limit))
    }

    async fn update_profile(
        &self,
        id: &UserId,
        change: &ProfileChange,
        now_ms: u64,
    ) -> Result<Option<User>, Error> {
        change.check()?;
        write!(self, "update_profile", link => profile::update(&mut link, id, change, now_ms))
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
        if old_hash.check().is_err() {
            return Ok(false);
        }
        write!(self, "set_password", link => async {
            let is_done = profile::replace_hash(&mut link, id, old_hash, new_hash, now_ms).await?;
            if is_done {
                standing::revoke_all_but(&mut link, id, keep, now_ms, until_ms).await?;
            }
            Ok(is_done)
        })
    }

    async fn rehash(
        &self,
        id: &UserId,
        old_hash: &PasswordHash,
        new_hash: &PasswordHash,
        now_ms: u64,
    ) -> Result<bool, Error> {
        new_hash.check()?;
        if old_hash.check().is_err() {
            return Ok(false);
        }
        write!(self, "rehash", link => profile::replace_hash(&mut link, id, old_hash, new_hash, now_ms))
    }

    async fn set_standing(
        &self,
        id: &UserId,
        standing: Standing,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<bool, Error> {
        write!(self, "set_standing", link => standing::set(&mut link, id, standing, now_ms, until_ms))
    }

    async fn is_known(&self, tenant: &Tenant, user: &UserId) -> Result<bool, Error> {
        read!(self, "is_known", link => accounts::is_known(&mut link, tenant, user))
    }

    async fn open_family(
        &self,
        family: &Family,
        token: &TokenHash,
        verified: &PasswordHash,
    ) -> Result<(), Error> {
        if verified.check().is_err() {
            return Err(Error::Conflict);
        }
        write!(self, "open_family", link => sessions::open(&mut link, family, token, verified))
    }

    async fn rotate(
        &self,
        spent: &TokenHash,
        fresh: &TokenHash,
        now_ms: u64,
        expires_at_ms: u64,
    ) -> Result<Rotation, Error> {
        write!(self, "rotate", link => sessions::rotate(&mut link, spent, fresh, now_ms, expires_at_ms))
    }

    async fn revoke_families(&self, which: &Families, now_ms: u64, until_ms: u64) -> Result<(), Error> {
        write!(self, "revoke_families", link => standing::revoke(&mut link, which, now_ms, until_ms))
    }

    async fn family_of(&self, token: &TokenHash) -> Result<Option<(UserId, FamilyId)>, Error> {
        read!(self, "family_of", link => sessions::family_of(&mut link, token))
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<(), Error> {
        revocation.check()?;
        let one = std::slice::from_ref(revocation);
        write!(self, "revoke", link => revocations::add(&mut link, one))
    }

    async fn revocations(&self, since: Cursor, now_ms: u64) -> Result<(Vec<Revocation>, Cursor), Error> {
        read!(self, "revocations", link => revocations::since(&mut link, since, now_ms))
    }

    async fn purge(&self, now_ms: u64) -> Result<u64, Error> {
        let mut purged = 0;
        for text in nodes::PURGES {
            for _ in 0..nodes::PURGE_ROUNDS {
                let rows = write!(self, "purge", link => nodes::purge(&mut link, text, now_ms))?;
                purged += rows;
                if rows < nodes::PURGE_ROWS {
                    break;
                }
            }
        }
        Ok(purged)
    }
}
