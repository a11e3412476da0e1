//! What is spoken, and how much of it.

use dialects::Dialect;
use domain::Locale;

use super::super::{parse, values::SignalValidation};
use super::{HOUR, Opt, SECOND, row};

pub(super) const ROWS: &[Opt] = &[
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
    row(
        "LOCALE",
        "en",
        "The language of messages: `en` or `ko`. Codes are the same in both.",
        |config, text| {
            config.locale = parse::one_of(text, &[("en", Locale::En), ("ko", Locale::Ko)])?;
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
    row(
        "MAX_CONNECTIONS_PER_USER",
        "0",
        "Open connections for each user whose token was verified; 0 is off.",
        |config, text| {
            config.max_connections_per_user = parse::number(text, 0..=1_000_000)?;
            Ok(())
        },
    ),
    row(
        "API_REQUESTS_PER_WINDOW",
        "100",
        "Requests to `/api/` in a window, for each user, or else each IP address; 0 is off.",
        |config, text| {
            config.api_requests_per_window = parse::number(text, 0..=1_000_000)?;
            Ok(())
        },
    ),
    row(
        "AUTH_FAILURES_PER_WINDOW",
        "5",
        "Failed sign-ins in a window for each account from one IP address; 0 is off.",
        |config, text| {
            config.auth_failures_per_window = parse::number(text, 0..=1_000_000)?;
            Ok(())
        },
    ),
    row("API_WINDOW", "15m", "That window.", |config, text| {
        config.api_window = parse::duration(text, SECOND..=24 * HOUR)?;
        Ok(())
    }),
];

fn dialect(name: &str) -> Result<&'static str, String> {
    dialects::named(name)
        .map(Dialect::name)
        .ok_or_else(|| format!("`{name}` is not a dialect of this version; it has: {}", dialect_names()))
}

fn dialect_names() -> String {
    dialects::ALL.iter().map(|dialect| dialect.name()).collect::<Vec<_>>().join(", ")
}
