//! Which pages may use the server, over HTTP and over WebSocket.

use std::time::Duration;

use axum::{
    extract::{Request, State as Extract},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{HOST, ORIGIN, RETRY_AFTER, UPGRADE},
    },
    middleware::Next,
    response::Response,
};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer, ExposeHeaders};

use super::{
    State, api,
    errors::{closing, error},
    identity::REQUEST_ID,
};
use crate::config::Origins;

/// The grants that browsers ask for before a page may read an answer.
pub(super) fn layer(origins: &Origins) -> CorsLayer {
    const METHODS: [Method; 6] =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let layer = CorsLayer::new()
        .allow_methods(METHODS)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(ExposeHeaders::list(api::RATE_LIMIT.into_iter().chain([REQUEST_ID, RETRY_AFTER])))
        .max_age(Duration::from_secs(600));
    match origins {
        // Without credentials: a page that may come from anywhere must not act with a user's cookies.
        Origins::Any => layer.allow_origin(Any),
        Origins::Listed(_) => {
            let origins = origins.clone();
            let is_listed = move |origin: &HeaderValue, _: &_| is_allowed(&origins, origin);
            layer.allow_origin(AllowOrigin::predicate(is_listed)).allow_credentials(true)
        }
    }
}

/// Refuses a WebSocket from a page that may not use the server: browsers do not ask before they open one,
/// so that the grant above does not protect it. Clients that are no browsers send no origin and pass.
pub(super) async fn refuse_foreign_websockets(
    Extract(state): Extract<State>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    if headers.contains_key(UPGRADE)
        && let Some(origin) = headers.get(ORIGIN)
        && !is_allowed(&state.origins, origin)
        && !is_own(headers, origin)
    {
        return closing(error(
            StatusCode::FORBIDDEN,
            "pages of this origin may not use this server: see CORS_ORIGINS",
        ));
    }
    next.run(request).await
}

fn is_allowed(origins: &Origins, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| origins.allow(origin))
}

/// Whether the page came from this very server: its origin names the host that the request is for.
fn is_own(headers: &HeaderMap, origin: &HeaderValue) -> bool {
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    let authority = [&b"http://"[..], b"https://"].iter().find_map(|s| origin.as_bytes().strip_prefix(*s));
    authority.is_some() && authority == host
}
