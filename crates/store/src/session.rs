//! Refresh tokens: each log-in begins a family of them, one after the other.

use std::fmt;
use std::str::FromStr;

use domain::UserId;
use uuid::Uuid;

use crate::account::User;

/// One log-in and all refresh tokens that follow from it. It is no secret: access tokens name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyId(Uuid);

impl FamilyId {
    /// The family of that id, which no other has or had.
    pub const fn new(id: Uuid) -> FamilyId {
        FamilyId(id)
    }
}

impl fmt::Display for FamilyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for FamilyId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<FamilyId, uuid::Error> {
        text.parse().map(FamilyId)
    }
}

/// A family as it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its id.
    pub id: FamilyId,
    /// Whose it is.
    pub user: UserId,
    /// When it began, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When its first token stops to be good for anything, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// The SHA-256 of a refresh token; the token itself is stored nowhere. Its `Debug` form hides it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of those bytes.
    pub const fn new(bytes: [u8; 32]) -> TokenHash {
        TokenHash(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// What came of spending a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was good. It is spent now, and the fresh one is good in its place.
    Rotated {
        /// Whose it is, as they are now.
        user: User,
        /// The family of both tokens.
        family: FamilyId,
    },
    /// It had been spent before: somebody has a copy. Its family is revoked from now on, the fresh token was not stored.
    Reused {
        /// Whose it is.
        user: UserId,
        /// The family that was revoked.
        family: FamilyId,
    },
    /// It is unknown, expired, its family revoked or its user disabled. Nothing was changed.
    Refused,
}

/// Which families are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Families {
    /// This one.
    One(FamilyId),
    /// All that the user has.
    OfUser(UserId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_hash_is_hidden_when_it_is_debugged() {
        assert_eq!(format!("{:?}", TokenHash::new([7; 32])), "TokenHash(..)");
    }

    #[test]
    fn a_family_id_is_written_and_read_back() {
        let id = FamilyId::new(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "00000000-0000-0000-0000-000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("family".parse::<FamilyId>().is_err());
    }
}
