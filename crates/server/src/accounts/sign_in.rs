//! Everything that ends with a pair of tokens.

use std::fmt;

use auth::{Email, Password, RefreshToken, Signer, Verdict};
use domain::{UserId, Username};
use store::{Family, FamilyId, PasswordHash, Role, Rotation, Standing, TokenHash, User};
use uuid::Uuid;

use super::{Accounts, Refused, after};
use crate::clock;

/// What one gets who has proved who they are. Its `Debug` form hides the tokens.
pub struct Pair {
    /// Whose.
    pub user: UserId,
    /// The access token, for some minutes.
    pub token: String,
    /// What the next pair is got with, once.
    pub refresh_token: RefreshToken,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Makes an account and logs it in.
    ///
    /// # Errors
    /// [`Refused::EmailTaken`], after the same work as if it were not.
    pub async fn register(
        &self,
        email: &Email,
        password: &Password,
        name: &Username,
    ) -> Result<Pair, Refused> {
        self.signer()?;
        let hash = PasswordHash::new(self.passwords.hash(password).await?);
        let now_ms = clock::wall_ms();
        let user = User {
            id: new_user_id()?,
            email: email.as_str().to_owned(),
            name: name.as_str().to_owned(),
            avatar: None,
            role: Role::User,
            standing: Standing::Active,
            password_hash: hash,
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
        };
        match self.store.create_user(&user).await {
            Ok(()) => {}
            Err(store::Error::Conflict) => return Err(Refused::EmailTaken),
            Err(error) => return Err(error.into()),
        }
        tracing::info!(user = %user.id, "an account was made");
        self.begin_family(&user).await
    }

    /// Logs in.
    ///
    /// # Errors
    /// [`Refused::WrongCredentials`], after the same work whatever is wrong.
    pub async fn log_in(&self, email: &Email, password: &Password) -> Result<Pair, Refused> {
        self.signer()?;
        let user = self.store.user_by_email(email.as_str()).await?;
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let verdict = self.passwords.verify(password, stored).await?;
        let Some(user) = user.filter(|user| user.standing == Standing::Active) else {
            return Err(Refused::WrongCredentials);
        };
        match verdict {
            Verdict::Wrong => Err(Refused::WrongCredentials),
            Verdict::Right => self.begin_family(&user).await,
            Verdict::RightButWeak => {
                let user = self.strengthen(user, password).await?;
                self.begin_family(&user).await
            }
        }
    }

    /// Spends a refresh token for the next pair.
    ///
    /// # Errors
    /// [`Refused::InvalidRefreshToken`]; if it was spent before, its family has ended.
    pub async fn refresh(&self, spent: &RefreshToken) -> Result<Pair, Refused> {
        self.signer()?;
        let fresh = RefreshToken::generate().map_err(no_randomness)?;
        let now_ms = clock::wall_ms();
        let expires_at_ms = after(now_ms, self.refresh_lifetime);
        let (spent, next) = (TokenHash::new(spent.hash()), TokenHash::new(fresh.hash()));
        match self.store.rotate(&spent, &next, now_ms, expires_at_ms).await? {
            Rotation::Rotated { user, family } => self.pair(&user, family, fresh, now_ms),
            Rotation::Reused { user, family } => {
                // The store has revoked it: whoever holds a copy is out, and its owner has to log in again.
                tracing::warn!(%user, %family, "a refresh token was used twice: its family is revoked");
                self.revocations.poll_soon();
                Err(Refused::InvalidRefreshToken)
            }
            Rotation::Refused => Err(Refused::InvalidRefreshToken),
        }
    }

    /// The account with its password hashed at the cost of today. If somebody was faster, or the machine is busy, it
    /// stays as it is until the next log-in.
    async fn strengthen(&self, mut user: User, password: &Password) -> Result<User, Refused> {
        let Ok(stronger) = self.passwords.hash(password).await.map(PasswordHash::new) else {
            return Ok(user);
        };
        if self.store.rehash(&user.id, &user.password_hash, &stronger, clock::wall_ms()).await? {
            user.password_hash = stronger;
        }
        Ok(user)
    }

    async fn begin_family(&self, user: &User) -> Result<Pair, Refused> {
        let token = RefreshToken::generate().map_err(no_randomness)?;
        // Its id is of version 7: it tells when the log-in was, to the millisecond, which `iat` does not.
        let id = FamilyId::new(Uuid::now_v7());
        let now_ms = clock::wall_ms();
        let expires_at_ms = after(now_ms, self.refresh_lifetime);
        let family = Family { id, user: user.id.clone(), created_at_ms: now_ms, expires_at_ms };
        match self.store.open_family(&family, &TokenHash::new(token.hash()), &user.password_hash).await {
            Ok(()) => self.pair(user, id, token, now_ms),
            // Disabled, or given another password, between the look and now.
            Err(store::Error::Conflict) => Err(Refused::WrongCredentials),
            Err(error) => Err(error.into()),
        }
    }

    fn pair(
        &self,
        user: &User,
        family: FamilyId,
        refresh_token: RefreshToken,
        now_ms: u64,
    ) -> Result<Pair, Refused> {
        let role = match user.role {
            Role::User => auth::Role::User,
            Role::Admin => auth::Role::Admin,
        };
        let family = family.to_string();
        let account =
            auth::Account { user: &user.id, email: &user.email, name: &user.name, role, family: &family };
        let signed = self.signer()?.sign(&account, now_ms).map_err(|error| {
            tracing::error!(%error, user = %user.id, "a token could not be signed");
            Refused::Failed
        })?;
        Ok(Pair { user: user.id.clone(), token: signed.token, refresh_token })
    }

    /// Before any work is done that could not be finished.
    fn signer(&self) -> Result<&Signer, Refused> {
        self.signer.as_deref().ok_or(Refused::NotOffered)
    }
}

/// An id for a new account.
pub(crate) fn new_user_id() -> Result<UserId, Refused> {
    UserId::try_from(Uuid::now_v7().to_string().as_str()).map_err(|error| {
        tracing::error!(%error, "a UUID is no user id");
        Refused::Failed
    })
}

fn no_randomness<E: fmt::Display>(error: E) -> Refused {
    tracing::error!(%error, "the system has no randomness");
    Refused::Unavailable
}
