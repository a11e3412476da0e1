//! The server as `app` wires it, around a store of the test's own and a bug that can be called forth.

use std::{
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::http::request::Parts;
use domain::{Identity, Limits, PeerId, Tenant};
use server::{
    config::{Config, Environment},
    facts,
    gateway::{self, Gateway},
    hub::{self, HubHandle},
    identity::{Access, Keys},
    lifecycle::Lifecycle,
    limits::OpenConnections,
    listener::{self, Listener, Stream},
    status::Published,
    telemetry::Metrics,
};
use socketio::{ConnectError, ConnectRequest, Event, Flow, Handler, Reason, Rejection, Socket};
use store::Store;
use testkit::SECRET;

/// The gateway, with a bug: an event named `bug` makes the core hear of a connection twice.
struct Faulty {
    gateway: Gateway,
    hub: HubHandle,
}

impl Handler for Faulty {
    type Connection = gateway::Connection;
    type Data = gateway::Seat;

    fn open(&self, request: &Parts) -> Result<Self::Connection, Rejection> {
        self.gateway.open(request)
    }

    async fn connect(&self, request: ConnectRequest<Self::Connection>) -> Result<Self::Data, ConnectError> {
        self.gateway.connect(request).await
    }

    fn connected(&self, socket: &Socket, seat: &mut Self::Data) {
        self.gateway.connected(socket, seat);
    }

    fn event(&self, socket: &Socket, seat: &mut Self::Data, now: Instant, event: Event<'_>) -> Flow {
        if event.name != "bug" {
            return self.gateway.event(socket, seat, now, event);
        }
        let (peer, guest) = (PeerId::from_bits(socket.id().bits()), Identity::guest(None, None));
        self.hub.connected(peer, Tenant::default(), guest, socket.clone(), Arc::default());
        Flow::Continue
    }

    fn poll_ready(&self, socket: &Socket, seat: &mut Self::Data, cx: &mut Context<'_>) -> Poll<()> {
        self.gateway.poll_ready(socket, seat, cx)
    }

    fn disconnected(&self, socket: &Socket, seat: Self::Data, reason: Reason) {
        self.gateway.disconnected(socket, seat, reason);
    }

    fn closed(&self, connection: &Self::Connection, reason: Reason) {
        self.gateway.closed(connection, reason);
    }
}

/// As `app` wires it, around the fault.
pub(crate) fn start(published: Arc<Published>, store: Arc<dyn Store>) -> SocketAddr {
    let config = Config::defaults(Environment::Development);
    let lifecycle = Lifecycle::new();
    let metrics = Arc::new(Metrics::new(&["join"], &[], Arc::clone(&published)));
    let (facts, facts_task) = facts::facts(Arc::clone(&store), metrics.facts().clone());
    lifecycle.spawn(facts_task.run());
    let unwritten = facts.unwritten().clone();
    let (hub, task) = hub::hub(hub::Parts {
        limits: Limits::default(),
        locale: config.locale,
        store: Arc::clone(&store),
        facts,
        tasks: lifecycle.tasks().clone(),
        metrics: Arc::clone(&metrics),
        published,
    });
    lifecycle.spawn(task.run(lifecycle.stopping()));
    let config = Config { jwt_secret: Some(SECRET.into()), ..config };
    let keys = Keys::open(&config, lifecycle.tasks()).unwrap();
    let access = Access::new(&config, keys.verifier, store);
    access.run(&lifecycle);
    let faulty = Faulty { gateway: Gateway::new(&config, hub.clone(), metrics, access, unwritten), hub };
    let tasks = lifecycle.tasks().clone();
    let socketio = socketio::server::<Stream, _>(faulty, socketio::Limits::default(), tasks);
    let limits = listener::Limits { open: OpenConnections::new(0), trusted_proxies: Arc::default() };
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits).unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route_service("/socket.io/", socketio.service());
    lifecycle.spawn(listener.serve(router, lifecycle.clone()));
    address
}
