//! What calls are answered with.

use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::{Pair, Presence, Profile};

/// Tokens of somebody who has proved who they are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens {
    /// Whose they are.
    user_id: String,
    /// The access token, a JWT, good for some minutes.
    token: String,
    /// Good for one refresh.
    refresh_token: String,
}

impl From<Pair> for Tokens {
    fn from(pair: Pair) -> Self {
        Self {
            user_id: pair.user.to_string(),
            token: pair.token,
            refresh_token: pair.refresh_token.expose().to_owned(),
        }
    }
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {
    /// Always true.
    success: bool,
}

impl Done {
    pub(super) const YES: Self = Self { success: true };
}

/// Who somebody is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct User {
    /// By which others are told apart.
    id: String,
    /// What they are called; `null` if their token is of another issuer and does not say.
    #[schema(required)]
    name: Option<String>,
    /// One's own alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<String>,
    /// Where their picture is.
    #[schema(required)]
    avatar: Option<String>,
    /// Whether they are connected; others always seem to be away.
    presence: Here,
}

/// Whether somebody is connected.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Here {
    /// They are.
    Online,
    /// They are not, or one may not know.
    Offline,
}

impl From<Profile> for User {
    fn from(profile: Profile) -> Self {
        let Profile { id, name, email, avatar, presence } = profile;
        let presence = match presence {
            Presence::Online => Here::Online,
            Presence::Offline => Here::Offline,
        };
        Self { id: id.to_string(), name, email, avatar, presence }
    }
}

/// Who was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Found {
    /// At most 20.
    #[schema(max_items = 20)]
    pub(super) users: Vec<User>,
}

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Refusal {
    /// Always false.
    success: bool,
    /// What is wrong.
    error: Reason,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reason {
    /// What programs decide on; never changes.
    #[schema(example = "VALIDATION_ERROR")]
    code: String,
    /// What people read, in the language of the server.
    message: String,
    /// With `VALIDATION_ERROR`: the members that are wrong.
    #[schema(nullable = false)]
    details: Option<Vec<Detail>>,
}

/// A member of a body or a query that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detail {
    /// Its name.
    #[schema(example = "email")]
    field: String,
    /// What it must be.
    message: String,
}
