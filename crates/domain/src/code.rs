//! The codes by which apps tell refusals apart.

use std::fmt;

/// What apps decide on. Codes never change; each is listed here once, with its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The event is not shaped as the contract says.
    ValidationError,
    /// Who speaks is not known well enough for this.
    AuthError,
    /// Who speaks is known, and may not do this.
    Forbidden,
    /// The room holds as many as it may.
    RoomFull,
    /// There is no such room, or the sender is not in it.
    RoomNotFound,
    /// There is no such peer, or nothing is shared with it.
    PeerNotFound,
    /// A room of that id is open already.
    RoomExists,
    /// Too many events in too short a time.
    RateLimit,
    /// No dialect that is served here has this event.
    UnknownEvent,
    /// Something the server needs is away.
    Unavailable,
    /// The server is at fault.
    Internal,
}

impl Code {
    /// Every code there is.
    pub const ALL: &[Code] = &[
        Code::ValidationError,
        Code::UnknownEvent,
        Code::AuthError,
        Code::Forbidden,
        Code::RoomFull,
        Code::RoomNotFound,
        Code::PeerNotFound,
        Code::RoomExists,
        Code::RateLimit,
        Code::Internal,
        Code::Unavailable,
    ];

    /// The code as it is on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::ValidationError => "VALIDATION_ERROR",
            Code::AuthError => "AUTH_ERROR",
            Code::Forbidden => "FORBIDDEN",
            Code::RoomFull => "ROOM_FULL",
            Code::RoomNotFound => "ROOM_NOT_FOUND",
            Code::PeerNotFound => "PEER_NOT_FOUND",
            Code::RoomExists => "ROOM_EXISTS",
            Code::RateLimit => "RATE_LIMIT",
            Code::UnknownEvent => "UNKNOWN_EVENT",
            Code::Unavailable => "UNAVAILABLE",
            Code::Internal => "INTERNAL",
        }
    }

    /// The HTTP status that says the same.
    pub const fn status(self) -> u16 {
        match self {
            Code::ValidationError | Code::UnknownEvent => 400,
            Code::AuthError => 401,
            Code::Forbidden | Code::RoomFull => 403,
            Code::RoomNotFound | Code::PeerNotFound => 404,
            Code::RoomExists => 409,
            Code::RateLimit => 429,
            Code::Internal => 500,
            Code::Unavailable => 503,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// An array of the variants that are named, which does not compile when one is not.
    macro_rules! all_codes {
        ($($variant:ident)*) => {{
            let _ = |code: Code| match code { $(Code::$variant => {})* };
            [$(Code::$variant),*]
        }};
    }

    #[test]
    fn every_code_is_listed_once_with_a_status_of_its_kind() {
        let all = all_codes!(
            ValidationError UnknownEvent AuthError Forbidden RoomFull RoomNotFound PeerNotFound RoomExists
            RateLimit Internal Unavailable
        );
        assert_eq!(Code::ALL, all);
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| (400..=503).contains(&code.status())));
        assert!(Code::ALL.is_sorted_by_key(|code| code.status()), "listed by status");
    }
}
