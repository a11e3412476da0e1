//! Who a connection is.

use crate::grants::Grants;
use crate::names::{UserId, Username};

/// Who a connection is, from its handshake.
///
/// A guest that named no user there takes the first one it names in a [`Command::Join`](crate::Command::Join) that
/// succeeds, or else gets an id made from its [`PeerId`](crate::PeerId). From then on it stays: later claims
/// of a guest are passed over, those of a verified user are refused if they contradict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Always there for a verified user, and for a guest who is in a room.
    pub(crate) user: Option<UserId>,
    pub(crate) username: Option<Username>,
    pub(crate) standing: Standing,
    /// `None` lets into every room.
    pub(crate) grants: Option<Grants>,
    pub(crate) holder: Holder,
}

/// How far an identity may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It is a claim. Several guests may make the same one.
    Guest,
    /// A token proved it.
    Verified,
}

/// Whether the store has a user of this id by itself, or must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A guest, or whoever holds a token that someone else made.
    Stranger,
    /// An account of this server's own.
    Account,
}

impl Identity {
    /// Someone who proved nothing, and may have said who they are.
    ///
    /// An id named here was looked up before: nobody known has it. One that is named later, in a join, is looked up
    /// by [`Effect::Load`](crate::Effect::Load).
    pub const fn guest(user: Option<UserId>, username: Option<Username>) -> Identity {
        Identity { user, username, standing: Standing::Guest, grants: None, holder: Holder::Stranger }
    }

    /// Someone whose token says who they are.
    pub const fn verified(user: UserId, username: Option<Username>) -> Identity {
        Identity {
            user: Some(user),
            username,
            standing: Standing::Verified,
            grants: None,
            holder: Holder::Stranger,
        }
    }

    /// The same, and may enter only the rooms that these grants cover; `None` for every room.
    #[must_use]
    pub fn with_grants(self, grants: Option<Grants>) -> Identity {
        Identity { grants, ..self }
    }

    /// The same, with an account on this server, so that no [`Fact::Seen`](crate::Fact::Seen) need tell of it.
    #[must_use]
    pub fn of_account(self) -> Identity {
        Identity { holder: Holder::Account, ..self }
    }

    /// Who it is; `None` for a guest who has not said so.
    pub const fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    /// How far it may be believed.
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// What it may do in which rooms; `None` if nothing was said of that.
    pub const fn grants(&self) -> Option<&Grants> {
        self.grants.as_ref()
    }
}
