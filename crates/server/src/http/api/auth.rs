//! `/api/auth/`: tokens, and how one gets and loses them.
//!
//! Attempts that fail are counted for the account from the address, and for the address: see
//! [`Attempts`](crate::limits::Attempts). An email address that is taken counts as a failure too, so that nobody can ask
//! for many. A refresh that fails counts as a request alone: whose token it was meant to be nobody knows, and 256 random
//! bits are not guessed.

use std::net::IpAddr;

use axum::{Json, extract::State, http::StatusCode};

use super::{
    Api,
    answers::{Done, Refusal, Tokens},
    attempts::Failed,
    fields::Body,
    gate::{Address, Bearer},
    requests::{ChangePassword, Guess, LogIn, LogOut, Refresh, Register},
};
use crate::{
    accounts::{Pair, Refused, Scope, Whose},
    http::failure::Failure,
    telemetry::SignIn,
};

/// Make an account, and log in.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth",
    request_body = Register,
    responses(
        (status = CREATED, description = "The account is there.", body = Tokens),
        (status = CONFLICT, description = "`CONFLICT`: the email has an account.", body = Refusal),
        (status = FORBIDDEN, description = "`AUTH003`: there are no accounts here.", body = Refusal),
    ),
)]
pub(super) async fn register(
    State(api): State<Api>,
    Address(address): Address,
    Body(body): Body<Register>,
) -> Result<(StatusCode, Json<Tokens>), Failed> {
    let email = body.email.as_str();
    let attempt = api.attempt(email, address).await?;
    let registered = api.0.accounts.register(&body.email, &body.password, &body.name).await;
    let pair = api.settle(attempt, email, address, registered)?;
    Ok((StatusCode::CREATED, Json(pair.into())))
}

/// Log in.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth",
    request_body = LogIn,
    responses(
        (status = OK, description = "Logged in.", body = Tokens),
        (status = UNAUTHORIZED, description = "`AUTH001`: email or password is wrong; which of them is not said.", body = Refusal),
        (status = FORBIDDEN, description = "`AUTH003`: there are no accounts here.", body = Refusal),
    ),
)]
pub(super) async fn log_in(
    State(api): State<Api>,
    Address(address): Address,
    Body(body): Body<LogIn>,
) -> Result<Json<Tokens>, Failed> {
    let logged_in = api.log_in(&body, address).await;
    api.0.metrics.sign_in(logged_in.as_ref().map_or_else(Failed::of_a_sign_in, |_| SignIn::Ok));
    Ok(Json(logged_in?.into()))
}

impl Api {
    async fn log_in(&self, body: &LogIn, address: IpAddr) -> Result<Pair, Failed> {
        let email = body.email.as_str();
        let attempt = self.attempt(email, address).await?;
        let logged_in = match &body.password {
            Guess::Possible(password) => self.0.accounts.log_in(&body.email, password).await,
            Guess::TooShort => Err(Refused::WrongCredentials),
        };
        self.settle(attempt, email, address, logged_in)
    }
}

/// Spend a refresh token for the next pair of tokens.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth",
    request_body = Refresh,
    responses(
        (status = OK, description = "The next pair. The token that was shown is spent.", body = Tokens),
        (status = UNAUTHORIZED, description = "`AUTH001`: the token is not good, or no longer. One that was spent before ends its whole log-in.", body = Refusal),
        (status = FORBIDDEN, description = "`AUTH003`: there are no accounts here.", body = Refusal),
    ),
)]
pub(super) async fn refresh(
    State(api): State<Api>,
    Body(body): Body<Refresh>,
) -> Result<Json<Tokens>, Failure> {
    let Some(token) = &body.refresh_token.0 else { return Err(Refused::InvalidRefreshToken.into()) };
    let pair = api.0.accounts.refresh(token).await?;
    Ok(Json(pair.into()))
}

/// End a log-in, or all of them.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth",
    request_body = Option<LogOut>,
    security((), ("token" = [])),
    responses(
        (status = OK, description = "Ended. A refresh token that is not known is as good as ended.", body = Done),
        (status = UNAUTHORIZED, description = "`AUTH001`, `AUTH002`: neither a good access token nor a refresh token was shown.", body = Refusal),
    ),
)]
pub(super) async fn log_out(
    State(api): State<Api>,
    bearer: Result<Bearer, Failure>,
    body: Option<Body<LogOut>>,
) -> Result<Json<Done>, Failure> {
    let body = body.map_or_else(LogOut::default, |Body(body)| body);
    let refresh_token = body.refresh_token.as_ref().map(|shown| shown.0.as_ref());
    let bearer = match (bearer, refresh_token) {
        (Ok(bearer), _) => Some(bearer),
        // The refresh token shows who one is, whatever became of the access token.
        (Err(_), Some(_)) => None,
        (Err(failure), None) => return Err(failure),
    };
    let caller = bearer.as_ref().map(|bearer| &*bearer.0);
    let scope = if body.everywhere { Scope::Everywhere } else { Scope::ThisDevice };
    let whose = Whose { caller, refresh_token: refresh_token.flatten() };
    api.0.accounts.log_out(whose, scope).await?;
    Ok(Json(Done::YES))
}

/// Take another password. All other log-ins end.
#[utoipa::path(
    post, path = "/auth/password", tag = "auth",
    request_body = ChangePassword,
    security(("token" = [])),
    responses(
        (status = OK, description = "Changed.", body = Done),
        (status = UNAUTHORIZED, description = "`AUTH001`, `AUTH002`: no good token, or `oldPassword` is wrong.", body = Refusal),
        (status = FORBIDDEN, description = "`AUTH003`: the token is not of an account here.", body = Refusal),
        (status = NOT_FOUND, description = "`NOT_FOUND`: the account is gone.", body = Refusal),
        (status = CONFLICT, description = "`CONFLICT`: the account changed meanwhile.", body = Refusal),
    ),
)]
pub(super) async fn change_password(
    State(api): State<Api>,
    Bearer(caller): Bearer,
    Address(address): Address,
    Body(body): Body<ChangePassword>,
) -> Result<Json<Done>, Failed> {
    let account = caller.user.as_str();
    let attempt = api.attempt(account, address).await?;
    let changed = match &body.old_password {
        Guess::Possible(old) => api.0.accounts.change_password(&caller, old, &body.new_password).await,
        Guess::TooShort => Err(Refused::WrongCredentials),
    };
    api.settle(attempt, account, address, changed).map_err(Failed::of_a_password)?;
    Ok(Json(Done::YES))
}
