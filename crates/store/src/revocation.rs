//! What is not to be believed any more, although its signature says so.

use domain::{Tenant, UserId};

use crate::error::Error;
use crate::session::FamilyId;

/// That some tokens are not to be believed any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The world whose tokens are meant.
    pub tenant: Tenant,
    /// Which tokens.
    pub what: Revoked,
    /// When it was said, in milliseconds since 1970.
    pub revoked_at_ms: u64,
    /// From when on it can be forgotten, in milliseconds since 1970: the last token that it concerns has expired.
    pub expires_at_ms: u64,
}

impl Revocation {
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.what {
            Revoked::Token(id) => Error::unless_storable("token id", id),
            Revoked::Family(_) | Revoked::User { .. } | Revoked::All { .. } => Ok(()),
        }
    }
}

/// Which tokens a revocation concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revoked {
    /// The one with this id (`jti`).
    Token(String),
    /// All that were issued in this family.
    Family(FamilyId),
    /// This user's that were issued before that time.
    User {
        /// Whose.
        user: UserId,
        /// Milliseconds since 1970.
        issued_before_ms: u64,
    },
    /// Everybody's that were issued before that time.
    All {
        /// Milliseconds since 1970.
        issued_before_ms: u64,
    },
}

/// How far a reader of revocations has come. The default is the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub(crate) u64);
