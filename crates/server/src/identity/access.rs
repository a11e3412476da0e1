//! What handlers need to know who somebody is.

use std::sync::Arc;

use auth::Verifier;
use store::Store;

use super::{Authenticator, Revocations, Sessions};
use crate::{config::Config, lifecycle::Lifecycle};

/// The three of this module, and the store beneath them. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Access {
    /// Verifies tokens.
    pub authenticator: Arc<Authenticator>,
    /// What must not be believed any more.
    pub revocations: Arc<Revocations>,
    /// Who is connected.
    pub sessions: Arc<Sessions>,
    store: Arc<dyn Store>,
}

impl Access {
    /// Nobody is connected, and nothing is known to be revoked until [`Access::run`] has read it.
    #[must_use]
    pub fn new(config: &Config, verifier: Verifier, store: Arc<dyn Store>) -> Self {
        let sessions = Arc::new(Sessions::new(config));
        let revocations = Arc::new(Revocations::new(Arc::clone(&sessions)));
        let authenticator = Arc::new(Authenticator::new(verifier, Arc::clone(&revocations)));
        Self { authenticator, revocations, sessions, store }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Starts the two tasks, which end with the process: one reads what is revoked, one waits for what expires.
    pub fn run(&self, lifecycle: &Lifecycle) {
        let (revocations, sessions) = (Arc::clone(&self.revocations), Arc::clone(&self.sessions));
        lifecycle.spawn(revocations.watch(Arc::clone(&self.store), lifecycle.stopping()));
        lifecycle.spawn(sessions.watch_expiry(lifecycle.stopping()));
    }
}
