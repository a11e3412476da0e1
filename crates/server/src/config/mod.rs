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
mod rules;
mod values;

use std::{net::IpAddr, path::PathBuf, time::Duration};

use domain::Locale;

pub use documents::{example, markdown};
pub use layers::{Inputs, Loaded, Refused, Setting, Source, load};
pub use options::{Opt, Secrecy, TABLE};
pub(crate) use parse::duration as parse_duration;
pub use report::report;
pub use values::{AdminClaim, Auth, Environment, LogFormat, Network, Origins, Secret, SignalValidation};

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
    /// The certificate chain of a server that speaks TLS itself.
    pub tls_cert_file: Option<PathBuf>,
    /// The private key of that certificate.
    pub tls_key_file: Option<PathBuf>,
    /// Whether a connection without a token is served.
    pub auth: Auth,
    /// Signs and verifies tokens (HS256).
    pub jwt_secret: Option<Secret>,
    /// A private or a public key in PEM form that does so too.
    pub jwt_key_file: Option<PathBuf>,
    /// Where the keys of another issuer are.
    pub jwks_url: Option<String>,
    /// The issuer that tokens must have, those of accounts apart.
    pub jwt_issuer: Option<String>,
    /// The audiences of which tokens must have one, those of accounts apart; empty: not looked at.
    pub jwt_audience: Vec<String>,
    /// The Firebase project whose ID tokens are accepted.
    pub firebase_project_id: Option<String>,
    /// How long an access token lives.
    pub jwt_expires_in: Duration,
    /// How long a refresh token lives.
    pub refresh_token_expires_in: Duration,
    /// Whether `?token=` is looked at.
    pub token_in_query: bool,
    /// Whether a connection ends with its token.
    pub close_on_expiry: bool,
    /// What makes the bearer of another issuer's token an admin.
    pub admin_claim: Option<AdminClaim>,
    /// Bytes that the hash of one password takes.
    pub argon2_memory: usize,
    /// Passes over them.
    pub argon2_passes: u32,
    /// The folder of the embedded database and of keys that are made.
    pub data_dir: PathBuf,
    /// The database, if it is named by a URL.
    pub database_url: Option<Secret>,
    /// The host of a PostgreSQL database that is named by its parts.
    pub db_host: Option<String>,
    /// Its port.
    pub db_port: u16,
    /// Its name.
    pub db_name: String,
    /// Its user.
    pub db_user: String,
    /// The password of that user.
    pub db_password: Option<Secret>,
    /// Connections to the database.
    pub database_pool: u32,
    /// How long the database may take to answer.
    pub database_timeout: Duration,
    /// Queries that take longer are logged.
    pub slow_query: Duration,
    /// The language of messages.
    pub locale: Locale,
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
    /// Open connections for each verified user; 0 is off.
    pub max_connections_per_user: u32,
    /// Requests to `/api/` in a window for each user, or else each IP address; 0 is off.
    pub api_requests_per_window: u32,
    /// Failed sign-ins in a window for each account from one IP address; 0 is off.
    pub auth_failures_per_window: u32,
    /// That window.
    pub api_window: Duration,
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

    /// The URL of the database, from whichever options name it.
    #[must_use]
    pub fn database(&self) -> Secret {
        if let Some(url) = &self.database_url {
            return url.clone();
        }
        let Some(host) = &self.db_host else {
            return Secret::from(format!("sqlite:{}", self.data_dir.join("paraclete.db").display()).as_str());
        };
        let encoded = |text: &str| -> String { text.bytes().map(percent_encoded).collect() };
        let password = self.db_password.as_ref().map(|it| format!(":{}", encoded(it.expose())));
        let host = if host.contains(':') { format!("[{host}]") } else { encoded(host) };
        let url = format!(
            "postgres://{}{}@{host}:{}/{}",
            encoded(&self.db_user),
            password.unwrap_or_default(),
            self.db_port,
            encoded(&self.db_name)
        );
        Secret::from(url.as_str())
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
            tls_cert_file: None,
            tls_key_file: None,
            auth: Auth::Required,
            jwt_secret: None,
            jwt_key_file: None,
            jwks_url: None,
            jwt_issuer: None,
            jwt_audience: Vec::new(),
            firebase_project_id: None,
            jwt_expires_in: Duration::ZERO,
            refresh_token_expires_in: Duration::ZERO,
            token_in_query: false,
            close_on_expiry: false,
            admin_claim: None,
            argon2_memory: 0,
            argon2_passes: 0,
            data_dir: PathBuf::new(),
            database_url: None,
            db_host: None,
            db_port: 0,
            db_name: String::new(),
            db_user: String::new(),
            db_password: None,
            database_pool: 0,
            database_timeout: Duration::ZERO,
            slow_query: Duration::ZERO,
            locale: Locale::En,
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
            max_connections_per_user: 0,
            api_requests_per_window: 0,
            auth_failures_per_window: 0,
            api_window: Duration::ZERO,
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

/// A byte as it may stand in any part of a URL.
fn percent_encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}
