//! The wiring: the one file that knows every part by name.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
    time::Instant,
};

use anyhow::Context as _;

use crate::{
    accounts::Accounts,
    config::Config,
    facts,
    gateway::{self, Gateway},
    http::{self, MetricsOn, Readiness, Scheme, State},
    hub,
    identity::{Access, Keys},
    lifecycle::{Ending, Lifecycle, Signals},
    limits::OpenConnections,
    listener::{self, Listener, Stream, Tls},
    status::Published,
    telemetry::Metrics,
    tls, upkeep,
};

/// Bytes that may wait for one reader: more than the others of a room may send at once, each within its limits, so that
/// nobody who reads is cut off for what others do.
pub const MAX_OUTBOUND_BYTES: usize = 12 << 20;

/// A server that serves.
#[derive(Debug)]
pub struct Running {
    /// Where it listens, with the port that was chosen.
    pub address: SocketAddr,
    /// What it speaks there.
    pub scheme: Scheme,
    /// Its life; to drain it is to end it.
    pub lifecycle: Lifecycle,
}

/// Serves until a signal, and returns how it ended.
///
/// # Errors
/// What keeps the server from starting: an address in use, above all.
pub async fn run(config: Config) -> anyhow::Result<Ending> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let Running { address, scheme, lifecycle } = start(&config).await?;
    // For people and for scripts, at any log level.
    writeln!(io::stdout(), "Paraclete listens on {}://{address}", scheme.as_str())?;
    Ok(lifecycle.run(async || signals.next().await, config.shutdown_timeout).await)
}

/// Starts to serve, in tasks of the Tokio runtime that this is called in.
///
/// # Errors
/// As [`run`].
pub async fn start(config: &Config) -> anyhow::Result<Running> {
    let certificate = tls::Files::of(config).map(tls::open).transpose()?;
    let lifecycle = Lifecycle::new();
    let published = Arc::new(Published::default());
    let metrics = Arc::new(Metrics::new(
        &event_names(),
        &socketio::Reason::ALL.map(socketio::Reason::as_str),
        Arc::clone(&published),
    ));
    let (store, upkeep) = upkeep::open(config).await?;
    lifecycle.spawn(upkeep.run(lifecycle.stopping()));
    let keys = Keys::open(config, lifecycle.tasks())?;
    let access = Access::new(config, keys.verifier, Arc::clone(&store));
    access.run(&lifecycle);
    let accounts = Accounts::new(config, &access, keys.signer)?;
    let api = http::Api::new(config, &access, accounts, metrics.accounts().clone());
    let (facts, facts_task) = facts::facts(Arc::clone(&store), metrics.facts().clone());
    lifecycle.spawn(facts_task.run());
    let state = State {
        readiness: Readiness::new(Arc::clone(&store), facts.writing().clone()),
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
    let unwritten = facts.unwritten().clone();
    let (hub, hub_task) = hub::hub(hub::Parts {
        limits: hub_limits,
        locale: config.locale,
        store,
        facts,
        tasks: lifecycle.tasks().clone(),
        metrics: Arc::clone(&metrics),
        published,
    });
    lifecycle.spawn(hub_task.run(lifecycle.stopping()));
    let gateway = Gateway::new(config, hub, metrics, access, unwritten);
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
    let mut listener = bind(config.port, limits)?;
    let mut scheme = Scheme::Http;
    if let Some((certificate, watch)) = certificate {
        listener = listener.with_tls(Tls::new(certificate, Arc::clone(&state.metrics)));
        scheme = Scheme::Https;
        lifecycle.spawn(watch.run(lifecycle.stopping()));
    }
    let address = listener.local_addr()?;
    lifecycle.spawn(http::log_every_minute(state.clone()));
    lifecycle.spawn(listener.serve(http::router(state, api, socketio.service()), lifecycle.clone()));
    let stopping = lifecycle.stopping();
    lifecycle.spawn(async move {
        stopping.cancelled().await;
        socketio.end();
    });
    lifecycle.ready();
    tracing::info!(environment = ?config.environment, %address, "listening");
    Ok(Running { address, scheme, lifecycle })
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
