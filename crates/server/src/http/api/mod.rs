//! `/api/`: accounts, and who is who.
//!
//! From the outside in: nothing is cached, failures are written down in the language of the server
//! ([`failure`](super::failure)), the token is verified and the request counted ([`gate`]). Then a handler, whose
//! parameters are what it needs: [`Body`](fields::Body) is a body that was read, [`Bearer`](gate::Bearer) somebody whose
//! token is good.
//!
//! | file | what |
//! |---|---|
//! | `gate` | tokens and limits |
//! | `fields` | bodies, read member by member |
//! | `requests` | what the bodies must be |
//! | `auth` | `/api/auth/` |
//! | `users` | `/api/users` |
//! | `docs` | the OpenAPI document and the page that shows it |
//!
//! # How to add
//!
//! A call: a handler with `#[utoipa::path]`, a line in `routes`, a sentence for each status it answers. A test compares
//! the document with what is answered (`scripts/schemathesis.sh`).

mod answers;
mod attempts;
mod auth;
mod docs;
mod fields;
mod gate;
mod requests;
mod users;

use std::sync::{Arc, Mutex};

use ::auth::PasswordStats;
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header::CACHE_CONTROL},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
};
use domain::messages::Locale;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{errors, failure};
use crate::{
    accounts::Accounts,
    config::Config,
    identity::{Access, Authenticator},
    limits::{Attempts, Windows},
    telemetry::AccountMetrics,
};
pub(super) use gate::RATE_LIMIT;

/// Callers whose requests are counted at once: a few MiB. Beyond it the oldest are forgotten.
const MAX_COUNTED: usize = 1 << 16;

/// What the handlers of `/api/` share. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Api(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    accounts: Accounts,
    metrics: AccountMetrics,
    authenticator: Arc<Authenticator>,
    attempts: Attempts,
    requests: Mutex<Windows<gate::Counted>>,
    locale: Locale,
}

impl Api {
    /// Calls on these accounts, with the configured limits.
    #[must_use]
    pub fn new(config: &Config, access: &Access, accounts: Accounts, metrics: AccountMetrics) -> Self {
        metrics.show(Arc::clone(accounts.passwords()));
        let requests = Windows::new(config.api_requests_per_window, config.api_window, MAX_COUNTED);
        Self(Arc::new(Shared {
            accounts,
            metrics,
            authenticator: Arc::clone(&access.authenticator),
            attempts: Attempts::new(config.auth_failures_per_window, config.api_window),
            requests: Mutex::new(requests),
            locale: config.locale,
        }))
    }

    /// The language of messages.
    pub(super) fn locale(&self) -> Locale {
        self.0.locale
    }

    /// What the hashing of passwords does and has done.
    #[must_use]
    pub fn password_stats(&self) -> PasswordStats {
        self.0.accounts.passwords().stats()
    }
}

/// Everything under `/api`.
pub(super) fn router(api: Api) -> Router {
    let (calls, document) = routes().split_for_parts();
    let locale = api.locale();
    let calls = calls
        .fallback(move |request: Request| errors::not_found(locale, request))
        .layer(from_fn_with_state(api.clone(), gate::pass))
        .layer(from_fn(move |request, next| failure::render(locale, request, next)))
        .with_state(api);
    Router::new().merge(docs::router(document)).nest("/api", calls).layer(from_fn(never_store))
}

fn routes() -> OpenApiRouter<Api> {
    let auth = OpenApiRouter::new()
        .routes(routes!(auth::register))
        .routes(routes!(auth::log_in))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::log_out))
        .routes(routes!(auth::change_password));
    let users = OpenApiRouter::new()
        .routes(routes!(users::me, users::change_me))
        .routes(routes!(users::one))
        .routes(routes!(users::search));
    OpenApiRouter::with_openapi(docs::head()).merge(auth).merge(users)
}

/// Answers are about one person at one moment.
async fn never_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
