//! What a token lets its holder do, room by room.

use std::fmt;
use std::sync::Arc;

use crate::messages::Phrase;
use crate::names::RoomId;
use crate::phrase;
use crate::refusal::{Found, Refusal};

/// Which rooms a [`Grant`] is for: one (`abc`), those whose id begins so (`abc-*`), or all (`*`).
///
/// A star stands at the end alone. What stands before it is of the characters of a [`RoomId`], at most 100.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RoomPattern {
    /// The whole id, or its beginning.
    text: Arc<str>,
    reach: Reach,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reach {
    One,
    AllThatBeginSo,
}

impl RoomPattern {
    /// The rule, as refusals and documents state it.
    pub const RULE: Phrase =
        phrase!("a room's id, or the beginning of one and a *", "방 ID 또는 방 ID의 앞부분과 *");

    /// Whether the grant is for this room.
    pub fn covers(&self, room: &RoomId) -> bool {
        match self.reach {
            Reach::One => *self.text == *room.as_str(),
            Reach::AllThatBeginSo => room.as_str().starts_with(&*self.text),
        }
    }
}

impl TryFrom<&str> for RoomPattern {
    type Error = Refusal;

    fn try_from(text: &str) -> Result<RoomPattern, Refusal> {
        let unfit = || Refusal::unfit("rooms", text, RoomPattern::RULE);
        let Some(beginning) = text.strip_suffix('*') else {
            let room = RoomId::try_from(text).map_err(|_| unfit())?;
            return Ok(RoomPattern { text: Arc::from(room.as_str()), reach: Reach::One });
        };
        if beginning.len() > RoomId::MAX_CHARS || !RoomId::has_only_its_characters(beginning) {
            return Err(unfit());
        }
        Ok(RoomPattern { text: Arc::from(beginning), reach: Reach::AllThatBeginSo })
    }
}

impl fmt::Display for RoomPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.reach {
            Reach::One => Ok(()),
            Reach::AllThatBeginSo => f.write_str("*"),
        }
    }
}

impl fmt::Debug for RoomPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomPattern({self})")
    }
}

/// What may be done in the rooms of a pattern. What is not said is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// In which rooms.
    pub pattern: RoomPattern,
    /// To enter.
    pub join: bool,
    /// To send sound and pictures to the media server.
    pub publish: bool,
    /// To close the room and to send others out.
    pub admin: bool,
}

/// All that a token grants. A copy is a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants(Arc<[Grant]>);

impl Grants {
    /// The most grants a token may bear.
    pub const MAX: usize = 64;

    /// Whether its holder may enter the room.
    pub fn let_into(&self, room: &RoomId) -> bool {
        self.of(room).any(|grant| grant.join)
    }

    /// Whether its holder may send sound and pictures to the media server in the room.
    pub fn let_publish_in(&self, room: &RoomId) -> bool {
        self.of(room).any(|grant| grant.publish)
    }

    /// Whether its holder may close the room and send others out.
    pub fn let_administer(&self, room: &RoomId) -> bool {
        self.of(room).any(|grant| grant.admin)
    }

    fn of<'a>(&'a self, room: &'a RoomId) -> impl Iterator<Item = &'a Grant> {
        self.0.iter().filter(|grant| grant.pattern.covers(room))
    }
}

impl TryFrom<Vec<Grant>> for Grants {
    type Error = Refusal;

    fn try_from(grants: Vec<Grant>) -> Result<Grants, Refusal> {
        if grants.len() > Grants::MAX {
            return Err(Refusal::Invalid {
                field: "rooms",
                found: Found::Kind(phrase!("a longer list", "더 긴 목록")),
                expected: phrase!("at most 64 grants", "권한 64개 이하"),
            });
        }
        Ok(Grants(grants.into()))
    }
}
