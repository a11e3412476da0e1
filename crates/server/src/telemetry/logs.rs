//! Log lines, to standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, filter::ParseError, fmt, util::SubscriberInitExt};

use crate::config::LogFormat;

/// Directives that stand before the configured ones: these libraries write down what they read and what
/// they serve, which at a low level holds what logs must not.
const QUIET: &str =
    "hyper=info,hyper_util=info,h2=info,reqwest=info,rustls=info,sqlx=info,tower_http=info,memory_serve=warn";

/// Begins to write log lines: the level as `LOG_LEVEL` has it, times in UTC.
///
/// # Errors
/// The level is not one, or logs were set up before.
pub fn init(level: &str, format: LogFormat) -> Result<(), InitError> {
    let builder = fmt().with_env_filter(filter(level)?).with_writer(io::stderr);
    match format.on(io::stderr().is_terminal()) {
        Look::Pretty => builder.with_ansi(io::stderr().is_terminal()).finish().try_init()?,
        Look::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .finish()
            .try_init()?,
    }
    Ok(())
}

/// Why logs could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The level is not one.
    #[error("LOG_LEVEL: {0}")]
    Level(#[from] ParseError),
    /// Logs were set up before.
    #[error("{0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// What is logged at a level, as `LOG_LEVEL` has it.
///
/// # Errors
/// The level is not one.
pub fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(format!("{QUIET},{level}"))
}

#[derive(Debug, PartialEq, Eq)]
enum Look {
    Pretty,
    Json,
}

impl LogFormat {
    fn on(self, terminal: bool) -> Look {
        match self {
            Self::Auto if terminal => Look::Pretty,
            Self::Pretty => Look::Pretty,
            Self::Auto | Self::Json => Look::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_pretty_on_a_terminal_and_json_elsewhere_unless_said_otherwise() {
        assert_eq!(LogFormat::Auto.on(true), Look::Pretty);
        assert_eq!(LogFormat::Auto.on(false), Look::Json);
        assert_eq!(LogFormat::Pretty.on(false), Look::Pretty);
        assert_eq!(LogFormat::Json.on(true), Look::Json);
    }

    #[test]
    fn a_low_level_does_not_reach_libraries_that_log_what_they_read() {
        let filter = filter("trace").unwrap().to_string();
        assert!(filter.contains("hyper=info") && filter.contains("trace"), "{filter}");
        assert!(super::filter("server=debug").is_ok());
        assert!(super::filter("server=loud").is_err());
    }
}
