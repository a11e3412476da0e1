//! What the core is told.

use std::time::Instant;

use crate::identity::Identity;
use crate::ids::{Body, PeerId};
use crate::load::{Answer, Key};
use crate::names::{RoomId, Tenant, UserId};

/// The time, on both clocks: one that never goes back, for deadlines, and the one people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock.
    pub instant: Instant,
    /// Milliseconds since 1970.
    pub wall_ms: u64,
}

/// One thing that happened. For each connection, `Connected` comes first and `Disconnected` last.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection was accepted.
    Connected {
        /// An id that no other connection has or had.
        peer: PeerId,
        /// The world it connected to.
        tenant: Tenant,
        /// What its handshake said.
        identity: Identity,
    },
    /// A connection asks for something.
    Command {
        /// The connection.
        peer: PeerId,
        /// Comes back with the reply.
        ticket: Ticket,
        /// What it asks for.
        command: Command,
    },
    /// A verified connection showed another token of the same user: from now on that one's grants hold.
    ///
    /// Rooms that it is in already stay open to it.
    Renewed {
        /// The connection.
        peer: PeerId,
        /// Whom the new token names, which must be whom the old one named.
        identity: Identity,
    },
    /// The answer to an [`Effect::Load`](crate::Effect::Load): one for each, in any order.
    Loaded {
        /// What was asked for.
        key: Key,
        /// What there is.
        answer: Answer,
    },
    /// A connection is gone for good: it leaves every room.
    Disconnected {
        /// The connection.
        peer: PeerId,
    },
    /// The time that [`crate::Hub::poll_timeout`] named has come.
    Timeout,
}

/// The shell's name for a command; it means nothing to the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The dialect by which a connection joined a room, and in which it hears that room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Voice {
    /// Rooms whose members are addressed by connection.
    Mesh,
}

impl Voice {
    /// Every voice there is.
    pub const ALL: &[Voice] = &[Voice::Mesh];
}

/// What a connection may ask for. Each is answered once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// To enter a room, which is made if it is not there.
    ///
    /// Effects: `ExistingPeers` to the sender, the reply, `PeerJoined` to the others. To join again
    /// repeats the first two.
    Join {
        /// The room.
        room: RoomId,
        /// A claim of who joins: see [`Identity`].
        user: Option<UserId>,
        /// The dialect in which the room will be heard.
        voice: Voice,
    },
    /// To leave a room, or all of them. The last to leave ends the room.
    ///
    /// Effects: the reply, then `PeerLeft` to the others, room by room in the order joined.
    Leave {
        /// The room; `None` for all of them, which always succeeds.
        room: Option<RoomId>,
    },
    /// To send a signal to a peer that shares a room.
    ///
    /// Effects: the signal to that peer, in its voice; the reply.
    Relay {
        /// The peer.
        to: PeerId,
        /// The room both must be in; without it, the one shared room that the sender joined last.
        room: Option<RoomId>,
        /// What is sent.
        signal: Signal,
        /// How it was written, which is how it arrives where the target's dialect knows both forms.
        form: Form,
    },
    /// To send a signal to everyone else in a room.
    ///
    /// Effects: the signal to each voice in the room; the reply.
    Broadcast {
        /// The room.
        room: RoomId,
        /// What is sent.
        signal: Signal,
    },
}

/// A step in setting up media between two browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Which step.
    pub kind: SignalKind,
    /// The description or candidate, never read here.
    pub body: Body,
}

/// The steps in setting up media between two browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalKind {
    /// A session description that proposes.
    Offer,
    /// A session description that agrees.
    Answer,
    /// An ICE candidate.
    Candidate,
}

/// How a signal was written, in dialects that know two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An event for each kind.
    Plain,
    /// One event for all kinds, which names the kind within.
    Envelope,
}
