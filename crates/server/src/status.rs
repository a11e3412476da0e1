//! The hub's numbers, for those who may not ask the hub.
//!
//! Health, statistics and metrics are read while the hub works. The hub publishes its numbers after a
//! change, readers take what was published last; nobody waits for anybody.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many of what there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Open rooms.
    pub rooms: u64,
    /// Connected peers, in a room or not.
    pub peers: u64,
    /// Places taken in rooms: a peer in two rooms counts twice.
    pub memberships: u64,
    /// Rooms opened since the start of the process.
    pub rooms_created_total: u64,
}

/// The numbers published last. Each one is exact; they need not be of the same moment.
#[derive(Debug, Default)]
pub struct Published {
    rooms: AtomicU64,
    peers: AtomicU64,
    memberships: AtomicU64,
    rooms_created_total: AtomicU64,
}

impl Published {
    /// Publishes the numbers; called by the hub's task, as often as it likes.
    pub fn publish(&self, stats: HubStats) {
        self.rooms.store(stats.rooms, Relaxed);
        self.peers.store(stats.peers, Relaxed);
        self.memberships.store(stats.memberships, Relaxed);
        self.rooms_created_total.store(stats.rooms_created_total, Relaxed);
    }

    /// The numbers published last; zeros before the first time.
    #[must_use]
    pub fn read(&self) -> HubStats {
        HubStats {
            rooms: self.rooms.load(Relaxed),
            peers: self.peers.load(Relaxed),
            memberships: self.memberships.load(Relaxed),
            rooms_created_total: self.rooms_created_total.load(Relaxed),
        }
    }
}
