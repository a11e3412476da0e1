//! Its pace, its end and its log.

use super::super::{parse, values::LogFormat};
use super::{HOUR, Opt, SECOND, row};
use std::time::Duration;

pub(super) const ROWS: &[Opt] = &[
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
