//! Why a command was not carried out: a value, with a stable code and a message for people.

use std::fmt;

use crate::names::{RoomId, UserId};

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

/// A command that was not carried out, and changed nothing.
///
/// Its `Display` form is the message: what failed, with which value (never an SDP or a candidate),
/// why, and what to do. It is one line of printable text, whatever the sender wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A member of an event is missing, or not as it must be.
    Invalid {
        /// The member, as the sender's dialect names it.
        field: &'static str,
        /// What was there instead.
        found: Found,
        /// What it must be.
        expected: &'static str,
    },
    /// No dialect that is served here has the event.
    UnknownEvent {
        /// Its name.
        event: Excerpt,
    },
    /// A claim contradicts the verified identity of the connection.
    NotYourIdentity {
        /// What was claimed.
        claimed: UserId,
        /// Who it is.
        verified: UserId,
    },
    /// The connection is in as many rooms as one may be in.
    TooManyRooms {
        /// That many.
        limit: usize,
    },
    /// The room holds as many as it may.
    RoomFull {
        /// The room.
        room: RoomId,
        /// That many.
        capacity: usize,
    },
    /// The sender is not in the room, which may or may not exist.
    NotInRoom {
        /// The room.
        room: RoomId,
    },
    /// No such peer shares a room with the sender; whether it exists is not said.
    PeerNotFound {
        /// The id that was asked for, as written.
        peer: Excerpt,
    },
    /// Too many events in too short a time. Nothing was queued.
    RateLimited {
        /// After so many milliseconds the same event passes, if no other is sent before.
        retry_after_ms: u64,
    },
    /// What the server needs for this is away, or the connection is about to close.
    Unavailable,
    /// The server is at fault; what it knows is in its log.
    Internal,
}

impl Refusal {
    /// A name that breaks its rule.
    pub fn unfit(field: &'static str, text: &str, expected: &'static str) -> Refusal {
        Refusal::Invalid { field, found: Found::Text(Excerpt::of(text)), expected }
    }

    /// What apps decide on.
    pub const fn code(&self) -> Code {
        match self {
            Refusal::Invalid { .. } => Code::ValidationError,
            Refusal::UnknownEvent { .. } => Code::UnknownEvent,
            Refusal::NotYourIdentity { .. } | Refusal::TooManyRooms { .. } => Code::Forbidden,
            Refusal::RoomFull { .. } => Code::RoomFull,
            Refusal::NotInRoom { .. } => Code::RoomNotFound,
            Refusal::PeerNotFound { .. } => Code::PeerNotFound,
            Refusal::RateLimited { .. } => Code::RateLimit,
            Refusal::Unavailable => Code::Unavailable,
            Refusal::Internal => Code::Internal,
        }
    }

    /// For [`Code::RateLimit`], after how many milliseconds to try again.
    pub const fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Refusal::RateLimited { retry_after_ms } => Some(*retry_after_ms),
            Refusal::Invalid { .. }
            | Refusal::UnknownEvent { .. }
            | Refusal::NotYourIdentity { .. }
            | Refusal::TooManyRooms { .. }
            | Refusal::RoomFull { .. }
            | Refusal::NotInRoom { .. }
            | Refusal::PeerNotFound { .. }
            | Refusal::Unavailable
            | Refusal::Internal => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Invalid { field, found, expected } => {
                write!(f, "{field} is {found}: it must be {expected}")
            }
            Refusal::UnknownEvent { event } => {
                write!(
                    f,
                    "unknown event {event}: no dialect that is served here has it; check the name and the namespace"
                )
            }
            Refusal::NotYourIdentity { claimed, verified } => {
                let (claimed, verified) = (Excerpt::of(claimed.as_str()), Excerpt::of(verified.as_str()));
                write!(f, "userId {claimed} is not yours: this connection is {verified}; leave userId out")
            }
            Refusal::TooManyRooms { limit } => {
                write!(f, "this connection is in {limit} rooms, the most it may be in: leave one first")
            }
            Refusal::RoomFull { room, capacity } => {
                write!(f, "room {room} is full, it holds {capacity}: try again when someone has left")
            }
            Refusal::NotInRoom { room } => {
                write!(f, "you are not in room {room}: join it first")
            }
            Refusal::PeerNotFound { peer } => {
                write!(f, "peer {peer} shares no such room with you: it may have left")
            }
            Refusal::RateLimited { retry_after_ms } => {
                write!(f, "too many events: try again in {retry_after_ms} ms")
            }
            Refusal::Unavailable => {
                f.write_str("this cannot be done at the moment: try again, or connect anew")
            }
            Refusal::Internal => f.write_str("the server failed at this; its log says more"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What was found where something else must be. Bodies are described, never quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Missing,
    /// A name, quoted.
    Text(Excerpt),
    /// Something of this description, as `a number`.
    Kind(&'static str),
    /// So many bytes.
    Bytes(usize),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Missing => f.write_str("missing"),
            Found::Text(excerpt) => excerpt.fmt(f),
            Found::Kind(description) => f.write_str(description),
            Found::Bytes(count) => write!(f, "{count} bytes"),
        }
    }
}

/// The beginning of a text that someone sent, fit for a message or a log: at most
/// [`Excerpt::CHARS`] characters, shown in quotes, control and invisible characters escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    beginning: Box<str>,
    has_more: bool,
}

impl Excerpt {
    /// How many characters are kept.
    pub const CHARS: usize = 64;

    /// The beginning of `text`.
    pub fn of(text: &str) -> Excerpt {
        let end = text.char_indices().nth(Excerpt::CHARS).map_or(text.len(), |(index, _)| index);
        Excerpt { beginning: text[..end].into(), has_more: end < text.len() }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.beginning, if self.has_more { "..." } else { "" })
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

    #[test]
    fn an_excerpt_is_short_quoted_and_printable() {
        assert_eq!(Excerpt::of("a\"b\n\u{202e}\u{1b}[31m").to_string(), r#""a\"b\n\u{202e}\u{1b}[31m""#);
        assert_eq!(Excerpt::of(&"\u{1f642}".repeat(64)).to_string(), format!("{:?}", "\u{1f642}".repeat(64)));
        assert_eq!(Excerpt::of(&"x".repeat(65)).to_string(), format!("\"{}\"...", "x".repeat(64)));
    }

    #[test]
    fn a_message_says_what_failed_with_which_value_and_what_to_do() {
        let room = RoomId::try_from("standup").unwrap();
        let user = |text| UserId::try_from(text).unwrap();
        let messages = [
            Refusal::Invalid { field: "to", found: Found::Missing, expected: "the id of a peer" },
            Refusal::Invalid { field: "to", found: Found::Kind("a number"), expected: "the id of a peer" },
            Refusal::Invalid { field: "sdp", found: Found::Bytes(70_000), expected: "at most 65536 bytes" },
            Refusal::UnknownEvent { event: Excerpt::of("dance") },
            Refusal::NotYourIdentity { claimed: user("bob"), verified: user("alice") },
            Refusal::TooManyRooms { limit: 64 },
            Refusal::RoomFull { room: room.clone(), capacity: 10 },
            Refusal::NotInRoom { room },
            Refusal::PeerNotFound { peer: Excerpt::of("bob") },
            Refusal::RateLimited { retry_after_ms: 20 },
        ]
        .map(|refusal| refusal.to_string());
        assert_eq!(
            messages,
            [
                "to is missing: it must be the id of a peer",
                "to is a number: it must be the id of a peer",
                "sdp is 70000 bytes: it must be at most 65536 bytes",
                "unknown event \"dance\": no dialect that is served here has it; check the name and the namespace",
                "userId \"bob\" is not yours: this connection is \"alice\"; leave userId out",
                "this connection is in 64 rooms, the most it may be in: leave one first",
                "room standup is full, it holds 10: try again when someone has left",
                "you are not in room standup: join it first",
                "peer \"bob\" shares no such room with you: it may have left",
                "too many events: try again in 20 ms",
            ]
        );
    }
}
