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

/// A time in UTC, as ISO 8601 has it, to the second: `2026-11-20T18:40:00Z`.
#[must_use]
pub fn iso8601(at_ms: u64) -> String {
    let seconds = at_ms / 1_000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(i64::try_from(days).unwrap_or(0));
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days in the Gregorian calendar. Years are counted from March, so that a leap day is a year's last.
pub(crate) fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// The year, month and day so many days after 1970 began.
fn date(days: i64) -> (i64, i64, i64) {
    // A guess that is never too late, and at most a day's fraction of a year too early.
    let mut year = 1970 + days * 400 / 146_097 - 1;
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days_since_1970(year, month + 1, 1) <= days {
        month += 1;
    }
    (year, month, days - days_since_1970(year, month, 1) + 1)
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

    #[test]
    fn every_day_is_written_as_the_one_after_the_day_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..200_000 {
            assert_eq!(date(days), (year, month, day));
            assert_eq!(days_since_1970(year, month, day), days);
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i64::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (year, month, day) = match (day == length, month) {
                (false, _) => (year, month, day + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
        assert_eq!(iso8601(1_795_200_000_999), "2026-11-20T18:40:00Z");
    }
}
