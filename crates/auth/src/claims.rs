//! What a token says once it is believed.

use domain::{Grants, UserId, Username};

/// Who a token belongs to and what they may do. Only [`crate::Verifier::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// `userId`, or else `sub`. A number is read as it was written.
    pub user: UserId,
    /// `username`, or else `name`; none where that is no fit name.
    pub username: Option<Username>,
    /// `email`, as it was given.
    pub email: Option<String>,
    /// `role`, as it was given: the pairing dialect holds a client to it. It makes nobody an admin: see `power`.
    pub role: Option<String>,
    /// Whether the token makes its holder an admin.
    pub power: Power,
    /// Which of the configured keys vouched for it.
    pub source: Source,
    /// `tenant`: the name of the world that the token is for; none is the default one.
    pub tenant: Option<String>,
    /// `rooms`: in which rooms the holder may do what; none is every room.
    pub grants: Option<Grants>,
    /// `jti`, by which this one token can be revoked.
    pub id: Option<String>,
    /// `iat`, in milliseconds since 1970. Without one, a token counts as older than any revocation.
    pub issued_at_ms: Option<u64>,
    /// `exp`, in milliseconds since 1970, without any leeway.
    pub expires_at_ms: u64,
}

impl Claims {
    /// The family of refresh tokens that a built-in account's token came from: what its `jti` begins with.
    pub fn family(&self) -> Option<&str> {
        match self.source {
            Source::Account => self.id.as_deref()?.split_once('.').map(|(family, _)| family),
            Source::Secret | Source::KeyFile | Source::Jwks | Source::Firebase => None,
        }
    }
}

/// What a holder may do beyond what everyone may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Nothing.
    User,
    /// Close any room, see every list: `role: "admin"` of a built-in account, or the claim that `ADMIN_CLAIM` names.
    Admin,
}

/// Who vouched for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// This server, for a built-in account: its own key, and the issuer [`crate::ISSUER`].
    Account,
    /// The app, with the shared secret.
    Secret,
    /// The app, with the key whose other half is in the key file.
    KeyFile,
    /// A key from the JWKS URL.
    Jwks,
    /// Google, for a Firebase project.
    Firebase,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is malformed, of another kind, signed by nobody we know, not for us or not yet valid. The reason is for the
    /// log and for `paraclete token inspect`; the one who sent the token is told nothing but `Invalid token`.
    #[error("invalid token: {0}")]
    Invalid(&'static str),
    /// It was good, and its time is over.
    #[error("the token has expired")]
    Expired,
    /// The key that would tell is not known, and cannot be fetched now. It may be good: try again.
    #[error("the keys to verify the token with cannot be fetched now")]
    Unavailable,
}
