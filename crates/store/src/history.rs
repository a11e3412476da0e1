//! What is on record about rooms.

use domain::{Standing, UserId, Username};

/// One time that a room was open, from the first to enter to the last to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRecord {
    /// The text of its [`domain::Sitting`].
    pub id: String,
    /// When it opened, in milliseconds since 1970.
    pub opened_at_ms: u64,
    /// When it closed, if it has.
    pub ended_at_ms: Option<u64>,
}

/// One time that someone was in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipationRecord {
    /// The text of its [`domain::Participation`].
    pub id: String,
    /// The text of the [`domain::Sitting`] that it was in.
    pub sitting: String,
    /// Who.
    pub user: UserId,
    /// What they were called.
    pub username: Option<Username>,
    /// How far the above may be believed.
    pub standing: Standing,
    /// When they entered, in milliseconds since 1970.
    pub joined_at_ms: u64,
    /// When they left, if they have.
    pub left_at_ms: Option<u64>,
    /// How long they were in, once they have left; 0 if the clock went back meanwhile.
    pub duration_ms: Option<u64>,
}
