//! Health: for people (`/health`) and for orchestrators (`/livez`, `/readyz`).

use axum::{
    Json,
    extract::State as Extract,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::State;
use crate::{clock, lifecycle::Phase, telemetry::Process};

/// The process in numbers; 200 for as long as it answers at all.
pub(super) async fn health(Extract(state): Extract<State>) -> Response {
    let hub = state.hub.read();
    let process = Process::read();
    Json(json!({
        "status": "ok",
        "timestamp": clock::iso8601_now(),
        "uptime": state.started.elapsed().as_secs_f64(),
        "rooms": hub.rooms,
        "peers": hub.peers,
        "calls": 0,
        // Known names for what this process has of the kind: its own memory, as asked for and as in RAM.
        "memory": {
            "rss": process.resident_bytes,
            "heapTotal": process.reserved_bytes,
            "heapUsed": process.private_bytes,
        },
        "sessions": { "total": 0, "active": 0 },
        "version": env!("CARGO_PKG_VERSION"),
    }))
    .into_response()
}

/// Whether the process runs. It says nothing of what it depends on, so that an outage elsewhere does not
/// get it killed.
pub(super) async fn livez() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// Whether new work may be sent here: 200 when ready; 503 while starting, draining, or without the store. Each component
/// is named with how it does.
pub(super) async fn readyz(Extract(state): Extract<State>) -> Response {
    let (phase, word) = match state.lifecycle.phase() {
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Phase::Ready => (StatusCode::OK, "ready"),
        Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
    };
    let signaling = if phase == StatusCode::OK { "ok" } else { word };
    let (status, word, store) = match (phase, state.readiness.has_store().await) {
        (phase, true) => (phase, word, "ok"),
        (StatusCode::OK, false) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "unavailable"),
        (phase, false) => (phase, word, "unavailable"),
    };
    let components = json!({ "signaling": signaling, "store": store });
    (status, Json(json!({ "status": word, "components": components }))).into_response()
}
