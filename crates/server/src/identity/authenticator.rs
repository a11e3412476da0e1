//! From a token to its bearer.

use std::sync::Arc;

use auth::Verifier;
use domain::Tenant;

use super::{Caller, Refused, Revocations};
use crate::clock;

/// Verifies tokens, for sockets and for HTTP alike.
#[derive(Debug)]
pub struct Authenticator {
    verifier: Verifier,
    revocations: Arc<Revocations>,
}

impl Authenticator {
    /// Believes those tokens that the verifier believes and that are not revoked.
    #[must_use]
    pub fn new(verifier: Verifier, revocations: Arc<Revocations>) -> Self {
        Self { verifier, revocations }
    }

    /// The bearer of a token, in this world. May wait for keys to be fetched, some seconds at the most.
    ///
    /// # Errors
    /// Why the token does not count, never [`Refused::NoToken`]. What exactly is wrong with one that is invalid is in the log, at `debug`.
    pub async fn verify(&self, tenant: &Tenant, token: &str) -> Result<Caller, Refused> {
        let claims = self.verifier.verify(token, clock::wall_ms()).await.map_err(|refused| {
            tracing::debug!(reason = %refused, "a token is refused");
            match refused {
                auth::Refused::Invalid(_) => Refused::Invalid,
                auth::Refused::Expired => Refused::Expired,
                auth::Refused::Unavailable => Refused::Unavailable,
            }
        })?;
        if claims.tenant.as_deref() != tenant.name() {
            tracing::debug!(user = %claims.user, "a token is refused: it is for another tenant");
            return Err(Refused::Forbidden);
        }
        let caller = Caller::new(tenant.clone(), claims);
        self.revocations.first_look().await;
        self.revocations.check(&caller)?;
        Ok(caller)
    }
}
