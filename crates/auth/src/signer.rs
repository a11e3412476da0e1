//! Tokens of this server.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::UserId;
use serde_json::{Map, Value, json};

use crate::compact::MAX_TOKEN_BYTES;
use crate::key::{Algorithm, SigningKey};
use crate::settings::{ISSUER, Settings, SettingsError};
use crate::verifier::own_key;

/// Signs tokens with the server's own key.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    lifetime: Duration,
}

/// A built-in account, as its token tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Its id.
    pub user: &'a UserId,
    /// Its address.
    pub email: &'a str,
    /// What others see it called.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// The family of refresh tokens that the token belongs to, by which it can be revoked: text without a dot.
    pub family: &'a str,
}

/// What a built-in account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What everyone may.
    User,
    /// Also close any room, and see every list.
    Admin,
}

impl Role {
    /// How a token and the store call it.
    pub fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Admin => "admin",
        }
    }
}

/// A token that was made.
pub struct Signed {
    /// The token, for the one it is made for and for nothing else.
    pub token: String,
    /// Its `jti`: the family, a dot, and 128 random bits.
    pub id: String,
    /// When it expires, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// Why no token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// It would be longer than tokens may be, and nobody would accept it.
    #[error("the token would be longer than 8 KiB: leave some claims out")]
    TooLong,
    /// The machine gave no randomness.
    #[error("the token cannot be signed: the machine gave no randomness")]
    NoRandomness,
}

impl Signer {
    /// Signs with the private key of the key file, or else with the secret.
    ///
    /// # Errors
    /// There is neither, or it cannot be used.
    pub fn new(settings: &Settings) -> Result<Signer, SettingsError> {
        Ok(Signer { key: own_key(settings)?, lifetime: settings.lifetime.unwrap_or(Settings::LIFETIME) })
    }

    /// How its tokens are signed.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// How long its tokens live.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A token for a built-in account, good from now on. `now_ms` is the time in milliseconds since 1970.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn sign(&self, account: &Account<'_>, now_ms: u64) -> Result<Signed, SignError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| SignError::NoRandomness)?;
        let id = format!("{}.{}", account.family, URL_SAFE_NO_PAD.encode(random));
        let issued_at = now_ms / 1000;
        let expires_at = issued_at.saturating_add(self.lifetime.as_secs());
        let claims = json!({
            "iss": ISSUER,
            "userId": account.user.as_str(),
            "sub": account.user.as_str(),
            "email": account.email,
            "name": account.name,
            "role": account.role.name(),
            "iat": issued_at,
            "exp": expires_at,
            "jti": id,
        });
        let token = self.compact(&claims)?;
        Ok(Signed { token, id, expires_at_ms: expires_at.saturating_mul(1000) })
    }

    /// A token with any claims, for `paraclete token create`. Whether it will be accepted, [`crate::Verifier::verify`]
    /// tells.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn sign_claims(&self, claims: Map<String, Value>) -> Result<String, SignError> {
        self.compact(&Value::Object(claims))
    }

    fn compact(&self, claims: &Value) -> Result<String, SignError> {
        let token = self.key.sign(claims).ok_or(SignError::NoRandomness)?;
        if token.len() > MAX_TOKEN_BYTES { Err(SignError::TooLong) } else { Ok(token) }
    }
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signed({}, expires at {} ms)", self.id, self.expires_at_ms)
    }
}
