//! Where connections meet the hub: limits, and the translation of what clients ask.
//!
//! The gateway is the application behind the Socket.IO layer. It runs in the tasks of the connections, decides nothing
//! that concerns two of them, and holds no lock on a relay's way.

mod credit;
mod handshake;
mod limiter;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Instant,
};

use axum::http::{StatusCode, header::AUTHORIZATION, request::Parts};
use dialects::{Class, Decoded, Dialect, Validation};
use domain::{Found, PeerId, Refusal, Tenant};
use rawjson::Value;
use socketio::{ConnectError, ConnectRequest, Event, Flow, Handler, Reason, Rejection, Socket};

pub use credit::Credit;

use self::limiter::{EventLimiter, Limiter, Verdict};
use crate::{
    config::Config,
    http::Client,
    hub::{HubHandle, Question},
    limits::ConnectionRate,
    telemetry::{EventIndex, Metrics, Outcome},
};

/// The application behind the Socket.IO layer.
#[derive(Debug)]
pub struct Gateway {
    hub: HubHandle,
    metrics: Arc<Metrics>,
    enabled: Vec<&'static dyn Dialect>,
    validation: Validation,
    limiter: EventLimiter,
    connection_rate: Mutex<ConnectionRate>,
}

/// What is kept of a connection.
#[derive(Debug)]
pub struct Connection {
    opened: Instant,
    /// Whether its first request bore credentials, which nobody here can verify.
    bears_token: bool,
    on_websocket: AtomicBool,
    /// One for all of its namespaces, so that to come again by another one gives no more.
    limiter: Mutex<Limiter>,
}

/// What is kept for a socket.
#[derive(Debug)]
pub struct Seat {
    peer: PeerId,
    identity: Option<domain::Identity>,
    /// The dialects of its namespace.
    spoken: Vec<&'static dyn Dialect>,
    connection: Arc<Connection>,
    credit: Arc<Credit>,
    is_flooding: bool,
}

impl Gateway {
    /// A gateway to the hub, with the configured limits.
    #[must_use]
    pub fn new(config: &Config, hub: HubHandle, metrics: Arc<Metrics>) -> Self {
        Self {
            hub,
            metrics,
            enabled: config.dialects.iter().filter_map(|name| dialects::named(name)).collect(),
            validation: config.signal_validation.into(),
            limiter: EventLimiter::new(config),
            connection_rate: Mutex::new(ConnectionRate::new(
                config.connections_per_minute,
                config.environment,
            )),
        }
    }

    /// The dialects that a namespace speaks; none if there is no such namespace.
    fn spoken(&self, namespace: &str) -> Vec<&'static dyn Dialect> {
        let name = namespace.strip_prefix('/').unwrap_or(namespace);
        let speaks = |dialect: &&'static dyn Dialect| name.is_empty() || dialect.name() == name;
        self.enabled.iter().copied().filter(speaks).collect()
    }

    fn decode(&self, seat: &Seat, event: &mut Event<'_>) -> Result<(&'static dyn Dialect, Decoded), Refusal> {
        let payload: Option<Value<'_>> = event.args.next();
        if !event.attachments.is_empty() {
            let found = Found::Kind(domain::phrase!("binary data", "바이너리 데이터"));
            let expected = domain::phrase!("JSON alone", "JSON만");
            return Err(Refusal::Invalid { field: "payload", found, expected });
        }
        let dialect = dialects::select(&event.name, payload, &seat.spoken)?;
        Ok((dialect, dialect.decode(&event.name, payload, self.validation)?))
    }

    /// Answers an event that does not reach the hub.
    fn refuse(&self, socket: &Socket, seat: &Seat, event: &Refused<'_>, refusal: Refusal) {
        let outcome =
            if refusal.retry_after_ms().is_some() { Outcome::RateLimited } else { Outcome::Refused };
        self.metrics.event(event.index, outcome);
        let name = self.metrics.event_name(event.index);
        tracing::debug!(peer = %seat.peer, event = name, code = refusal.code().as_str(), "refused");
        let Some(dialect) = event.dialect.or_else(|| seat.spoken.first().copied()) else { return };
        let mut out = Vec::new();
        // A socket that is closed has its end told elsewhere.
        let _ = match event.ack {
            Some(id) => {
                dialect.encode_reply(&Err(refusal), domain::Locale::En, &mut out);
                socket.ack(id, &out)
            }
            None => {
                dialect.encode_error(event.name, &refusal, domain::Locale::En, &mut out);
                socket.emit(&out)
            }
        };
    }
}

/// What the answer to an event that went no further needs of it.
struct Refused<'a> {
    name: &'a str,
    ack: Option<u64>,
    index: EventIndex,
    dialect: Option<&'static dyn Dialect>,
}

impl Handler for Gateway {
    type Connection = Connection;
    type Data = Seat;

    fn open(&self, request: &Parts) -> Result<Connection, Rejection> {
        let client = request.extensions.get::<Client>();
        let address = client.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.address);
        let opened = Instant::now();
        let admitted =
            self.connection_rate.lock().unwrap_or_else(PoisonError::into_inner).admit(address, opened);
        admitted.map_err(|retry_after_s| Rejection {
            status: StatusCode::TOO_MANY_REQUESTS,
            message: "Too many connections from this address",
            retry_after_s: Some(retry_after_s),
        })?;
        self.metrics.connection_opened();
        let limiter = Mutex::new(self.limiter.connection(address));
        let bears_token = request.headers.contains_key(AUTHORIZATION);
        Ok(Connection { opened, bears_token, on_websocket: AtomicBool::new(false), limiter })
    }

    fn on_websocket(&self, connection: &Connection) {
        connection.on_websocket.store(true, Relaxed);
        self.metrics.websocket_opened();
    }

    async fn connect(&self, request: ConnectRequest<Connection>) -> Result<Seat, ConnectError> {
        let spoken = self.spoken(&request.namespace);
        if spoken.is_empty() {
            return Err(ConnectError::invalid_namespace());
        }
        Ok(Seat {
            // Until the socket has its id.
            peer: PeerId::from_bits(0),
            identity: Some(handshake::identity(&request.auth, request.connection.bears_token)?),
            spoken,
            connection: request.connection,
            credit: Arc::default(),
            is_flooding: false,
        })
    }

    fn connected(&self, socket: &Socket, seat: &mut Seat) {
        seat.peer = PeerId::from_bits(socket.id().bits());
        if let Some(identity) = seat.identity.take() {
            let (socket, credit) = (socket.clone(), Arc::clone(&seat.credit));
            self.hub.connected(seat.peer, Tenant::default(), identity, socket, credit);
        }
        tracing::debug!(peer = %seat.peer, namespace = socket.namespace(), "connected");
    }

    fn event(&self, socket: &Socket, seat: &mut Seat, now: Instant, mut event: Event<'_>) -> Flow {
        let bytes = event.args.rest().len().try_into().unwrap_or(u32::MAX);
        let decoded = self.decode(seat, &mut event);
        let class = decoded.as_ref().map_or(Class::Other, |(_, decoded)| decoded.class);
        let mut limiter = seat.connection.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = limiter.take(&self.limiter, class, bytes, now);
        drop(limiter);
        let refused = |dialect| Refused {
            name: event.name.as_ref(),
            ack: event.ack,
            index: self.metrics.event_index(&event.name),
            dialect,
        };
        match (decoded, verdict) {
            (_, Verdict::Flood) => {
                seat.is_flooding = true;
                socket.close(Reason::Rate);
                Flow::Pause
            }
            (decoded, Verdict::TooMany { retry_after_ms }) => {
                let dialect = decoded.ok().map(|(dialect, _)| dialect);
                self.refuse(socket, seat, &refused(dialect), Refusal::RateLimited { retry_after_ms });
                Flow::Continue
            }
            (Err(refusal), Verdict::Pass) => {
                self.refuse(socket, seat, &refused(None), refusal);
                Flow::Continue
            }
            (Ok((dialect, decoded)), Verdict::Pass) => {
                let index = self.metrics.event_index(decoded.event);
                let Decoded { event: name, class, command } = decoded;
                let question = Question { event: name, index, ack: event.ack, dialect, class, asked: now };
                // Spent before the hub can give it back.
                let flow = seat.credit.spend();
                self.hub.command(seat.peer, question, command);
                flow
            }
        }
    }

    fn poll_ready(&self, _: &Socket, seat: &mut Seat, cx: &mut Context<'_>) -> Poll<()> {
        // What a flood has left is not worth reading: its connection is about to close.
        if seat.is_flooding { Poll::Pending } else { seat.credit.poll_ready(cx) }
    }

    fn disconnected(&self, _: &Socket, seat: Seat, reason: Reason) {
        let peer = seat.peer;
        if matches!(reason, Reason::Rate | Reason::SlowConsumer) {
            tracing::info!(%peer, %reason, "closed: it asked, or was told, more than a connection may");
        }
        tracing::debug!(%peer, %reason, "disconnected");
        self.hub.disconnected(seat.peer);
    }

    fn closed(&self, connection: &Connection, reason: Reason) {
        if connection.on_websocket.load(Relaxed) {
            self.metrics.websocket_closed();
        }
        self.metrics.connection_closed(reason.as_str(), connection.opened.elapsed());
    }
}
