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
    http::{self, MetricsOn, State},
    lifecycle::{Ending, Lifecycle, Signals},
    limits::OpenConnections,
    listener::{self, Listener},
    status::Published,
    telemetry::Metrics,
};

/// Serves until a signal, and returns how it ended.
///
/// # Errors
/// What keeps the server from starting: an address in use, above all.
pub async fn run(config: Config) -> anyhow::Result<Ending> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let lifecycle = Lifecycle::new();
    let hub = Arc::new(Published::default());
    let metrics = Arc::new(Metrics::new(&[], &[], Arc::clone(&hub)));
    let state = State {
        lifecycle: lifecycle.clone(),
        hub,
        metrics,
        started: Instant::now(),
        origins: config.cors_origins.clone(),
        trusted_proxies: config.trusted_proxies.clone().into(),
        metrics_on: if config.prometheus_port.is_some() { MetricsOn::OwnPort } else { MetricsOn::MainPort },
    };
    let limits = listener::Limits {
        open: OpenConnections::new(config.max_connections_per_ip),
        trusted_proxies: Arc::clone(&state.trusted_proxies),
    };

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
    lifecycle.spawn(listener.serve(http::router(state, http::no_socketio()), lifecycle.clone()));
    lifecycle.ready();
    // For people and for scripts, at any log level.
    writeln!(io::stdout(), "Paraclete listens on http://{address}")?;
    tracing::info!(environment = ?config.environment, %address, "listening");
    Ok(lifecycle.run(async || signals.next().await, config.shutdown_timeout).await)
}
