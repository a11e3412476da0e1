//! Wall time, read in one place.
//!
//! Deadlines and durations use `Instant`; wall time is for what people and other programs read.

use std::time::{SystemTime, UNIX_EPOCH};

use tracing_subscriber::fmt::{format::Writer, time::FormatTime};

/// Milliseconds since 1970-01-01 UTC.
#[expect(clippy::disallowed_methods, reason = "the one place where the shell reads wall time")]
#[must_use]
pub fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The time now in UTC, as ISO 8601 and the logs write it: `2026-11-20T18:40:00.123456Z`.
#[must_use]
pub fn iso8601_now() -> String {
    let mut text = String::new();
    let written = tracing_subscriber::fmt::time::SystemTime.format_time(&mut Writer::new(&mut text));
    written.map_or_else(|_| String::new(), |()| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_written_in_utc_with_its_date_and_a_z() {
        let text = iso8601_now();
        assert!(text.ends_with('Z') && text.as_bytes()[10] == b'T', "{text}");
        assert!(wall_ms() > 1_700_000_000_000);
    }
}
