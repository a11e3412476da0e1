//! What happened, as it is written down.

use std::fmt;

use crate::identity::Standing;
use crate::ids::PeerId;
use crate::names::{RoomId, Tenant, UserId, Username};

/// One thing that happened, for the record. Facts come in the order of events.
///
/// For each room that opens there is a [`Fact::RoomOpened`], and a [`Fact::RoomClosed`] when its last member has left;
/// for each who enters a [`Fact::Joined`], and one [`Fact::Left`]. If the process ends without these, or its hub
/// is dropped, whoever keeps the record closes what is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Someone entered a room that nobody was in.
    RoomOpened {
        /// What the room is from now until it is empty.
        sitting: Sitting,
        /// In this world.
        tenant: Tenant,
        /// The room.
        room: RoomId,
        /// When, in milliseconds since 1970.
        opened_at_ms: u64,
    },
    /// Someone entered a room.
    Joined {
        /// Their time in it.
        participation: Participation,
        /// What the room is while they do.
        sitting: Sitting,
        /// In this world.
        tenant: Tenant,
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// What they are called.
        username: Option<Username>,
        /// How far the above may be believed.
        standing: Standing,
        /// When, in milliseconds since 1970.
        joined_at_ms: u64,
    },
    /// They left it, or are gone.
    Left {
        /// Their time in it.
        participation: Participation,
        /// When, in milliseconds since 1970.
        left_at_ms: u64,
    },
    /// The last of its members has left.
    RoomClosed {
        /// What the room was.
        sitting: Sitting,
        /// When, in milliseconds since 1970.
        closed_at_ms: u64,
    },
    /// Someone without an account here showed a good token: the id is theirs.
    Seen {
        /// In this world.
        tenant: Tenant,
        /// Who.
        user: UserId,
        /// When, in milliseconds since 1970.
        at_ms: u64,
    },
}

impl Fact {
    /// The fact's own name, of printable characters: no other fact has it, and the same fact told twice has the same.
    pub fn id(&self) -> String {
        match self {
            Fact::RoomOpened { sitting, .. } => format!("opened:{sitting}"),
            Fact::Joined { participation, .. } => format!("joined:{participation}"),
            Fact::Left { participation, .. } => format!("left:{participation}"),
            Fact::RoomClosed { sitting, .. } => format!("closed:{sitting}"),
            Fact::Seen { tenant, user, at_ms } => {
                // Neither a tenant's name nor a number has a colon, so what follows the third is the user.
                format!("seen:{}:{at_ms}:{user}", tenant.name().unwrap_or(""))
            }
        }
    }
}

/// A connection's time in a room, from a join to a leave: the connection, and the how-manyeth of its joins it was.
///
/// Connections' ids are never used twice, so this needs no randomness. Written as `<peer>.<number>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Participation {
    /// The connection.
    pub peer: PeerId,
    /// 1 for its first join.
    pub number: u32,
}

impl fmt::Display for Participation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.peer, self.number)
    }
}

/// A room's time from the first to enter to the last to leave, named after the join that opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sitting(pub Participation);

impl fmt::Display for Sitting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
