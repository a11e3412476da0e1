//! The names that people and apps choose, each a type that cannot hold a bad one.
//!
//! Names are compared by their bytes: no case folding, no Unicode normalisation. `__proto__` or
//! `constructor` are names like any other.

use std::fmt;
use std::sync::Arc;

use crate::messages::Phrase;
use crate::phrase;
use crate::refusal::Refusal;

/// A room within its tenant: 3 to 100 characters of `A-Z a-z 0-9 _ -`, which need no escaping in JSON.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(Arc<str>);

impl RoomId {
    /// The rule, as refusals and documents state it.
    pub const RULE: Phrase = phrase!("3 to 100 characters of A-Z a-z 0-9 _ -", "A-Z a-z 0-9 _ - 중 3~100자");
}

impl RoomId {
    /// The most characters it has, each of one byte.
    pub(crate) const MAX_CHARS: usize = 100;

    pub(crate) fn has_only_its_characters(text: &str) -> bool {
        text.bytes().all(is_word)
    }
}

impl TryFrom<&str> for RoomId {
    type Error = Refusal;

    fn try_from(text: &str) -> Result<RoomId, Refusal> {
        if (3..=RoomId::MAX_CHARS).contains(&text.len()) && RoomId::has_only_its_characters(text) {
            return Ok(RoomId(Arc::from(text)));
        }
        Err(Refusal::unfit("roomId", text, RoomId::RULE))
    }
}

/// The id of a person, chosen by the app: 1 to 128 printable characters.
///
/// Invisible characters and those that turn the direction of text are not printable: they would let
/// one id look like another. The plain space is the only blank.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The rule, as refusals and documents state it.
    pub const RULE: Phrase = phrase!("1 to 128 printable characters", "출력 가능한 문자 1~128자");
}

impl TryFrom<&str> for UserId {
    type Error = Refusal;

    fn try_from(text: &str) -> Result<UserId, Refusal> {
        if has_characters(text, 1, 128) && text.chars().all(is_printable) {
            return Ok(UserId(Arc::from(text)));
        }
        Err(Refusal::unfit("userId", text, UserId::RULE))
    }
}

/// What others see a person called: 2 to 50 characters, stored as given.
///
/// Joiners and direction marks stay, for emoji and for scripts that need them; control characters,
/// line separators and those that override the direction of what follows do not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(Arc<str>);

impl Username {
    /// The rule, as refusals and documents state it.
    pub const RULE: Phrase =
        phrase!("2 to 50 characters without control characters", "제어 문자가 없는 2~50자");
}

impl TryFrom<&str> for Username {
    type Error = Refusal;

    fn try_from(text: &str) -> Result<Username, Refusal> {
        if has_characters(text, 2, 50) && !text.chars().any(is_control) {
            return Ok(Username(Arc::from(text)));
        }
        Err(Refusal::unfit("username", text, Username::RULE))
    }
}

/// A world of its own rooms and peers: the default one, or a configured one with a name of 1 to 64
/// characters of `A-Z a-z 0-9 _ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tenant(Option<Arc<str>>);

impl Tenant {
    /// The rule, as refusals and documents state it.
    pub const RULE: Phrase = phrase!("1 to 64 characters of A-Z a-z 0-9 _ -", "A-Z a-z 0-9 _ - 중 1~64자");

    /// The name of a configured tenant; `None` is the default world.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl TryFrom<&str> for Tenant {
    type Error = Refusal;

    fn try_from(text: &str) -> Result<Tenant, Refusal> {
        if (1..=64).contains(&text.len()) && text.bytes().all(is_word) {
            return Ok(Tenant(Some(Arc::from(text))));
        }
        Err(Refusal::unfit("tenant", text, Tenant::RULE))
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({:?})", self.name().unwrap_or(""))
    }
}

/// What the names that are plain text share.
macro_rules! text_name {
    ($name:ident) => {
        impl $name {
            /// The name, as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), &*self.0)
            }
        }
    };
}

text_name!(RoomId);
text_name!(UserId);
text_name!(Username);

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Counts characters, not bytes, and no further than it must.
fn has_characters(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().take(most + 1).count())
}

fn is_control(character: char) -> bool {
    character.is_control() || turns_direction(character) || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Embeddings, overrides and isolates: they reorder text beyond the name they stand in.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_printable(character: char) -> bool {
    !is_control(character) && !is_invisible(character) && (character == ' ' || !character.is_whitespace())
}

/// Characters that show nothing: Unicode's default ignorables, fillers and noncharacters.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    ) || character as u32 & 0xfffe == 0xfffe
}
