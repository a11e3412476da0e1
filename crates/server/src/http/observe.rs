//! A log line and a measure for each request.

use std::{net::IpAddr, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State as Extract},
    http::Method,
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;

use super::{
    State,
    identity::{Client, RequestId},
};
use crate::telemetry::HttpLabels;

/// Logs and measures a request. What stands behind the `?` is never written down: it may be a token.
pub(super) async fn observe(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let method = known(request.method());
    // The route's pattern and not the path: the number of patterns is bounded, and they hold no secrets.
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "unmatched".to_owned(), |route| route.as_str().to_owned());
    let address = request.extensions().get::<Client>().map(|client| client.address);
    let span = {
        let id = request.extensions().get::<RequestId>().and_then(|id| id.0.to_str().ok());
        tracing::info_span!("request", request_id = id, method, route)
    };
    let start = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let took = start.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| log(status, took.as_secs_f64() * 1_000.0, address));
    state.metrics.http(&HttpLabels { method, route, status }, took);
    response
}

fn log(status: u16, duration_ms: f64, address: Option<IpAddr>) {
    tracing::debug!(status, duration_ms, address = address.map(tracing::field::display), "answered");
}

/// The method's name, out of a bounded set.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
