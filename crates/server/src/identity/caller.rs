//! Somebody whose token was verified.

use auth::{Claims, Source};
use domain::{Grants, Identity, Tenant, UserId, Username};
use store::FamilyId;
use uuid::{Uuid, Version};

/// Somebody whose token was verified, and was not revoked when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The world the token is for.
    pub tenant: Tenant,
    /// Who it is.
    pub user: UserId,
    /// What others see them called, if the token says so.
    pub username: Option<Username>,
    /// Who vouches for them.
    pub source: Source,
    /// What the token grants in which rooms; `None`: it says nothing of rooms, and all are open.
    pub grants: Option<Grants>,
    /// The token's id (`jti`).
    pub token: Option<String>,
    /// The log-in that the token came from, if it is an account's.
    pub family: Option<FamilyId>,
    /// When it was issued at the earliest, in milliseconds since 1970; 0 if it does not say.
    pub issued_at_ms: u64,
    /// When it expires, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

impl Caller {
    /// The bearer of a token that says this and is for this world.
    pub(super) fn new(tenant: Tenant, claims: Claims) -> Self {
        let family: Option<Uuid> = claims.family().and_then(|family| family.parse().ok());
        Self {
            tenant,
            source: claims.source,
            family: family.map(FamilyId::new),
            issued_at_ms: issued_at_ms(claims.issued_at_ms, family),
            expires_at_ms: claims.expires_at_ms,
            user: claims.user,
            username: claims.username,
            grants: claims.grants,
            token: claims.id,
        }
    }

    /// Who they are to the core.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let identity = Identity::verified(self.user.clone(), self.username.clone());
        let identity = identity.with_grants(self.grants.clone());
        match self.source {
            Source::Account => identity.of_account(),
            Source::Secret | Source::KeyFile | Source::Jwks | Source::Firebase => identity,
        }
    }
}

/// When a token was issued at the earliest, in milliseconds since 1970.
///
/// `iat` counts whole seconds. A log-in within the second of a revocation, after it, must not be taken for one before it: the
/// id of its family tells its time to the millisecond, and no token of a family is older than that.
fn issued_at_ms(iat_ms: Option<u64>, family: Option<Uuid>) -> u64 {
    let began = family.filter(|family| family.get_version() == Some(Version::SortRand));
    let began_ms = began.and_then(|family| family.get_timestamp()).map(|began| {
        let (seconds, nanos) = began.to_unix();
        seconds * 1_000 + u64::from(nanos) / 1_000_000
    });
    iat_ms.unwrap_or(0).max(began_ms.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_no_older_than_its_family() {
        // Made at 1,750,000,000,345 ms.
        let family = "01977420-dd59-7000-8000-000000000000".parse().ok();
        let random = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".parse().ok();
        assert_eq!(issued_at_ms(Some(1_750_000_000_000), family), 1_750_000_000_345);
        assert_eq!(issued_at_ms(Some(1_750_000_007_000), family), 1_750_000_007_000);
        assert_eq!(issued_at_ms(Some(1_750_000_007_000), random), 1_750_000_007_000);
        assert_eq!(issued_at_ms(Some(1_750_000_007_000), None), 1_750_000_007_000);
        assert_eq!(issued_at_ms(None, None), 0);
    }
}
