//! Configuration: one table, five layers, one answer.
//!
//! Every option is one row of [`options::TABLE`]: its names, its default, its sentence, its parser. The
//! reader ([`load`]), `paraclete config`, the flags of the command line, `.env.example` and the README's
//! table are all made from that table, so an option that works is an option that is documented.
//!
//! Layers, later wins: defaults, the file, `.env`, the environment, the command line. All of them come in
//! as values ([`Inputs`]), so the whole of it is a function that tests can call.

mod documents;
mod file;
mod layers;
pub mod options;
mod parse;
mod report;
mod values;

use std::{net::IpAddr, time::Duration};

pub use documents::{example, markdown};
pub use layers::{Inputs, Loaded, Refused, Setting, Source, load};
pub use options::{Opt, Secrecy, TABLE};
pub use report::report;
pub use values::{Auth, Environment, LogFormat, Network, Origins, SignalValidation};

/// The effective configuration, every value parsed and within its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Development is forgiving, production demands what must not be guessed.
    pub environment: Environment,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 lets the system choose.
    pub port: u16,
    /// A port of its own for `/metrics`; `None` serves it on the main one.
    pub prometheus_port: Option<u16>,
    /// Pages from which browsers may use this server.
    pub cors_origins: Origins,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether a connection without a token is served.
    pub auth: Auth,
    /// The dialects that are served, by name.
    pub dialects: Vec<&'static str>,
    /// How closely relayed descriptions and candidates are looked at.
    pub signal_validation: SignalValidation,
    /// Connections in one room.
    pub max_peers_per_room: usize,
    /// Relays a second for each connection; 0 is off.
    pub relays_per_second: u32,
    /// Relays at once for each connection.
    pub relay_burst: u32,
    /// Bytes of relays a second for each connection; 0 is off.
    pub relay_bytes_per_second: u32,
    /// Bytes of relays at once for each connection.
    pub relay_byte_burst: u32,
    /// Other events a second for each user (a guest: for each connection); 0 is off.
    pub events_per_second: u32,
    /// Other events at once.
    pub event_burst: u32,
    /// New connections a minute for each IP address (IPv6: for each /64); 0 is off.
    pub connections_per_minute: u32,
    /// Open TCP connections for each IP address (IPv6: for each /64); 0 is off.
    pub max_connections_per_ip: u32,
    /// Between two pings to a client.
    pub ping_interval: Duration,
    /// How long a client may take to answer a ping.
    pub ping_timeout: Duration,
    /// How long a client may take from opening the transport to joining a namespace.
    pub connect_timeout: Duration,
    /// Bytes of one Socket.IO packet or polling body.
    pub max_payload: usize,
    /// From SIGTERM to the end at the latest.
    pub shutdown_timeout: Duration,
    /// A level, or directives as `tracing_subscriber::EnvFilter` reads them.
    pub log_level: String,
    /// How log lines look.
    pub log_format: LogFormat,
}

impl Config {
    /// All defaults of the environment, as `paraclete serve` has them with nothing configured.
    ///
    /// # Panics
    /// Never: a test holds every default of the table against its own parser.
    #[must_use]
    pub fn defaults(environment: Environment) -> Self {
        let mut config = Self::unset();
        for option in TABLE {
            if let Some(value) = option.default_in(environment) {
                (option.set)(&mut config, value).expect("a default that its own parser refuses");
            }
        }
        config.environment = environment;
        config
    }

    /// Every field at a value that means nothing yet: the table's defaults follow.
    fn unset() -> Self {
        Self {
            environment: Environment::Development,
            host: IpAddr::from([127, 0, 0, 1]),
            port: 0,
            prometheus_port: None,
            cors_origins: Origins::Listed(Vec::new()),
            trusted_proxies: Vec::new(),
            auth: Auth::Optional,
            dialects: Vec::new(),
            signal_validation: SignalValidation::Shape,
            max_peers_per_room: 0,
            relays_per_second: 0,
            relay_burst: 0,
            relay_bytes_per_second: 0,
            relay_byte_burst: 0,
            events_per_second: 0,
            event_burst: 0,
            connections_per_minute: 0,
            max_connections_per_ip: 0,
            ping_interval: Duration::ZERO,
            ping_timeout: Duration::ZERO,
            connect_timeout: Duration::ZERO,
            max_payload: 0,
            shutdown_timeout: Duration::ZERO,
            log_level: String::new(),
            log_format: LogFormat::Auto,
        }
    }
}
