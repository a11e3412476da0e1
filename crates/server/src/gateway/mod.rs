//! Where connections meet the hub: limits, and the translation of what clients ask.
//!
//! The gateway is the application behind the Socket.IO layer. It runs in the tasks of the connections, decides nothing
//! that concerns two of them, and holds no lock on a relay's way.

mod credit;
mod handshake;
mod limiter;
mod renewal;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Instant,
};

use axum::http::{StatusCode, request::Parts};
use dialects::{Class, Decoded, Dialect, Validation};
use domain::{Found, Locale, PeerId, Refusal, Tenant, UserId};
use rawjson::Value;
use socketio::{ConnectError, ConnectRequest, Event, Flow, Handler, Reason, Rejection, Socket};

pub use credit::Credit;

use self::{
    handshake::{Admitted, Door, Shown},
    limiter::{Asker, EventLimiter, Limiter, Verdict},
    renewal::{Answer, NotRenewed, Renewal},
};
use crate::{
    config::Config,
    facts::Unwritten,
    http::Client,
    hub::{HubHandle, Question},
    identity::{Access, ConnectionId, Session},
    limits::ConnectionRate,
    telemetry::{EventIndex, Metrics, Outcome},
};

/// Events that clients may emit and that no dialect has.
pub const EVENTS: &[&str] = &[renewal::EVENT];

/// The application behind the Socket.IO layer.
#[derive(Debug)]
pub struct Gateway {
    door: Door,
    hub: HubHandle,
    metrics: Arc<Metrics>,
    enabled: Vec<&'static dyn Dialect>,
    validation: Validation,
    limiter: EventLimiter,
    connection_rate: Mutex<ConnectionRate>,
    locale: Locale,
    connections: AtomicU64,
}

/// What is kept of a connection.
#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    opened: Instant,
    /// What its first request bore.
    shown: Shown,
    on_websocket: AtomicBool,
    /// One for all of its namespaces, so that to come again by another one gives no more.
    limiter: Mutex<Limiter>,
}

/// What is kept for a socket.
#[derive(Debug)]
pub struct Seat {
    peer: PeerId,
    identity: Option<domain::Identity>,
    /// None for a guest.
    verified: Option<Verified>,
    /// The dialects of its namespace.
    spoken: Vec<&'static dyn Dialect>,
    connection: Arc<Connection>,
    credit: Arc<Credit>,
    is_flooding: bool,
}

/// A seat's user, whose token was verified.
#[derive(Debug)]
struct Verified {
    user: (Tenant, UserId),
    session: Session,
    renewal: Option<Renewal>,
}

impl Gateway {
    /// A gateway to the hub, with the configured limits.
    #[must_use]
    pub fn new(
        config: &Config,
        hub: HubHandle,
        metrics: Arc<Metrics>,
        access: Access,
        unwritten: Unwritten,
    ) -> Self {
        Self {
            door: Door::new(config, access, unwritten),
            hub,
            metrics,
            enabled: config.dialects.iter().filter_map(|name| dialects::named(name)).collect(),
            validation: config.signal_validation.into(),
            limiter: EventLimiter::new(config),
            connection_rate: Mutex::new(ConnectionRate::new(
                config.connections_per_minute,
                config.environment,
            )),
            locale: config.locale,
            connections: AtomicU64::new(0),
        }
    }

    /// The dialects that a namespace speaks; none if there is no such namespace.
    fn spoken(&self, namespace: &str) -> Vec<&'static dyn Dialect> {
        let name = namespace.strip_prefix('/').unwrap_or(namespace);
        let speaks = |dialect: &&'static dyn Dialect| name.is_empty() || dialect.name() == name;
        self.enabled.iter().copied().filter(speaks).collect()
    }

    fn decode(
        &self,
        seat: &Seat,
        event: &Event<'_>,
        payload: Option<Value<'_>>,
    ) -> Result<(&'static dyn Dialect, Decoded), Refusal> {
        if !event.attachments.is_empty() {
            let found = Found::Kind(domain::phrase!("binary data", "바이너리 데이터"));
            let expected = domain::phrase!("JSON alone", "JSON만");
            return Err(Refusal::Invalid { field: "payload", found, expected });
        }
        let dialect = dialects::select(&event.name, payload, &seat.spoken)?;
        Ok((dialect, dialect.decode(&event.name, payload, self.validation)?))
    }

    /// Begins to verify the token that a connection shows, or answers at once.
    fn authenticate(
        &self,
        socket: &Socket,
        seat: &mut Seat,
        payload: Option<Value<'_>>,
        ack: Option<u64>,
    ) -> Flow {
        let error = match &mut seat.verified {
            None => NotRenewed::Guest,
            Some(verified) => match Renewal::begin(self.door.access(), &verified.user, payload, ack) {
                Ok(renewal) => {
                    verified.renewal = Some(renewal);
                    return Flow::Pause;
                }
                Err(error) => error,
            },
        };
        self.answer(socket, seat.peer, &Answer::not_renewed(ack, error));
        Flow::Continue
    }

    fn renewed(&self, socket: &Socket, peer: PeerId, verified: &Verified, mut answer: Answer) {
        if let Some(caller) = answer.take_effect(self.door.access(), &verified.session) {
            self.hub.renewed(peer, caller.identity());
        }
        self.answer(socket, peer, &answer);
    }

    fn answer(&self, socket: &Socket, peer: PeerId, answer: &Answer) {
        let outcome = if answer.is_ok() { Outcome::Ok } else { Outcome::Refused };
        self.metrics.event(self.metrics.event_index(renewal::EVENT), outcome);
        tracing::debug!(%peer, event = renewal::EVENT, ok = answer.is_ok(), "answered");
        answer.send(socket, self.locale);
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
                dialect.encode_reply(&Err(refusal), self.locale, &mut out);
                socket.ack(id, &out)
            }
            None => {
                dialect.encode_error(event.name, &refusal, self.locale, &mut out);
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
        Ok(Connection {
            id: ConnectionId(self.connections.fetch_add(1, Relaxed)),
            opened,
            shown: self.door.shown_by(request),
            on_websocket: AtomicBool::new(false),
            limiter: Mutex::new(self.limiter.connection(address)),
        })
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
        let (tenant, connection) = (Tenant::default(), &request.connection);
        let admitted = self.door.admit(&tenant, connection.id, &request.auth, &connection.shown).await;
        let Admitted { identity, session } = admitted.inspect_err(|error| {
            tracing::debug!(code = error.data.as_deref().unwrap_or(""), "a connection is refused");
        })?;
        let verified = session.zip(identity.user().cloned()).map(|(session, user)| Verified {
            user: (tenant, user),
            session,
            renewal: None,
        });
        Ok(Seat {
            // Until the socket has its id.
            peer: PeerId::from_bits(0),
            identity: Some(identity),
            verified,
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
        if let Some(verified) = &seat.verified {
            verified.session.seat(socket);
        }
        tracing::debug!(peer = %seat.peer, namespace = socket.namespace(), "connected");
    }

    fn event(&self, socket: &Socket, seat: &mut Seat, now: Instant, mut event: Event<'_>) -> Flow {
        let bytes = event.args.rest().len().try_into().unwrap_or(u32::MAX);
        let payload: Option<Value<'_>> = event.args.next();
        let decoded = self.decode(seat, &event, payload);
        let class = decoded.as_ref().map_or(Class::Other, |(_, decoded)| decoded.class);
        let mut limiter = seat.connection.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let asker = seat.verified.as_ref().map_or(Asker::Guest, |verified| Asker::User(&verified.user));
        let verdict = limiter.take(&self.limiter, asker, class, bytes, now);
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
            (Err(Refusal::UnknownEvent { .. }), Verdict::Pass) if event.name == renewal::EVENT => {
                self.authenticate(socket, seat, payload, event.ack)
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

    fn poll_ready(&self, socket: &Socket, seat: &mut Seat, cx: &mut Context<'_>) -> Poll<()> {
        // What a flood has left is not worth reading: its connection is about to close.
        if seat.is_flooding {
            return Poll::Pending;
        }
        if let Some(verified) = &mut seat.verified
            && let Some(renewal) = &mut verified.renewal
        {
            let answer = ready!(renewal.poll(&verified.user, cx));
            verified.renewal = None;
            self.renewed(socket, seat.peer, verified, answer);
        }
        seat.credit.poll_ready(cx)
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
