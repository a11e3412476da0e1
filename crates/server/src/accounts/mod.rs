//! Accounts: people who register here, log in, and log out.
//!
//! The rules between a request and the store, without a word of HTTP:
//!
//! | file | what |
//! |---|---|
//! | `sign_in` | register, log in, refresh: everything that ends with a pair of tokens |
//! | `sign_out` | log out, of one device or everywhere; another password |
//! | `profiles` | who somebody is to others |
//!
//! # What holds here
//!
//! - **A password is hashed or compared before anything is said of the account.** An unknown email address, a wrong
//!   password and an account that was disabled take the same work and get the same answer.
//! - **A log-in is a family of tokens.** Each refresh spends one for the next; one that is spent twice has been stolen
//!   by somebody, so the family ends, with the access tokens that came from it.
//! - **What is revoked holds at once here**, and wherever else the store is read within a second.
//! - **What was acknowledged is in the store.** When the store does not answer, the answer is [`Refused::Unavailable`],
//!   and what was asked for may have happened. To ask again does no harm, but an email address may be taken by then (log
//!   in), and a refresh token spent (log in too: nobody can tell a lost answer from a stolen token).
//!
//! No password, token or email address is ever logged.

mod profiles;
mod sign_in;
mod sign_out;

use std::{sync::Arc, time::Duration};

use auth::{Busy, Cost, Passwords, PasswordsError, Signer};
use store::Store;

pub use profiles::{Avatar, MAX_FOUND, Presence, Profile};
pub use sign_in::Pair;
pub(crate) use sign_in::new_user_id;
pub use sign_out::{Scope, Whose};

use crate::{
    config::{Config, Environment},
    identity::{Access, Revocations, Sessions},
};

/// Passwords that wait to be hashed: a second or two of work. Whoever comes then is told to come again.
const HASHES_QUEUED: usize = 32;

/// Everything that one can do with an account. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Accounts {
    store: Arc<dyn Store>,
    passwords: Arc<Passwords>,
    /// `None`: there is no key to sign with, so there are no accounts, and tokens come from elsewhere.
    signer: Option<Arc<Signer>>,
    revocations: Arc<Revocations>,
    sessions: Arc<Sessions>,
    access_lifetime: Duration,
    refresh_lifetime: Duration,
    environment: Environment,
}

/// Why something was not done. Nothing was changed, [`Refused::Unavailable`] apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The email address and the password do not belong together, or the account is disabled: which of them is not said.
    #[error("wrong credentials")]
    WrongCredentials,
    /// The email address has an account.
    #[error("the email address is taken")]
    EmailTaken,
    /// The refresh token is unknown, spent, expired, revoked, or of a disabled account.
    #[error("the refresh token is not good")]
    InvalidRefreshToken,
    /// The caller's token is of another issuer: there is no account to change here.
    #[error("not an account of this server")]
    NotAnAccount,
    /// The account changed while this was under way.
    #[error("the account changed meanwhile")]
    ChangedMeanwhile,
    /// There is no key to sign tokens with.
    #[error("no accounts are offered")]
    NotOffered,
    /// There is no such user.
    #[error("no such user")]
    NoSuchUser,
    /// The store, or whoever hashes passwords, is away or has too much to do.
    #[error("unavailable")]
    Unavailable,
    /// A bug or a broken store. What is known of it was logged.
    #[error("failed")]
    Failed,
}

impl Accounts {
    /// Accounts in the store that `access` knows. Without a signer none are offered.
    ///
    /// # Errors
    /// A cost of hashes that no machine can pay.
    pub fn new(config: &Config, access: &Access, signer: Option<Signer>) -> Result<Self, PasswordsError> {
        // Half of the machine: the other half serves sockets.
        let threads = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        Ok(Self {
            store: Arc::clone(access.store()),
            passwords: Arc::new(Passwords::new(cost(config), threads, HASHES_QUEUED)?),
            signer: signer.map(Arc::new),
            revocations: Arc::clone(&access.revocations),
            sessions: Arc::clone(&access.sessions),
            access_lifetime: config.jwt_expires_in,
            refresh_lifetime: config.refresh_token_expires_in,
            environment: config.environment,
        })
    }

    /// Who hashes passwords, for metrics.
    pub(crate) fn passwords(&self) -> &Arc<Passwords> {
        &self.passwords
    }

    /// Until when a revocation must be kept that is made now: the last access token that it concerns has expired then. Those were
    /// perhaps issued before a restart that made them live shorter, hence the longer of the two lifetimes.
    fn revoked_until_ms(&self, now_ms: u64) -> u64 {
        after(now_ms, self.access_lifetime.max(self.refresh_lifetime))
    }
}

/// What the hash of a password is to cost.
pub(crate) fn cost(config: &Config) -> Cost {
    let memory_kib = u32::try_from(config.argon2_memory >> 10).unwrap_or(u32::MAX);
    Cost { memory_kib, passes: config.argon2_passes, lanes: Cost::DEFAULT.lanes }
}

fn after(now_ms: u64, time: Duration) -> u64 {
    now_ms.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

impl From<store::Error> for Refused {
    /// What a conflict means, the caller knows; here it is one that was not expected.
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable { why } => {
                tracing::debug!(%why, "the store is away");
                Self::Unavailable
            }
            store::Error::Conflict | store::Error::Invalid { .. } | store::Error::Broken { .. } => {
                tracing::error!(%error, "an account operation failed");
                Self::Failed
            }
        }
    }
}

impl From<Busy> for Refused {
    fn from(busy: Busy) -> Self {
        match busy {
            Busy::Full => tracing::debug!("as many passwords are being hashed as may"),
            Busy::Failed => tracing::warn!("no memory or no randomness to hash a password"),
        }
        Self::Unavailable
    }
}
