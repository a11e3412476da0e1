//! What the parts of the server need around them in tests.

use std::{sync::Arc, time::Instant};

use server::{
    accounts::Accounts,
    config::{Config, Environment},
    facts::Writing,
    http::{Api, MetricsOn, Readiness, State},
    identity::{Access, Keys},
    lifecycle::Lifecycle,
    status::Published,
    telemetry::Metrics,
};
use store::Store;

/// A server that is ready, on this store, with the defaults of development.
pub(crate) async fn ready(store: Arc<dyn Store>) -> (State, Api) {
    let mut config = Config::defaults(Environment::Development);
    config.jwt_secret = Some("f2c1f8d29be04d1d8a5ce0a8f8f4c3f0a1b7".into());
    let hub = Arc::new(Published::default());
    let metrics = Arc::new(Metrics::new(&["join"], &[], Arc::clone(&hub)));
    let lifecycle = Lifecycle::new();
    let keys = Keys::open(&config, lifecycle.tasks()).unwrap();
    let access = Access::new(&config, keys.verifier, store);
    access.store().prepare().await.unwrap();
    access.run(&lifecycle);
    let accounts = Accounts::new(&config, &access, keys.signer).unwrap();
    let api = Api::new(&config, &access, accounts, metrics.accounts().clone());
    lifecycle.ready();
    let state = State {
        lifecycle,
        metrics,
        hub,
        started: Instant::now(),
        origins: config.cors_origins,
        trusted_proxies: Arc::default(),
        metrics_on: MetricsOn::MainPort,
        readiness: Readiness::new(Arc::clone(access.store()), Writing::default()),
    };
    (state, api)
}
