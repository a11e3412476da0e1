//! The contract that every backend keeps.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::{Fact, RoomId, Tenant, UserId};

use crate::account::{PasswordHash, ProfileChange, Standing, User};
use crate::error::Error;
use crate::history::{ParticipationRecord, RoomRecord};
use crate::node::NodeId;
use crate::revocation::{Cursor, Revocation};
use crate::session::{Families, Family, FamilyId, Rotation, TokenHash};

/// How many families of a user live at once; beyond it the oldest is revoked.
pub const FAMILIES_OF_A_USER: u32 = 50;

/// How many revocations [`Store::revocations`] returns at most.
pub const REVOCATIONS_PAGE: u32 = 1_000;

/// How far the clock of a node that lives may be ahead of another's. Much more than any two differ that somebody keeps, and
/// little enough that what a clock from the future left open is found.
pub const CLOCKS_DIFFER_MS: u64 = 10 * 60_000;

/// Where the database is and how long to wait for it.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:<path>` or `postgres://user:password@host:port/name`. Hidden by `Debug`.
    pub url: String,
    /// How many connections there are at most, 1 or more. SQLite has one more, which alone writes.
    pub pool_size: u32,
    /// How long one call may take, waiting for a connection included.
    pub timeout: Duration,
    /// From when on a call is logged as slow, by its name and without what it was about.
    pub slow_query: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { url: _, pool_size, timeout, slow_query } = self;
        let mut settings = f.debug_struct("Settings");
        settings.field("pool_size", pool_size).field("timeout", timeout).field("slow_query", slow_query);
        settings.finish_non_exhaustive()
    }
}

/// What outlives the process.
///
/// Until [`Store::prepare`] has succeeded once, every other method returns [`Error::Unavailable`].
///
/// Each method is one transaction: it happens as a whole and is durable when it returns `Ok`, or it did not happen, or the
/// answer was lost ([`Error::Unavailable`]). Callers in parallel see the effects of each as if they came one after the
/// other. Text with U+0000 is [`Error::Invalid`] where it was to be stored, and found nowhere where it was looked for.
/// `now_ms` is the time of the call; times are milliseconds since 1970, kept up to `i64::MAX`.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Connects and brings the schema up to date; returns the names of the steps that were missing, oldest first. A lock keeps
    /// others who do the same waiting, so each step is applied once. Doing it again changes nothing.
    ///
    /// [`Error::Unavailable`] if the database does not answer: ask again later. [`Error::Broken`] with what to do if it is
    /// none, is not ours, may not be written, or has a schema that is newer than this program.
    async fn prepare(&self) -> Result<Vec<String>, Error>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), Error>;

    /// Writes down what happened on `node`, in the order in which it happened; all of it or nothing. A fact that is on record is
    /// not written again, so a batch whose answer was lost can be repeated. Facts may be missing: an end without a beginning is
    /// passed over, a beginning without an end stays open.
    async fn append(&self, node: NodeId, facts: &[Fact]) -> Result<(), Error>;

    /// Says that `node` lives. See [`Store::close_orphans`].
    async fn beat(&self, node: NodeId, now_ms: u64) -> Result<(), Error>;

    /// Ends what nodes left open that were not heard of since `silent_since_ms`: rooms and participations end at the last
    /// time that their node was heard of, though not before they began. A node whose last sign is from more than
    /// [`CLOCKS_DIFFER_MS`] after `now_ms` counts as silent too, and its rows end at `now_ms`: a clock was wrong. Returns how many
    /// rows were ended.
    ///
    /// A node that was only slow goes on: when the true end comes, it replaces the assumed one.
    async fn close_orphans(&self, now_ms: u64, silent_since_ms: u64) -> Result<u64, Error>;

    /// The times that a room was open, the last one first; at most `limit`.
    async fn rooms(&self, tenant: &Tenant, room: &RoomId, limit: u32) -> Result<Vec<RoomRecord>, Error>;

    /// The times that somebody was in a room, the last one first; at most `limit`.
    async fn participations(
        &self,
        tenant: &Tenant,
        room: &RoomId,
        limit: u32,
    ) -> Result<Vec<ParticipationRecord>, Error>;

    /// Adds an account. [`Error::Conflict`] if its id or email address is taken.
    async fn create_user(&self, user: &User) -> Result<(), Error>;

    /// The account with that id.
    async fn user(&self, id: &UserId) -> Result<Option<User>, Error>;

    /// The account with that email address, which the caller has normalised: bytes are compared.
    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Error>;

    /// Active accounts with a word in their name from which on it begins with `query`, and the one whose email address is
    /// `query`; at most `limit`. Case and the width of blanks do not count, and no character has a special meaning. A blank
    /// query finds nobody.
    async fn search_users(&self, query: &str, limit: u32) -> Result<Vec<User>, Error>;

    /// Accounts by ascending id, the first one after `after`; at most `limit`.
    async fn list_users(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>, Error>;

    /// Changes a profile and returns the account as it is then; `None` if there is no such account.
    async fn update_profile(
        &self,
        id: &UserId,
        change: &ProfileChange,
        now_ms: u64,
    ) -> Result<Option<User>, Error>;

    /// Replaces the password's hash if it still is `old_hash`, and revokes all of the user's families but `keep`, with a
    /// revocation for each that lasts until `until_ms`. Returns whether it did: `false`, with nothing changed, if there is no
    /// such account or somebody was faster.
    async fn set_password(
        &self,
        id: &UserId,
        old_hash: &PasswordHash,
        new_hash: &PasswordHash,
        keep: Option<&FamilyId>,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<bool, Error>;

    /// Replaces the password's hash if it still is `old_hash` with another one of the same password, and revokes nothing.
    /// Returns whether it did.
    async fn rehash(
        &self,
        id: &UserId,
        old_hash: &PasswordHash,
        new_hash: &PasswordHash,
        now_ms: u64,
    ) -> Result<bool, Error>;

    /// Enables or disables an account. Disabling also revokes all its families, with a revocation for each, and adds a
    /// revocation of the user for everything issued before `now_ms`, all of them until `until_ms`. Returns whether there is
    /// such an account.
    async fn set_standing(
        &self,
        id: &UserId,
        standing: Standing,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<bool, Error>;

    /// Whether guests may not call themselves that: it is an account's id (in the default tenant), or a token holder of that
    /// id was seen in this tenant.
    async fn is_known(&self, tenant: &Tenant, user: &UserId) -> Result<bool, Error>;

    /// Begins a family with its first token. At most [`FAMILIES_OF_A_USER`] of a user live: beyond it the oldest are revoked,
    /// with a revocation until they would have expired.
    ///
    /// `verified` is the hash that the password was checked against. [`Error::Conflict`] if it is not the user's any more, if
    /// there is no such user or they are disabled, and if the family's id or the token's hash is taken.
    async fn open_family(
        &self,
        family: &Family,
        token: &TokenHash,
        verified: &PasswordHash,
    ) -> Result<(), Error>;

    /// Spends a refresh token for a fresh one, which is good until `expires_at_ms`. Of any number of callers in parallel
    /// exactly one gets [`Rotation::Rotated`]; a second use revokes the family, with a revocation until `expires_at_ms`.
    async fn rotate(
        &self,
        spent: &TokenHash,
        fresh: &TokenHash,
        now_ms: u64,
        expires_at_ms: u64,
    ) -> Result<Rotation, Error>;

    /// Revokes families that live, with a revocation for each that lasts until `until_ms`. Doing it again changes nothing.
    async fn revoke_families(&self, which: &Families, now_ms: u64, until_ms: u64) -> Result<(), Error>;

    /// Whose a refresh token is and of which family, spent, expired and revoked ones included as long as they are kept.
    async fn family_of(&self, token: &TokenHash) -> Result<Option<(UserId, FamilyId)>, Error>;

    /// Adds a revocation.
    async fn revoke(&self, revocation: &Revocation) -> Result<(), Error>;

    /// Revocations that were added since `since` and have not expired at `now_ms`, in the order in which they were added, at
    /// most [`REVOCATIONS_PAGE`], and the cursor for what comes after them. Ask again until none come; then now and then.
    ///
    /// None is ever missed: whatever becomes visible later comes after the cursor, whichever process adds it and however
    /// long that took. A cursor beyond the last revocation is of a database that was since set back to an older state, so the
    /// first cursor comes back, and all that there is comes again.
    async fn revocations(&self, since: Cursor, now_ms: u64) -> Result<(Vec<Revocation>, Cursor), Error>;

    /// Deletes revocations, families and tokens that have expired at `now_ms`. Returns how many rows went. One call deletes
    /// some thousands at most, in small transactions: ask again, now and then.
    async fn purge(&self, now_ms: u64) -> Result<u64, Error>;
}
