//! What can go wrong, as far as a caller decides on it.

use std::borrow::Cow;

/// Why an operation did not do what it was asked.
///
/// No variant holds SQL, a URL or a value: its text may be logged as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What was to be made exists: the email address of an account, an id, the hash of a token. Nothing was changed.
    #[error("it exists already")]
    Conflict,
    /// A text that cannot be stored. Nothing was changed. Asking again will not help: refuse the input.
    #[error("{field} contains the character U+0000, which cannot be stored: leave it out")]
    Invalid {
        /// Which member of what was given.
        field: &'static str,
    },
    /// The database did not answer in time, cannot be reached, is full, or gave up for reasons of its own. What was asked
    /// may or may not have happened. Asking again later may help: answer 503.
    #[error("the store is away: {why}")]
    Unavailable {
        /// What was seen of it, without any value.
        why: Cow<'static, str>,
    },
    /// The database answered what should not be possible: a bug, a damaged file, a schema that is not ours, or settings that
    /// cannot work. Asking again will not help: an operator has to look.
    #[error("the store is broken: {why}")]
    Broken {
        /// What was seen of it, without any value.
        why: Cow<'static, str>,
    },
}

impl Error {
    pub(crate) fn unavailable(why: impl Into<Cow<'static, str>>) -> Error {
        Error::Unavailable { why: why.into() }
    }

    pub(crate) fn broken(why: impl Into<Cow<'static, str>>) -> Error {
        Error::Broken { why: why.into() }
    }

    /// Refuses `text` if it cannot be stored: PostgreSQL knows no U+0000, so no backend takes it.
    pub(crate) fn unless_storable(field: &'static str, text: &str) -> Result<(), Error> {
        if text.contains('\0') { Err(Error::Invalid { field }) } else { Ok(()) }
    }
}
