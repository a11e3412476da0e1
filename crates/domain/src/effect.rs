//! What the core has decided, for the shell to carry out in order.

use std::sync::Arc;

use crate::command::{Form, Signal, Ticket, Voice};
use crate::fact::Fact;
use crate::identity::Standing;
use crate::ids::PeerId;
use crate::load::Key;
use crate::names::{RoomId, UserId, Username};
use crate::refusal::Refusal;

/// One thing the shell must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Encode the event once, in the dialect of `voice`, and append it to the outbox of each recipient.
    /// A recipient whose connection is ending is passed over.
    Send {
        /// Who gets it; never nobody.
        to: Recipients,
        /// The dialect.
        voice: Voice,
        /// What they hear.
        event: Event,
    },
    /// Answer the command of this ticket. There is exactly one for each command.
    Reply {
        /// The ticket that came with the command.
        ticket: Ticket,
        /// What became of it.
        result: Result<Reply, Refusal>,
    },
    /// Ask the store, and hand its answer in as [`Input::Loaded`](crate::Input::Loaded): one for each `Load`, within
    /// [`LOAD_LIMIT`](crate::LOAD_LIMIT). Someone waits for it.
    Load {
        /// What to ask for.
        key: Key,
    },
    /// Write down what happened, when there is time: nobody waits for it, and facts are in the order of events.
    Save(Fact),
}

/// Who gets an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// A relay's target, or the one who asked.
    One(PeerId),
    /// The others in a room, in the order they joined.
    Many(Vec<PeerId>),
}

impl Recipients {
    /// The recipients one after the other.
    pub fn as_slice(&self) -> &[PeerId] {
        match self {
            Recipients::One(peer) => std::slice::from_ref(peer),
            Recipients::Many(peers) => peers,
        }
    }
}

/// What is heard in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// To one who joined: who is there already, in the order they joined.
    ExistingPeers {
        /// The room.
        room: RoomId,
        /// The others.
        peers: Arc<[Member]>,
    },
    /// Someone joined.
    PeerJoined {
        /// The room.
        room: RoomId,
        /// Who.
        peer: Member,
    },
    /// Someone left, or is gone.
    PeerLeft {
        /// The room.
        room: RoomId,
        /// Who.
        peer: Member,
    },
    /// Someone sent a signal.
    Signal {
        /// The room they share.
        room: RoomId,
        /// Who sent it.
        from: PeerId,
        /// To whom; `None` if to everyone in the room.
        to: Option<PeerId>,
        /// What was sent.
        signal: Signal,
        /// How it was written.
        form: Form,
    },
}

/// A connection in a room, as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The connection.
    pub peer: PeerId,
    /// Who it is.
    pub user: UserId,
    /// What they are called.
    pub username: Option<Username>,
    /// How far the above may be believed.
    pub standing: Standing,
    /// When it joined this room, in milliseconds since 1970.
    pub joined_at_ms: u64,
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// There is no more to say.
    Done,
    /// The sender is in the room.
    Joined {
        /// The room.
        room: RoomId,
        /// The others there, in the order they joined.
        peers: Arc<[Member]>,
    },
}
