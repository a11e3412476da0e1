//! Statistics for people, metrics for machines.

use std::time::Duration;

use axum::{
    Json,
    extract::State as Extract,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::State;

const MINUTE: Duration = Duration::from_secs(60);

/// How much of everything there is.
pub(super) async fn stats(Extract(state): Extract<State>) -> Response {
    let hub = state.hub.read();
    Json(json!({
        "totalRooms": hub.rooms,
        "totalPeers": hub.peers,
        "totalMemberships": hub.memberships,
        "totalConnections": state.metrics.connections(),
        "roomsCreated": hub.rooms_created_total,
        "uptime": state.started.elapsed().as_secs_f64(),
    }))
    .into_response()
}

/// Everything that is counted, in the OpenMetrics text format.
pub(super) async fn metrics(Extract(state): Extract<State>) -> Response {
    const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, KIND)], state.metrics.render()).into_response()
}

/// Logs the statistics once a minute until the process drains. To be spawned once.
pub async fn log_every_minute(state: State) {
    let stopping = state.lifecycle.stopping();
    let mut minutes = interval_at(Instant::now() + MINUTE, MINUTE);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stopping.run_until_cancelled(minutes.tick()).await.is_some() {
        let hub = state.hub.read();
        tracing::info!(
            rooms = hub.rooms,
            peers = hub.peers,
            connections = state.metrics.connections(),
            rooms_created = hub.rooms_created_total,
            "statistics"
        );
    }
}
