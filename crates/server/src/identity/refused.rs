//! Why somebody is not let in.

use domain::messages::{Phrase, handshake};

/// Why a token does not let its bearer in. The same for sockets and for HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is none, and one is required.
    NoToken,
    /// It is malformed, signed by nobody known, of a wrong algorithm, or revoked: which of them is for the log alone.
    Invalid,
    /// It was good once.
    Expired,
    /// It is good, and not for this world or this namespace.
    Forbidden,
    /// Keys, or what is revoked, cannot be looked up at the moment.
    Unavailable,
}

impl Refused {
    /// Every one there is.
    pub const ALL: [Self; 5] =
        [Self::NoToken, Self::Invalid, Self::Expired, Self::Forbidden, Self::Unavailable];

    /// What apps decide on.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoToken | Self::Invalid => "AUTH001",
            Self::Expired => "AUTH002",
            Self::Forbidden => "AUTH003",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    /// The HTTP status that says the same.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NoToken | Self::Invalid | Self::Expired => 401,
            Self::Forbidden => 403,
            Self::Unavailable => 503,
        }
    }

    /// The message, in every language.
    #[must_use]
    pub const fn phrase(self) -> Phrase {
        match self {
            Self::NoToken => handshake::NO_TOKEN,
            Self::Invalid => handshake::INVALID_TOKEN,
            Self::Expired => handshake::TOKEN_EXPIRED,
            Self::Forbidden => handshake::FORBIDDEN,
            Self::Unavailable => handshake::UNAVAILABLE,
        }
    }
}
