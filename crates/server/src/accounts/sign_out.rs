//! The end of log-ins: by those who log out, and by those who take another password.

use auth::{LEEWAY_MS, Password, RefreshToken, Source, Verdict};
use domain::{Tenant, UserId};
use store::{Families, FamilyId, PasswordHash, Revocation, Revoked, Standing, TokenHash};

use super::{Accounts, Refused, after};
use crate::{clock, identity::Caller};

/// How long a revocation of all tokens of another issuer's user is kept: how long their tokens live is not known here.
const FOREIGN_LIFETIME: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

/// How much a log-out ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The log-in that the token is of.
    ThisDevice,
    /// All log-ins of the user.
    Everywhere,
}

/// Whose log-in is to end: whoever has one of these two may end it.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The bearer of an access token.
    pub caller: Option<&'a Caller>,
    /// A refresh token.
    pub refresh_token: Option<&'a RefreshToken>,
}

impl Accounts {
    /// Ends log-ins. A refresh token that is not known is as good as logged out: that is no error, and to do it twice
    /// is none either.
    ///
    /// # Errors
    /// [`Refused::Unavailable`].
    pub async fn log_out(&self, whose: Whose<'_>, scope: Scope) -> Result<(), Refused> {
        let owner = match whose.refresh_token {
            Some(token) => self.store.family_of(&TokenHash::new(token.hash())).await?,
            None => None,
        };
        if let Some((user, family)) = &owner {
            self.end(user, *family, scope).await?;
        }
        if let Some(caller) = whose.caller {
            self.end_of_caller(caller, scope).await?;
        }
        self.revocations.poll_soon();
        Ok(())
    }

    /// Another password. All other log-ins of the account end, with their access tokens; the caller's goes on.
    ///
    /// # Errors
    /// [`Refused::WrongCredentials`] if `old` is not the password, [`Refused::NotAnAccount`] for the bearer of another issuer's
    /// token, [`Refused::ChangedMeanwhile`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        old: &Password,
        new: &Password,
    ) -> Result<(), Refused> {
        let account = self.account_of(caller).await?;
        match self.passwords.verify(old, Some(account.password_hash.as_str())).await? {
            Verdict::Right | Verdict::RightButWeak => {}
            Verdict::Wrong => return Err(Refused::WrongCredentials),
        }
        let hash = PasswordHash::new(self.passwords.hash(new).await?);
        let (now_ms, keep) = (clock::wall_ms(), caller.family.as_ref());
        let until_ms = self.revoked_until_ms(now_ms);
        let store = &self.store;
        if !store.set_password(&account.id, &account.password_hash, &hash, keep, now_ms, until_ms).await? {
            return Err(Refused::ChangedMeanwhile);
        }
        tracing::info!(user = %account.id, "a password was changed");
        self.revocations.poll_soon();
        Ok(())
    }

    /// The account of the caller.
    ///
    /// # Errors
    /// [`Refused::NotAnAccount`] for the bearer of another issuer's token, [`Refused::NoSuchUser`] for one who was disabled.
    pub(super) async fn account_of(&self, caller: &Caller) -> Result<store::User, Refused> {
        match caller.source {
            Source::Account => {}
            Source::Secret | Source::KeyFile | Source::Jwks | Source::Firebase => {
                return Err(Refused::NotAnAccount);
            }
        }
        let user = self.store.user(&caller.user).await?;
        user.filter(|user| user.standing == Standing::Active).ok_or(Refused::NoSuchUser)
    }

    async fn end(&self, user: &UserId, family: FamilyId, scope: Scope) -> Result<(), Refused> {
        let now_ms = clock::wall_ms();
        let (which, what) = match scope {
            Scope::ThisDevice => (Families::One(family), Revoked::Family(family)),
            Scope::Everywhere => {
                let what = Revoked::User { user: user.clone(), issued_before_ms: now_ms };
                (Families::OfUser(user.clone()), what)
            }
        };
        let until_ms = self.revoked_until_ms(now_ms);
        self.store.revoke_families(&which, now_ms, until_ms).await?;
        let row =
            Revocation { tenant: Tenant::default(), what, revoked_at_ms: now_ms, expires_at_ms: until_ms };
        self.put_in_force(row).await
    }

    async fn end_of_caller(&self, caller: &Caller, scope: Scope) -> Result<(), Refused> {
        let now_ms = clock::wall_ms();
        if let (Source::Account, Some(family)) = (caller.source, caller.family) {
            self.end(&caller.user, family, scope).await?;
        }
        // The token itself as well: it may be of no family, and then it is all there is.
        let (what, expires_at_ms) = match (scope, &caller.token) {
            (Scope::ThisDevice, Some(id)) => {
                (Revoked::Token(id.clone()), caller.expires_at_ms.saturating_add(LEEWAY_MS))
            }
            (Scope::ThisDevice, None) => {
                // Without an id of its own it can only be told by its time, with whatever was issued before it.
                let issued_before_ms = caller.issued_at_ms.saturating_add(1);
                let what = Revoked::User { user: caller.user.clone(), issued_before_ms };
                (what, caller.expires_at_ms.saturating_add(LEEWAY_MS))
            }
            (Scope::Everywhere, _) => {
                let what = Revoked::User { user: caller.user.clone(), issued_before_ms: now_ms };
                (what, after(now_ms, FOREIGN_LIFETIME).max(caller.expires_at_ms.saturating_add(LEEWAY_MS)))
            }
        };
        let row = Revocation { tenant: caller.tenant.clone(), what, revoked_at_ms: now_ms, expires_at_ms };
        self.put_in_force(row).await
    }

    async fn put_in_force(&self, row: Revocation) -> Result<(), Refused> {
        self.store.revoke(&row).await?;
        self.revocations.apply_now(row).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use auth::{Settings, Verifier};
    use store::{Cursor, Memory, Store as _};
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::{
        config::{Config, Environment},
        identity::Access,
    };

    #[tokio::test]
    async fn what_a_log_out_revokes_outlives_tokens_of_before_their_lifetime_was_lowered() {
        let mut config = Config::defaults(Environment::Development);
        config.jwt_expires_in = Duration::from_secs(60);
        let week = Duration::from_secs(7 * 86_400);
        config.refresh_token_expires_in = week;
        let store = Arc::new(Memory::new());
        let verifier = Verifier::new(&Settings::default(), &TaskTracker::new()).unwrap();
        let access = Access::new(&config, verifier, Arc::clone(&store) as _);
        let accounts = Accounts::new(&config, &access, None).unwrap();
        let (user, family) =
            ("ada".try_into().unwrap(), "01977420-dd59-7000-8000-000000000000".parse().unwrap());

        let before_ms = clock::wall_ms();
        accounts.end(&user, family, Scope::ThisDevice).await.unwrap();
        accounts.end(&user, family, Scope::Everywhere).await.unwrap();

        let (rows, _) = store.revocations(Cursor::default(), before_ms).await.unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.expires_at_ms >= after(before_ms, week)), "{rows:?}");
    }
}
