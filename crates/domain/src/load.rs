//! What the core asks the store, and what it hears.

use std::time::Duration;

use crate::names::{Tenant, UserId};

/// How long the shell may take for an answer: after that it is [`Answer::Away`].
pub const LOAD_LIMIT: Duration = Duration::from_secs(2);

/// What to ask the store for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Whether this id belongs to an account, or to someone who ever showed a token for it.
    Subject {
        /// In this world.
        tenant: Tenant,
        /// The id.
        user: UserId,
    },
}

/// What the store said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is one.
    Known,
    /// There is none.
    Unknown,
    /// It did not say.
    Away,
}
