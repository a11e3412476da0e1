//! The table of options: the one place where an option is named.

use std::time::Duration;

use dialects::Dialect;

use super::{
    Config, parse,
    values::{Auth, Environment, LogFormat, Network, SignalValidation},
};

/// One option.
pub struct Opt {
    /// The name in the documents: upper case, as in the environment.
    pub key: &'static str,
    /// Other names for the same, in the order in which they are looked for.
    pub aliases: &'static [&'static str],
    /// The value when nothing is configured; empty: none.
    pub default: &'static str,
    /// What production makes of that default.
    pub production: Production,
    /// What it is, in one sentence, for the documents.
    pub doc: &'static str,
    /// Whether the value may be shown.
    pub secrecy: Secrecy,
    /// Reads a value into the configuration, or says why not.
    pub set: fn(&mut Config, &str) -> Result<(), String>,
}

/// What becomes of an option's default in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Production {
    /// It stays.
    Same,
    /// It is another one.
    Default(&'static str),
    /// There is none: the option must be set; the text says to what.
    MustBeSet(&'static str),
}

/// Whether a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// In logs, messages and `paraclete config`.
    Public,
    /// Nowhere.
    Secret,
}

impl Opt {
    /// The default in this environment; `None` when the option is unset by default or must be set.
    #[must_use]
    pub fn default_in(&self, environment: Environment) -> Option<&'static str> {
        let default = match (environment, self.production) {
            (Environment::Development, _) | (Environment::Production, Production::Same) => self.default,
            (Environment::Production, Production::Default(other)) => other,
            (Environment::Production, Production::MustBeSet(_)) => return None,
        };
        Some(default).filter(|default| !default.is_empty())
    }

    /// All names, the documented one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.key).chain(self.aliases.iter().copied())
    }
}

/// Names that other servers of this kind know: accepted and ignored with a warning, so that an existing
/// environment can be kept. The sentence says what happens instead.
pub const IGNORED: &[(&str, &str)] = &[
    ("KURENTO_URL", "Paraclete does not speak to Kurento"),
    ("ELASTICSEARCH_URL", "Paraclete writes its logs to standard error: ship them from there"),
];

/// The words of `PARACLETE_ENV`. `test` is what test runners set `NODE_ENV` to; what else is found there is bent to
/// `development` by [`load`](super::load) before it is read.
pub(super) const ENVIRONMENTS: [(&str, Environment); 3] = [
    ("development", Environment::Development),
    ("production", Environment::Production),
    ("test", Environment::Development),
];

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

const fn row(
    key: &'static str,
    default: &'static str,
    doc: &'static str,
    set: fn(&mut Config, &str) -> Result<(), String>,
) -> Opt {
    Opt { key, aliases: &[], default, production: Production::Same, doc, secrecy: Secrecy::Public, set }
}

/// Every option, in the order of the documents.
pub const TABLE: &[Opt] = &[
    Opt {
        aliases: &["NODE_ENV"],
        ..row(
            "PARACLETE_ENV",
            "development",
            "`development`, or `production`, which demands what must not be guessed.",
            |config, text| {
                config.environment = parse::one_of(text, &ENVIRONMENTS)?;
                Ok(())
            },
        )
    },
    Opt {
        production: Production::Default("0.0.0.0"),
        ..row("HOST", "127.0.0.1", "The address to listen on.", |config, text| {
            config.host = parse::host(text)?;
            Ok(())
        })
    },
    Opt {
        aliases: &["SIGNALING_SERVER_PORT"],
        ..row("PORT", "3000", "The port to listen on; 0 takes a free one.", |config, text| {
            config.port = parse::number(text, 0..=u16::MAX)?;
            Ok(())
        })
    },
    row("PROMETHEUS_PORT", "", "A port of its own for `/metrics`; unset: the main one.", |config, text| {
        config.prometheus_port = Some(parse::number(text, 0..=u16::MAX)?);
        Ok(())
    }),
    Opt {
        aliases: &["CORS_ORIGIN", "ALLOWED_ORIGINS", "CLIENT_URL"],
        production: Production::MustBeSet("to the origins of your pages, with commas between them, or to *"),
        ..row(
            "CORS_ORIGINS",
            "*",
            "Origins from which browsers may use this server, with commas between them; `*` is any, without credentials.",
            |config, text| {
                config.cors_origins = parse::origins(text)?;
                Ok(())
            },
        )
    },
    row(
        "TRUSTED_PROXIES",
        "",
        "Addresses or ranges of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
        |config, text| {
            config.trusted_proxies = parse::list(text).map(Network::parse).collect::<Result<_, _>>()?;
            Ok(())
        },
    ),
    Opt {
        production: Production::MustBeSet(
            "to `optional`, if guests may connect: this version cannot verify tokens",
        ),
        ..row(
            "AUTH",
            "optional",
            "`optional` serves connections without a token as guests.",
            |config, text| {
                if text == "required" {
                    return Err(
                        "token verification is not in this version: set AUTH=optional to serve guests"
                            .to_owned(),
                    );
                }
                config.auth = parse::one_of(text, &[("optional", Auth::Optional)])?;
                Ok(())
            },
        )
    },
    row("DIALECTS", "mesh", "The dialects that are served, with commas between them.", |config, text| {
        config.dialects = parse::list(text).map(dialect).collect::<Result<_, _>>()?;
        if config.dialects.is_empty() {
            return Err(format!("expected at least one of: {}", dialect_names()));
        }
        Ok(())
    }),
    row(
        "SIGNAL_VALIDATION",
        "shape",
        "`shape` looks whether descriptions and candidates look like ones, `off` relays any JSON within the size limits.",
        |config, text| {
            let words = [("shape", SignalValidation::Shape), ("off", SignalValidation::Off)];
            config.signal_validation = parse::one_of(text, &words)?;
            Ok(())
        },
    ),
    row("MAX_PEERS_PER_ROOM", "10", "Connections in one room.", |config, text| {
        config.max_peers_per_room = parse::number(text, 2..=1_000)?;
        Ok(())
    }),
    row(
        "RELAYS_PER_SECOND",
        "50",
        "Relayed signals a second for each connection; 0 is off.",
        |config, text| {
            config.relays_per_second = parse::number(text, 0..=1_000_000)?;
            Ok(())
        },
    ),
    row("RELAY_BURST", "300", "Relayed signals at once for each connection.", |config, text| {
        config.relay_burst = parse::number(text, 1..=1_000_000)?;
        Ok(())
    }),
    row(
        "RELAY_BYTES_PER_SECOND",
        "131072",
        "Bytes of relayed signals a second for each connection; 0 is off.",
        |config, text| {
            config.relay_bytes_per_second = parse::number(text, 0..=1_000_000_000)?;
            Ok(())
        },
    ),
    row(
        "RELAY_BYTE_BURST",
        "1048576",
        "Bytes of relayed signals at once for each connection.",
        |config, text| {
            // The largest event must pass at all.
            config.relay_byte_burst = parse::number(text, 131_072..=1_000_000_000)?;
            Ok(())
        },
    ),
    row(
        "EVENTS_PER_SECOND",
        "10",
        "Other events a second for each user (a guest: for each connection); 0 is off.",
        |config, text| {
            config.events_per_second = parse::number(text, 0..=1_000_000)?;
            Ok(())
        },
    ),
    row("EVENT_BURST", "50", "Other events at once.", |config, text| {
        config.event_burst = parse::number(text, 1..=1_000_000)?;
        Ok(())
    }),
    row(
        "CONNECTIONS_PER_MINUTE",
        "10",
        "New connections a minute for each IP address (IPv6: each /64); 0 is off. Loopback is exempt in development.",
        |config, text| {
            config.connections_per_minute = parse::number(text, 0..=1_000_000)?;
            Ok(())
        },
    ),
    row(
        "MAX_CONNECTIONS_PER_IP",
        "0",
        "Open TCP connections for each IP address (IPv6: each /64), trusted proxies exempt; 0 is off.",
        |config, text| {
            config.max_connections_per_ip = parse::number(text, 0..=1_000_000)?;
            Ok(())
        },
    ),
    row("PING_INTERVAL", "25s", "Between two pings to a client.", |config, text| {
        config.ping_interval = parse::duration(text, SECOND / 10..=HOUR)?;
        Ok(())
    }),
    row("PING_TIMEOUT", "20s", "How long a client may take to answer a ping.", |config, text| {
        config.ping_timeout = parse::duration(text, SECOND / 10..=HOUR)?;
        Ok(())
    }),
    row(
        "CONNECT_TIMEOUT",
        "10s",
        "How long a client may take from opening a connection to joining a namespace.",
        |config, text| {
            config.connect_timeout = parse::duration(text, SECOND / 10..=HOUR)?;
            Ok(())
        },
    ),
    row("MAX_PAYLOAD", "1000000", "Bytes of one Socket.IO packet or polling body.", |config, text| {
        config.max_payload = parse::bytes(text, 16 << 10..=64 << 20)?;
        Ok(())
    }),
    row(
        "SHUTDOWN_TIMEOUT",
        "30s",
        "From SIGTERM to the end of the process at the latest.",
        |config, text| {
            config.shutdown_timeout = parse::duration(text, Duration::ZERO..=HOUR)?;
            Ok(())
        },
    ),
    row(
        "LOG_LEVEL",
        "info",
        "`error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,socketio=debug`.",
        |config, text| {
            config.log_level = parse::log_level(text)?;
            Ok(())
        },
    ),
    row(
        "LOG_FORMAT",
        "auto",
        "`pretty`, `json`, or `auto`: pretty on a terminal and JSON elsewhere.",
        |config, text| {
            let words = [("auto", LogFormat::Auto), ("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];
            config.log_format = parse::one_of(text, &words)?;
            Ok(())
        },
    ),
];

fn dialect(name: &str) -> Result<&'static str, String> {
    dialects::named(name)
        .map(Dialect::name)
        .ok_or_else(|| format!("`{name}` is not a dialect of this version; it has: {}", dialect_names()))
}

fn dialect_names() -> String {
    dialects::ALL.iter().map(|dialect| dialect.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_accepted_by_its_own_parser() {
        for option in TABLE {
            for environment in [Environment::Development, Environment::Production] {
                let Some(default) = option.default_in(environment) else { continue };
                let mut config = Config::defaults(Environment::Development);
                assert_eq!((option.set)(&mut config, default), Ok(()), "{}", option.key);
            }
        }
    }

    #[test]
    fn every_name_is_upper_case_and_used_once() {
        let mut names: Vec<&str> = TABLE.iter().flat_map(Opt::names).collect();
        names.extend(IGNORED.iter().map(|(name, _)| *name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a name is used twice");
        for name in names {
            assert!(name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{name}");
        }
    }

    #[test]
    fn every_sentence_ends_and_fits_a_table() {
        for option in TABLE {
            assert!(option.doc.ends_with('.') && !option.doc.contains(['|', '\n']), "{}", option.key);
        }
    }
}
