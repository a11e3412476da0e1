//! Metrics, their names and their labels, all in one place.
//!
//! Whoever counts holds an index or calls a method; looking a name up happens once, or among a handful of
//! names, and never under a lock. Labels are bounded: event names and reasons come from lists given at the
//! start, and everything else is `unknown`.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
    },
    registry::Registry,
};

use super::{AccountMetrics, FactMetrics, Histogram, process::ProcessCollector};
use crate::status::Published;

/// The label of what is in no list.
const UNKNOWN: &str = "unknown";

const CONNECTION_BOUNDS_S: &[f64] = &[1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 600.0, 1_800.0, 3_600.0];
const RELAY_BOUNDS_S: &[f64] =
    &[0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];
const HTTP_BOUNDS_S: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    active_connections: Gauge,
    websocket_connections: Gauge,
    connection_duration: Histogram,
    relay_latency: Histogram,
    event_names: Vec<&'static str>,
    /// For each event name, and at the end for unknown ones, a counter for each outcome.
    events: Vec<[Counter; Outcome::ALL.len()]>,
    close_reasons: Vec<&'static str>,
    /// For each reason, and at the end for unknown ones.
    closed: Vec<Counter>,
    http: Family<HttpLabels, Histogram, fn() -> Histogram>,
    facts: FactMetrics,
    accounts: AccountMetrics,
    handshakes: [Counter; Handshake::ALL.len()],
}

/// An event's place among the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventIndex(usize);

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Ok,
    /// Refused by a rule.
    Refused,
    /// Over a rate limit.
    RateLimited,
    /// It could not be done now, or failed.
    Failed,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Ok, Self::Refused, Self::RateLimited, Self::Failed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::RateLimited => "rate_limited",
            Self::Failed => "failed",
        }
    }
}

/// What became of a TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// There is a session.
    Ok,
    /// The two have no version or cipher in common, or it was no handshake.
    Failed,
    /// It took too long.
    TimedOut,
    /// The client spoke HTTP in the clear.
    Clear,
}

impl Handshake {
    const ALL: [Self; 4] = [Self::Ok, Self::Failed, Self::TimedOut, Self::Clear];

    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Clear => "clear",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandshakeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    event: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClosedLabels {
    reason: &'static str,
}

/// A kind of HTTP request. The route is the pattern that matched, never the path that came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct HttpLabels {
    /// `GET` and its like; `other` for a method that nobody knows.
    pub method: &'static str,
    /// The route's pattern, or `unmatched`.
    pub route: String,
    /// The answer's status.
    pub status: u16,
}

impl Metrics {
    /// Metrics for these event names and reasons for closing, with the hub's numbers among them.
    #[must_use]
    pub fn new(event_names: &[&'static str], close_reasons: &[&'static str], hub: Arc<Published>) -> Self {
        let events = Family::<EventLabels, Counter>::default();
        let closed = Family::<ClosedLabels, Counter>::default();
        let handshakes = Family::<HandshakeLabels, Counter>::default();
        let metrics = Self {
            registry: Registry::default(),
            active_connections: Gauge::default(),
            websocket_connections: Gauge::default(),
            connection_duration: Histogram::new(CONNECTION_BOUNDS_S),
            relay_latency: Histogram::new(RELAY_BOUNDS_S),
            event_names: event_names.to_vec(),
            events: with_unknown(event_names)
                .map(|event| {
                    Outcome::ALL.map(|outcome| {
                        events.get_or_create_owned(&EventLabels { event, outcome: outcome.as_str() })
                    })
                })
                .collect(),
            close_reasons: close_reasons.to_vec(),
            closed: with_unknown(close_reasons)
                .map(|reason| closed.get_or_create_owned(&ClosedLabels { reason }))
                .collect(),
            http: Family::new_with_constructor(|| Histogram::new(HTTP_BOUNDS_S)),
            facts: FactMetrics::default(),
            accounts: AccountMetrics::default(),
            handshakes: Handshake::ALL.map(|outcome| {
                handshakes.get_or_create_owned(&HandshakeLabels { outcome: outcome.as_str() })
            }),
        };
        metrics.registered(events, closed, handshakes, hub)
    }

    fn registered(
        mut self,
        events: Family<EventLabels, Counter>,
        closed: Family<ClosedLabels, Counter>,
        handshakes: Family<HandshakeLabels, Counter>,
        hub: Arc<Published>,
    ) -> Self {
        let registry = &mut self.registry;
        registry.register(
            "signaling_active_connections",
            "Open Socket.IO connections, by any transport",
            self.active_connections.clone(),
        );
        registry.register(
            "websocket_connections",
            "Open WebSocket connections",
            self.websocket_connections.clone(),
        );
        registry.register(
            "signaling_connection_duration_seconds",
            "How long closed connections had lasted",
            self.connection_duration.clone(),
        );
        registry.register(
            "signaling_relay_latency_seconds",
            "From a signal's arrival to its place in the target's outbox",
            self.relay_latency.clone(),
        );
        registry.register("signaling_events", "Events of clients by name and outcome", events);
        registry.register("signaling_connections_closed", "Closed connections by reason", closed);
        registry.register("tls_handshakes", "TLS handshakes by outcome", handshakes);
        registry.register("http_request_duration_seconds", "HTTP requests", self.http.clone());
        self.facts.register(registry);
        self.accounts.register(registry);
        registry.register_collector(Box::new(HubCollector(hub)));
        registry.register_collector(Box::new(ProcessCollector));
        self
    }

    /// The place of an event's counters. A name that no dialect knows shares one place with all such.
    #[must_use]
    pub fn event_index(&self, name: &str) -> EventIndex {
        EventIndex(position(&self.event_names, name))
    }

    /// The name by which an event is counted: its own, or `unknown`, whatever a client called it.
    #[must_use]
    pub fn event_name(&self, event: EventIndex) -> &'static str {
        self.event_names.get(event.0).copied().unwrap_or(UNKNOWN)
    }

    /// Counts an event.
    pub fn event(&self, event: EventIndex, outcome: Outcome) {
        self.events[event.0][outcome as usize].inc();
    }

    /// Counts how long a relayed signal took through this process.
    pub fn relayed(&self, took: Duration) {
        self.relay_latency.observe(took);
    }

    /// Counts a connection that opened.
    pub fn connection_opened(&self) {
        self.active_connections.inc();
    }

    /// Counts a connection that closed; each one that opened must close once.
    pub fn connection_closed(&self, reason: &str, lasted: Duration) {
        self.active_connections.dec();
        self.connection_duration.observe(lasted);
        self.closed[position(&self.close_reasons, reason)].inc();
    }

    /// Counts a connection that came as a WebSocket, or became one.
    pub fn websocket_opened(&self) {
        self.websocket_connections.inc();
    }

    /// Counts a WebSocket that closed; each one that opened must close once.
    pub fn websocket_closed(&self) {
        self.websocket_connections.dec();
    }

    /// Open Socket.IO connections.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.active_connections.get().try_into().unwrap_or(0)
    }

    /// Counts a TLS handshake.
    pub fn handshake(&self, outcome: Handshake) {
        self.handshakes[outcome as usize].inc();
    }

    /// Counts an HTTP request. (This one looks its labels up under a lock: it is not for relays.)
    pub fn http(&self, labels: &HttpLabels, took: Duration) {
        self.http.get_or_create(labels).observe(took);
    }

    /// What is counted of the record.
    #[must_use]
    pub const fn facts(&self) -> &FactMetrics {
        &self.facts
    }

    /// What is counted of accounts.
    #[must_use]
    pub const fn accounts(&self) -> &AccountMetrics {
        &self.accounts
    }

    /// Everything in the OpenMetrics text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::with_capacity(8_192);
        // Writing to a String fails only if a metric does, and ours do not.
        text::encode(&mut out, &self.registry).unwrap_or_default();
        out
    }
}

fn with_unknown(names: &[&'static str]) -> impl Iterator<Item = &'static str> {
    names.iter().copied().chain([UNKNOWN])
}

/// The name's position, or the one behind the last: the unknown ones.
fn position(names: &[&'static str], name: &str) -> usize {
    names.iter().position(|known| *known == name).unwrap_or(names.len())
}

/// The hub's numbers, as they are at the moment of asking.
#[derive(Debug)]
struct HubCollector(Arc<Published>);

impl Collector for HubCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let now = self.0.read();
        let rooms = ConstGauge::new(i64::try_from(now.rooms).unwrap_or(i64::MAX));
        rooms.encode(encoder.encode_descriptor(
            "signaling_active_rooms",
            "Open rooms",
            None,
            rooms.metric_type(),
        )?)?;
        let created = ConstCounter::new(now.rooms_created_total);
        created.encode(encoder.encode_descriptor(
            "signaling_rooms_created",
            "Rooms opened since the start",
            None,
            created.metric_type(),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::HubStats;

    fn line(metrics: &Metrics, wanted: &str) -> bool {
        metrics.render().lines().any(|line| line == wanted)
    }

    #[test]
    fn every_metric_of_the_contract_is_there_from_the_start() {
        let text = Metrics::new(&["join"], &["transport close"], Arc::default()).render();
        for name in [
            "signaling_active_connections 0",
            "signaling_active_rooms 0",
            "signaling_rooms_created_total 0",
            "signaling_connection_duration_seconds_bucket{le=\"3600.0\"} 0",
            "websocket_connections 0",
            "signaling_events_total{event=\"join\",outcome=\"ok\"} 0",
            "signaling_relay_latency_seconds_count 0",
            "signaling_connections_closed_total{reason=\"transport close\"} 0",
            "process_cpu_seconds_total ",
            "process_resident_memory_bytes ",
            "process_open_fds ",
            "process_network_receive_bytes_total ",
            "process_network_transmit_bytes_total ",
        ] {
            assert!(text.lines().any(|line| line.starts_with(name)), "{name} is not in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn an_event_that_no_dialect_knows_is_counted_as_unknown() {
        let metrics = Metrics::new(&["join", "leave"], &[], Arc::default());
        metrics.event(metrics.event_index("leave"), Outcome::RateLimited);
        metrics.event(metrics.event_index("x".repeat(1_000).as_str()), Outcome::Refused);
        assert!(line(&metrics, "signaling_events_total{event=\"leave\",outcome=\"rate_limited\"} 1"));
        assert!(line(&metrics, "signaling_events_total{event=\"unknown\",outcome=\"refused\"} 1"));
    }

    #[test]
    fn a_connection_is_counted_while_it_is_open_and_its_duration_and_reason_when_it_closes() {
        let metrics = Metrics::new(&[], &["ping timeout"], Arc::default());
        metrics.connection_opened();
        metrics.connection_opened();
        metrics.connection_closed("ping timeout", Duration::from_secs(45));
        assert_eq!(metrics.connections(), 1);
        assert!(line(&metrics, "signaling_active_connections 1"));
        assert!(line(&metrics, "signaling_connections_closed_total{reason=\"ping timeout\"} 1"));
        assert!(line(&metrics, "signaling_connection_duration_seconds_bucket{le=\"60.0\"} 1"));
    }

    #[test]
    fn the_rooms_are_those_that_the_hub_published_last() {
        let hub = Arc::new(Published::default());
        let metrics = Metrics::new(&[], &[], Arc::clone(&hub));
        hub.publish(HubStats { rooms: 3, peers: 7, memberships: 8, rooms_created_total: 11 });
        assert!(line(&metrics, "signaling_active_rooms 3"));
        assert!(line(&metrics, "signaling_rooms_created_total 11"));
    }
}
