//! The process that wrote something.

use std::fmt;

use uuid::Uuid;

/// One run of one process. A process that starts again is another node, so that what the one before left open is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Uuid);

impl NodeId {
    /// The node of that id, which nobody else has or had.
    pub const fn new(id: Uuid) -> NodeId {
        NodeId(id)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
