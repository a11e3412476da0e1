//! What is measured: one row of the table for each scenario and server.

use clap::ValueEnum;

/// What the peers relay to each other.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signal {
    /// An `ice-candidate` of [`Signal::payload_bytes`].
    Candidate,
    /// An `offer` with an SDP.
    Offer,
}

impl Signal {
    /// The length of the WebSocket message a client sends: the Engine.IO and Socket.IO prefix `42` and the JSON
    /// array of event name and object. The frame's header and mask (8 bytes) are not counted.
    pub(crate) const fn payload_bytes(self) -> usize {
        match self {
            Self::Candidate => 268,
            Self::Offer => 3 * 1024,
        }
    }

    /// The Socket.IO event, and the member of its object that holds the body.
    pub(crate) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Candidate => ("ice-candidate", "candidate"),
            Self::Offer => ("offer", "offer"),
        }
    }
}

/// A signal relayed in a closed loop: each peer sends the next message when one of its window has arrived.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) signal: Signal,
    /// Messages that each peer keeps on their way. One makes every relay a read and a write of its own; more
    /// lets a server batch.
    pub(crate) window: usize,
}

impl Scenario {
    /// In the order of the table. Others come here: a fixed rate, idle connections, a connect storm, one room
    /// of ten, polling.
    pub(crate) const ALL: [Self; 3] = [
        Self { signal: Signal::Candidate, window: 1 },
        Self { signal: Signal::Candidate, window: 8 },
        Self { signal: Signal::Offer, window: 1 },
    ];

    /// As the table calls it.
    pub(crate) fn name(self) -> String {
        let (event, _) = self.signal.names();
        format!("{event} {} B, window {}", self.signal.payload_bytes(), self.window)
    }
}

/// How a server is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Socket.IO and the mesh events.
    Mesh,
    /// WebSocket messages as they are, to whoever asked for the same path.
    Raw,
}
