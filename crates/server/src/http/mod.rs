//! The way of a request: layers around routes.
//!
//! From the outside in: an id and the client's address (`identity`), security headers (`headers`), a log
//! line and a measure (`observe`), CORS (`cors`), a net under panics (`errors`), and the one rule of
//! framing that the HTTP library leaves to us (`body`). Then the routes: operations, `/api/`, the embedded
//! pages, and `/socket.io/`, around which nothing waits, compresses or counts bytes: it has its own limits.

mod api;
mod assets;
mod body;
mod cors;
mod errors;
mod failure;
mod headers;
mod health;
mod identity;
mod observe;
mod readiness;
mod stats;

use std::{convert::Infallible, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::Request,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::get,
};
use domain::messages::Locale;
use tower::Service;
use tower_http::catch_panic::CatchPanicLayer;

pub use api::Api;
pub use identity::{Client, Scheme};
pub use readiness::Readiness;
pub use stats::log_every_minute;

use crate::{
    config::{Network, Origins},
    lifecycle::Lifecycle,
    status::Published,
    telemetry::Metrics,
};

/// What the handlers may see. Cloning shares it.
#[derive(Debug, Clone)]
pub struct State {
    /// Whether the process is starting, ready or draining.
    pub lifecycle: Lifecycle,
    /// The hub's numbers.
    pub hub: Arc<Published>,
    /// The metrics, to count and to show.
    pub metrics: Arc<Metrics>,
    /// When the process started.
    pub started: Instant,
    /// Pages that may use the server.
    pub origins: Origins,
    /// Proxies whose word on the client's address counts.
    pub trusted_proxies: Arc<[Network]>,
    /// Where `/metrics` is served.
    pub metrics_on: MetricsOn,
    /// Whether there is a store.
    pub readiness: Readiness,
}

/// Where `/metrics` is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsOn {
    /// With everything else.
    MainPort,
    /// By [`metrics_router`] alone.
    OwnPort,
}

/// Everything on the main port. `api` answers `/api/`, `socketio` answers `/socket.io/`, requests of any method and
/// upgrades; each request carries a [`Client`] in its extensions.
pub fn router<S>(state: State, api: Api, socketio: S) -> Router
where
    S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    let locale = api.locale();
    let mut operations = Router::new()
        .route("/health", get(health::health))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/stats", get(stats::stats));
    if state.metrics_on == MetricsOn::MainPort {
        operations = operations.route("/metrics", get(stats::metrics));
    }
    let pages = operations
        .with_state(state.clone())
        .merge(api::router(api))
        .merge(assets::router())
        .fallback(move |request: Request| errors::not_found(locale, request))
        .layer(from_fn(body::limit))
        .layer(from_fn(move |request, next| errors::as_json(locale, request, next)));
    let socketio = Router::new()
        .route_service("/socket.io/", socketio.clone())
        .route_service("/socket.io", socketio)
        .layer(from_fn_with_state(state.clone(), cors::refuse_foreign_websockets));
    layered(pages.merge(socketio), state)
}

/// `/metrics` and the probes alone, for a port of their own.
pub fn metrics_router(state: State) -> Router {
    let routes = Router::new()
        .route("/metrics", get(stats::metrics))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .with_state(state.clone())
        .fallback(|request: Request| errors::not_found(Locale::En, request))
        .layer(from_fn(body::limit))
        .layer(from_fn(|request, next| errors::as_json(Locale::En, request, next)));
    layered(routes, state)
}

fn layered(routes: Router, state: State) -> Router {
    // The layer named last is the outermost.
    routes
        .layer(from_fn(body::refuse_unmeasured))
        .layer(CatchPanicLayer::custom(errors::from_panic))
        .layer(cors::layer(&state.origins))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .layer(from_fn(headers::secure))
        .layer(from_fn_with_state(state, identity::identify))
}
