//! Why a request was refused: values, with a code, a status and a message in the language of the server.
//!
//! A handler or an extractor returns a [`Failure`]; the layer [`render`] writes it down. To add one, add a variant and
//! follow the compiler.

use axum::{
    extract::Request,
    http::{
        HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::messages::{Locale, Phrase, http as say};
use serde_json::{Value, json};

use super::errors;
use crate::{accounts, identity, limits::Level};

/// A member of a body or a query that is not as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Its name.
    pub(super) field: &'static str,
    /// What is wrong with it.
    pub(super) why: Phrase,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failure {
    /// Members of the body or the query are not as they must be.
    Invalid(Vec<Wrong>),
    /// The body is no JSON.
    NoJson { why: String },
    /// The body is JSON, and no object.
    NoObject,
    /// The body says that it is something else.
    NoJsonType,
    /// The body is too long.
    BodyTooLong,
    /// The body did not come to its end in time.
    BodyCut,
    /// There is no token, or it is not good.
    Token(identity::Refused),
    /// What the accounts said.
    Account(accounts::Refused),
    /// The old password of somebody who wants another one is wrong.
    WrongPassword,
    /// Too many requests.
    RateLimited(Level),
    /// Too many failed attempts.
    TooManyFailures(Level),
    /// Too many wait.
    Busy,
}

impl From<accounts::Refused> for Failure {
    fn from(refused: accounts::Refused) -> Self {
        Self::Account(refused)
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Self::Invalid(vec![wrong])
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        use accounts::Refused as Account;
        match self {
            Self::Invalid(_) | Self::NoJson { .. } | Self::NoObject => StatusCode::BAD_REQUEST,
            Self::NoJsonType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyCut => StatusCode::REQUEST_TIMEOUT,
            Self::Token(refused) => {
                StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::UNAUTHORIZED)
            }
            Self::WrongPassword => StatusCode::UNAUTHORIZED,
            Self::Account(Account::WrongCredentials | Account::InvalidRefreshToken) => {
                StatusCode::UNAUTHORIZED
            }
            Self::Account(Account::NotAnAccount | Account::NotOffered) => StatusCode::FORBIDDEN,
            Self::Account(Account::NoSuchUser) => StatusCode::NOT_FOUND,
            Self::Account(Account::EmailTaken | Account::ChangedMeanwhile) => StatusCode::CONFLICT,
            Self::Account(Account::Failed) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::RateLimited(_) | Self::TooManyFailures(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Account(Account::Unavailable) | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Token(refused) => refused.code(),
            Self::Invalid(_)
            | Self::NoJson { .. }
            | Self::NoObject
            | Self::NoJsonType
            | Self::BodyTooLong
            | Self::BodyCut
            | Self::WrongPassword
            | Self::Account(_)
            | Self::RateLimited(_)
            | Self::TooManyFailures(_)
            | Self::Busy => errors::code(self.status()),
        }
    }

    /// After how many seconds to try again.
    fn retry_after_s(&self) -> Option<u64> {
        let (Self::RateLimited(level) | Self::TooManyFailures(level)) = self else {
            return (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        };
        Some(level.resets_in_s())
    }

    fn message(&self, locale: Locale) -> String {
        use accounts::Refused as Account;
        let plain = |phrase: Phrase| phrase.text(locale).to_owned();
        match self {
            Self::Invalid(wrong) => {
                let each = wrong.iter().map(|wrong| format!("{} {}", wrong.field, wrong.why.text(locale)));
                let fields = each.collect::<Vec<_>>().join("; ");
                say::INVALID.fill(locale, &[("fields", &fields)]).to_string()
            }
            Self::NoJson { why } => say::NO_JSON.fill(locale, &[("why", why)]).to_string(),
            Self::NoObject => plain(say::NO_OBJECT),
            Self::NoJsonType => plain(say::NO_JSON_TYPE),
            Self::BodyTooLong => plain(say::BODY_TOO_LONG),
            Self::BodyCut => plain(say::BODY_CUT),
            Self::Token(refused) => plain(token(*refused)),
            Self::WrongPassword => plain(say::WRONG_PASSWORD),
            Self::Account(Account::WrongCredentials) => plain(say::WRONG_CREDENTIALS),
            Self::Account(Account::EmailTaken) => plain(say::EMAIL_TAKEN),
            Self::Account(Account::InvalidRefreshToken) => plain(say::INVALID_REFRESH_TOKEN),
            Self::Account(Account::NotAnAccount) => plain(say::NOT_AN_ACCOUNT),
            Self::Account(Account::NotOffered) => plain(say::NO_ACCOUNTS),
            Self::Account(Account::ChangedMeanwhile) => plain(say::CHANGED_MEANWHILE),
            Self::Account(Account::NoSuchUser) => plain(say::NO_SUCH_USER),
            Self::Account(Account::Failed) => plain(say::INTERNAL),
            Self::Account(Account::Unavailable) | Self::Busy => plain(say::UNAVAILABLE),
            Self::RateLimited(level) => {
                say::RATE_LIMITED.fill(locale, &[("seconds", &level.resets_in_s())]).to_string()
            }
            Self::TooManyFailures(level) => {
                say::TOO_MANY_FAILURES.fill(locale, &[("seconds", &level.resets_in_s())]).to_string()
            }
        }
    }

    fn details(&self, locale: Locale) -> Option<Value> {
        let Self::Invalid(wrong) = self else { return None };
        let each =
            wrong.iter().map(|wrong| json!({ "field": wrong.field, "message": wrong.why.text(locale) }));
        Some(each.collect())
    }
}

fn token(refused: identity::Refused) -> Phrase {
    match refused {
        identity::Refused::NoToken => say::NO_TOKEN,
        identity::Refused::Invalid => say::INVALID_TOKEN,
        identity::Refused::Expired => say::TOKEN_EXPIRED,
        identity::Refused::Forbidden => say::NOT_PERMITTED,
        identity::Refused::Unavailable => say::UNAVAILABLE,
    }
}

impl IntoResponse for Failure {
    /// An empty answer that carries the failure; [`render`] knows the language.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes down what failed.
pub(super) async fn render(locale: Locale, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return response };
    let mut error = json!({ "code": failure.code(), "message": failure.message(locale) });
    if let Some(details) = failure.details(locale) {
        error["details"] = details;
    }
    let body = axum::Json(json!({ "success": false, "error": error }));
    let (parts, _) = response.into_parts();
    let mut rendered = (failure.status(), body).into_response();
    for (name, value) in &parts.headers {
        rendered.headers_mut().insert(name, value.clone());
    }
    if let Some(seconds) = failure.retry_after_s() {
        rendered.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if failure.status() == StatusCode::UNAUTHORIZED {
        rendered.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    rendered
}
