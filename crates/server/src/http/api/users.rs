//! `/api/users`: who is who.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
};
use domain::UserId;

use super::{
    Api,
    answers::{Found, Refusal, User},
    fields::{Body, Fields},
    gate::Bearer,
    requests::{ChangeMe, Search},
};
use crate::{
    accounts::{Avatar, Refused},
    http::failure::{Failure, Wrong},
};

/// One's own profile.
#[utoipa::path(
    get, path = "/users/me", tag = "users",
    security(("token" = [])),
    responses(
        (status = OK, description = "As one sees it oneself, with the email.", body = User),
        (status = NOT_FOUND, description = "`NOT_FOUND`: the account is gone.", body = Refusal),
    ),
)]
pub(super) async fn me(State(api): State<Api>, Bearer(caller): Bearer) -> Result<Json<User>, Failure> {
    Ok(Json(api.0.accounts.own_profile(&caller).await?.into()))
}

/// Change one's own profile.
#[utoipa::path(
    patch, path = "/users/me", tag = "users",
    request_body = ChangeMe,
    security(("token" = [])),
    responses(
        (status = OK, description = "As it is now.", body = User),
        (status = FORBIDDEN, description = "`AUTH003`: the token is not of an account here.", body = Refusal),
        (status = NOT_FOUND, description = "`NOT_FOUND`: the account is gone.", body = Refusal),
    ),
)]
pub(super) async fn change_me(
    State(api): State<Api>,
    Bearer(caller): Bearer,
    Body(body): Body<ChangeMe>,
) -> Result<Json<User>, Failure> {
    let accounts = &api.0.accounts;
    let avatar = match body.avatar {
        None => None,
        Some(None) => Some(None),
        Some(Some(url)) => {
            let avatar = Avatar::read(&url, accounts.environment());
            Some(Some(avatar.ok_or(Wrong { field: "avatar", why: domain::messages::http::AVATAR_RULE })?))
        }
    };
    Ok(Json(accounts.change_profile(&caller, body.name.as_ref(), avatar).await?.into()))
}

/// Somebody's profile.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users",
    params(("id" = String, Path, description = "Their id.", max_length = 512)),
    security(("token" = [])),
    responses(
        (status = OK, description = "As others see it.", body = User),
        (status = NOT_FOUND, description = "`NOT_FOUND`: nobody has this id.", body = Refusal),
    ),
)]
pub(super) async fn one(
    State(api): State<Api>,
    Bearer(caller): Bearer,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<User>, Failure> {
    // What can be nobody's id is nobody's.
    let id = id.ok().and_then(|Path(id)| UserId::try_from(id.as_str()).ok()).ok_or(Refused::NoSuchUser)?;
    Ok(Json(api.0.accounts.profile(&caller, &id).await?.into()))
}

/// Find people by the beginning of a word of their name, or by their whole email.
#[utoipa::path(
    get, path = "/users", tag = "users",
    params(("q" = String, Query, description = "What is searched for, in upper or lower case.", min_length = 3, max_length = 254, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")),
    security(("token" = [])),
    responses(
        (status = OK, description = "Who was found, nobody perhaps.", body = Found),
    ),
)]
pub(super) async fn search(
    State(api): State<Api>,
    Bearer(caller): Bearer,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Json<Found>, Failure> {
    let Query(members) = query.unwrap_or_else(|_| Query(HashMap::new()));
    let members = members.into_iter().map(|(name, value)| (name, value.into())).collect();
    let search: Search = Fields::new(members).read()?;
    let found = api.0.accounts.search(&caller, &search.query).await?;
    Ok(Json(Found { users: found.into_iter().map(User::from).collect() }))
}
