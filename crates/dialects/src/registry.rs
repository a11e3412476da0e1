//! The tables of events. `docs/PROTOCOL.md` shows the same, and a test holds the two together.

use crate::{ALL, Dialect};

/// One event in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its name on the wire.
    pub name: &'static str,
    /// Who emits it.
    pub direction: Direction,
    /// A sketch of its payload; a `?` marks what may be absent.
    pub payload: &'static str,
    /// What it does, in a line.
    pub effect: &'static str,
}

/// Who emits an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The client does.
    ToServer,
    /// The server does.
    ToClient,
}

impl Direction {
    /// As documents write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::ToServer => "client to server",
            Direction::ToClient => "server to client",
        }
    }
}

/// The rows of all dialects, each with its dialect.
pub fn documented_events() -> impl Iterator<Item = (&'static dyn Dialect, &'static EventRow)> {
    ALL.iter().flat_map(|&dialect| dialect.events().iter().map(move |row| (dialect, row)))
}

/// Whether a client may emit an event of this name.
pub(crate) fn takes(rows: &[EventRow], event: &str) -> bool {
    rows.iter().any(|row| row.direction == Direction::ToServer && row.name == event)
}
