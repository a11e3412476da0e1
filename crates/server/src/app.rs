//! The wiring: the one file that knows every part by name.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
    time::Instant,
};

use anyhow::Context as _;

use crate::{
    config::Config,
    gateway::{self, Gateway},
    http::{self, MetricsOn, State},
    hub,
    identity::{Access, Keys},
    lifecycle::{Ending, Lifecycle, Signals},
    limits::OpenConnections,
    listener::{self, Listener, Stream},
    status::Published,
    telemetry::Metrics,
};

/// Bytes that may wait for one reader: more than the others of a room may send at once, each within its limits, so that
/// nobody who reads is cut off for what others do.
pub const MAX_OUTBOUND_BYTES: usize = 12 << 20;

/// A server that serves.
#[derive(Debug)]
pub struct Running {
    /// Where it listens, with the port that was chosen.
    pub address: SocketAddr,
    /// Its life; to drain it is to end it.
    pub lifecycle: Lifecycle,
}

/// Serves until a signal, and returns how it ended.
///
/// # Errors
/// What keeps the server from starting: an address in use, above all.
pub async fn run(config: Config) -> anyhow::Result<Ending> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let Running { address, lifecycle } = start(&config)?;
    // For people and for scripts, at any log level.
    writeln!(io::stdout(), "Paraclete listens on http://{address}")?;
    Ok(lifecycle.run(async || signals.next().await, config.shutdown_timeout).await)
}

/// Starts to serve, in tasks of the Tokio runtime that this is called in.
///
/// # Errors
/// As [`run`].
pub fn start(config: &Config) -> anyhow::Result<Running> {
    let lifecycle = Lifecycle::new();
    let published = Arc::new(Published::default());
    let metrics = Arc::new(Metrics::new(
        &event_names(),
        &socketio::Reason::ALL.map(socketio::Reason::as_str),
        Arc::clone(&published),
    ));
    let state = State {
        lifecycle: lifecycle.clone(),
        hub: Arc::clone(&published),
        metrics: Arc::clone(&metrics),
        started: Instant::now(),
        origins: config.cors_origins.clone(),
        trusted_proxies: config.trusted_proxies.clone().into(),
        metrics_on: if config.prometheus_port.is_some() { MetricsOn::OwnPort } else { MetricsOn::MainPort },
    };
    let limits = listener::Limits {
        open: OpenConnections::new(config.max_connections_per_ip),
        trusted_proxies: Arc::clone(&state.trusted_proxies),
    };

    let hub_limits =
        domain::Limits { max_peers_per_room: config.max_peers_per_room, ..domain::Limits::default() };
    let (hub, hub_task) = hub::hub(hub_limits, Arc::clone(&metrics), published);
    lifecycle.spawn(hub_task.run(lifecycle.stopping()));
    // Forgets, until there is a backend.
    let store: Arc<dyn store::Store> = Arc::new(store::Memory::new());
    let access = Access::new(config, Keys::open(config, lifecycle.tasks())?.verifier, store);
    access.run(&lifecycle);
    let gateway = Gateway::new(config, hub, metrics, access);
    let socketio = socketio::server::<Stream, _>(gateway, socketio_limits(config), lifecycle.tasks().clone());

    let bind = |port, limits| {
        let address = SocketAddr::new(config.host, port);
        Listener::bind(address, limits).with_context(|| format!("cannot listen on {address}"))
    };
    if let Some(port) = config.prometheus_port {
        let listener = bind(port, limits.clone())?;
        tracing::info!("metrics on http://{}/metrics", listener.local_addr()?);
        lifecycle.spawn(listener.serve(http::metrics_router(state.clone()), lifecycle.clone()));
    }
    let listener = bind(config.port, limits)?;
    let address = listener.local_addr()?;
    lifecycle.spawn(http::log_every_minute(state.clone()));
    lifecycle.spawn(listener.serve(http::router(state, socketio.service()), lifecycle.clone()));
    let stopping = lifecycle.stopping();
    lifecycle.spawn(async move {
        stopping.cancelled().await;
        socketio.end();
    });
    lifecycle.ready();
    tracing::info!(environment = ?config.environment, %address, "listening");
    Ok(Running { address, lifecycle })
}

/// The names that clients may emit, for the labels of metrics.
fn event_names() -> Vec<&'static str> {
    let rows = dialects::documented_events().map(|(_, row)| row);
    let mut names: Vec<_> =
        rows.filter(|row| row.direction == dialects::Direction::ToServer).map(|row| row.name).collect();
    names.extend(gateway::EVENTS);
    names.sort_unstable();
    names.dedup();
    names
}

fn socketio_limits(config: &Config) -> socketio::Limits {
    socketio::Limits {
        ping_interval: config.ping_interval,
        ping_timeout: config.ping_timeout,
        connect_timeout: config.connect_timeout,
        max_payload_bytes: config.max_payload,
        max_outbound_bytes: MAX_OUTBOUND_BYTES,
        ..socketio::Limits::default()
    }
}
