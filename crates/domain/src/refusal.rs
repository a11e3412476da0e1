//! Why a command was not carried out: a value, with a stable code and a message for people.

use std::fmt;

use crate::code::Code;
use crate::messages::{Locale, Phrase, refusals};
use crate::names::{RoomId, UserId};

/// A command that was not carried out, and changed nothing.
///
/// Its message ([`Refusal::display`], and in English its `Display` form) says what failed, with which value (never an
/// SDP or a candidate), why, and what to do. It is one line of printable text, whatever the sender wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A member of an event is missing, or not as it must be.
    Invalid {
        /// The member, as the sender's dialect names it.
        field: &'static str,
        /// What was there instead.
        found: Found,
        /// What it must be.
        expected: Phrase,
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
    /// A guest claims an id that belongs to an account, or to someone who showed a token for it.
    IdTaken {
        /// What was claimed.
        user: UserId,
    },
    /// No grant of the connection's token lets it into the room.
    NotGranted {
        /// The room.
        room: RoomId,
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
    pub fn unfit(field: &'static str, text: &str, expected: Phrase) -> Refusal {
        Refusal::Invalid { field, found: Found::Text(Excerpt::of(text)), expected }
    }

    /// What apps decide on.
    pub const fn code(&self) -> Code {
        match self {
            Refusal::Invalid { .. } => Code::ValidationError,
            Refusal::UnknownEvent { .. } => Code::UnknownEvent,
            Refusal::NotYourIdentity { .. }
            | Refusal::IdTaken { .. }
            | Refusal::NotGranted { .. }
            | Refusal::TooManyRooms { .. } => Code::Forbidden,
            Refusal::RoomFull { .. } => Code::RoomFull,
            Refusal::NotInRoom { .. } => Code::RoomNotFound,
            Refusal::PeerNotFound { .. } => Code::PeerNotFound,
            Refusal::RateLimited { .. } => Code::RateLimit,
            Refusal::Unavailable => Code::Unavailable,
            Refusal::Internal => Code::Internal,
        }
    }

    /// The message, in this language.
    pub fn display(&self, locale: Locale) -> impl fmt::Display + '_ {
        Told { refusal: self, locale }
    }

    /// For [`Code::RateLimit`], after how many milliseconds to try again.
    pub const fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Refusal::RateLimited { retry_after_ms } => Some(*retry_after_ms),
            Refusal::Invalid { .. }
            | Refusal::UnknownEvent { .. }
            | Refusal::NotYourIdentity { .. }
            | Refusal::IdTaken { .. }
            | Refusal::NotGranted { .. }
            | Refusal::TooManyRooms { .. }
            | Refusal::RoomFull { .. }
            | Refusal::NotInRoom { .. }
            | Refusal::PeerNotFound { .. }
            | Refusal::Unavailable
            | Refusal::Internal => None,
        }
    }
}

/// A refusal's message in one language.
#[derive(Clone, Copy, Debug)]
struct Told<'a> {
    refusal: &'a Refusal,
    locale: Locale,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let locale = self.locale;
        let mut tell =
            |phrase: Phrase, values: &[(&'static str, &dyn fmt::Display)]| phrase.fill(locale, values).fmt(f);
        match self.refusal {
            Refusal::Invalid { field, found, expected } => {
                let (found, expected) = (found.display(locale), expected.text(locale));
                tell(refusals::INVALID, &[("field", field), ("found", &found), ("expected", &expected)])
            }
            Refusal::UnknownEvent { event } => tell(refusals::UNKNOWN_EVENT, &[("event", event)]),
            Refusal::NotYourIdentity { claimed, verified } => {
                let (claimed, verified) = (Excerpt::of(claimed.as_str()), Excerpt::of(verified.as_str()));
                tell(refusals::NOT_YOUR_IDENTITY, &[("claimed", &claimed), ("verified", &verified)])
            }
            Refusal::IdTaken { user } => tell(refusals::ID_TAKEN, &[("user", &Excerpt::of(user.as_str()))]),
            Refusal::NotGranted { room } => tell(refusals::NOT_GRANTED, &[("room", room)]),
            Refusal::TooManyRooms { limit } => tell(refusals::TOO_MANY_ROOMS, &[("limit", limit)]),
            Refusal::RoomFull { room, capacity } => {
                tell(refusals::ROOM_FULL, &[("room", room), ("capacity", capacity)])
            }
            Refusal::NotInRoom { room } => tell(refusals::NOT_IN_ROOM, &[("room", room)]),
            Refusal::PeerNotFound { peer } => tell(refusals::PEER_NOT_FOUND, &[("peer", peer)]),
            Refusal::RateLimited { retry_after_ms } => {
                tell(refusals::RATE_LIMITED, &[("retry_after_ms", retry_after_ms)])
            }
            Refusal::Unavailable => tell(refusals::UNAVAILABLE, &[]),
            Refusal::Internal => tell(refusals::INTERNAL, &[]),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.display(Locale::En).fmt(f)
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
    Kind(Phrase),
    /// So many bytes.
    Bytes(usize),
}

impl Found {
    /// The description, in this language.
    fn display(&self, locale: Locale) -> impl fmt::Display + '_ {
        fmt::from_fn(move |f| match self {
            Found::Missing => f.write_str(refusals::MISSING.text(locale)),
            Found::Text(excerpt) => write!(f, "{excerpt}"),
            Found::Kind(description) => f.write_str(description.text(locale)),
            Found::Bytes(count) => write!(f, "{}", refusals::BYTES.fill(locale, &[("count", count)])),
        })
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
    use super::*;
    use crate::phrase;

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
        let invalid = |field, found, expected| Refusal::Invalid { field, found, expected };
        let a_peer = phrase!("the id of a peer", "피어 ID");
        let at_most = phrase!("at most 65536 bytes", "65536바이트 이하");
        let refusals = [
            invalid("to", Found::Missing, a_peer),
            invalid("to", Found::Kind(phrase!("a number", "숫자")), a_peer),
            invalid("sdp", Found::Bytes(70_000), at_most),
            Refusal::UnknownEvent { event: Excerpt::of("dance") },
            Refusal::NotYourIdentity { claimed: user("bob"), verified: user("alice") },
            Refusal::IdTaken { user: user("alice") },
            Refusal::NotGranted { room: room.clone() },
            Refusal::TooManyRooms { limit: 64 },
            Refusal::RoomFull { room: room.clone(), capacity: 10 },
            Refusal::NotInRoom { room },
            Refusal::PeerNotFound { peer: Excerpt::of("bob") },
            Refusal::RateLimited { retry_after_ms: 20 },
            Refusal::Unavailable,
            Refusal::Internal,
        ];
        let told = |locale| refusals.each_ref().map(|refusal| refusal.display(locale).to_string());
        assert_eq!(refusals.each_ref().map(ToString::to_string), told(Locale::En));
        assert_eq!(
            told(Locale::En),
            [
                "to is missing: it must be the id of a peer",
                "to is a number: it must be the id of a peer",
                "sdp is 70000 bytes: it must be at most 65536 bytes",
                "unknown event \"dance\": no dialect that is served here has it; check the name and the namespace",
                "userId \"bob\" is not yours: this connection is \"alice\"; leave userId out",
                "userId \"alice\" belongs to someone who has signed in: take another one, or connect with a token",
                "your token does not let you into room standup: ask for one that grants it",
                "this connection is in 64 rooms, the most it may be in: leave one first",
                "room standup is full, it holds 10: try again when someone has left",
                "you are not in room standup: join it first",
                "peer \"bob\" shares no such room with you: it may have left",
                "too many events: try again in 20 ms",
                "this cannot be done at the moment: try again, or connect anew",
                "the server failed at this; its log says more",
            ]
        );
        assert_eq!(
            told(Locale::Ko),
            [
                "to 값이 올바르지 않습니다. 받은 값: 없음, 올바른 값: 피어 ID",
                "to 값이 올바르지 않습니다. 받은 값: 숫자, 올바른 값: 피어 ID",
                "sdp 값이 올바르지 않습니다. 받은 값: 70000바이트, 올바른 값: 65536바이트 이하",
                "알 수 없는 이벤트입니다: \"dance\". 이 서버에서 지원하지 않으니 이벤트 이름과 네임스페이스를 확인해 주세요",
                "userId \"bob\": 본인의 ID가 아닙니다. 이 연결의 사용자 ID: \"alice\". userId를 생략해 주세요",
                "userId \"alice\": 이미 로그인한 사용자의 ID입니다. 다른 userId를 사용하거나 토큰으로 연결해 주세요",
                "이 토큰으로는 standup 방에 입장할 수 없습니다. 입장 권한이 있는 토큰을 발급받아 주세요",
                "한 연결로 참여할 수 있는 방은 최대 64개입니다. 먼저 다른 방에서 나가 주세요",
                "standup 방이 가득 찼습니다(정원 10명). 다른 참가자가 나간 뒤 다시 시도해 주세요",
                "standup 방에 참여하고 있지 않습니다. 먼저 방에 입장해 주세요",
                "같은 방에서 상대 \"bob\" 연결을 찾을 수 없습니다. 이미 나갔을 수 있습니다",
                "요청이 너무 많습니다. 20ms 후에 다시 시도해 주세요",
                "지금은 요청을 처리할 수 없습니다. 다시 시도하거나 새로 연결해 주세요",
                "서버 오류로 요청을 처리하지 못했습니다. 자세한 내용은 서버 로그에 있습니다",
            ]
        );
    }
}
