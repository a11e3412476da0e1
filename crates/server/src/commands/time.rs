//! Times as people write and read them.

use std::time::Duration;

use auth::LEEWAY_MS;

use crate::clock::{self, days_since_1970};

/// Reads `now`, seconds since 1970, a day (`2026-11-20`, its beginning), or a time in UTC (`2026-11-20T18:40:00Z`).
/// Returns milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    if text == "now" {
        return Ok(clock::wall_ms());
    }
    let read = if text.bytes().all(|byte| byte.is_ascii_digit()) { seconds(text) } else { date(text) };
    read.and_then(|seconds| seconds.checked_mul(1_000)).ok_or_else(|| {
        "expected a time such as 2026-11-20T18:40:00Z, 2026-11-20, seconds since 1970, or now".to_owned()
    })
}

/// As [`parse`], of a time that is not ahead: what is revoked for the time to come keeps everybody out until it is there.
pub(crate) fn past(text: &str) -> Result<u64, String> {
    let now_ms = clock::wall_ms();
    let time_ms = parse(text)?;
    if time_ms > now_ms.saturating_add(LEEWAY_MS) {
        return Err(format!("it is in the future: it is {} now", clock::iso8601(now_ms)));
    }
    Ok(time_ms)
}

/// Seconds; what would be beyond the year 9999 was meant to be milliseconds.
fn seconds(text: &str) -> Option<u64> {
    text.parse().ok().filter(|seconds| *seconds <= 253_402_300_799)
}

fn date(text: &str) -> Option<u64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time.strip_suffix('Z')?),
        None => (text, "00:00:00"),
    };
    // A fraction of a second is dropped: tokens count whole ones.
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let is_real = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    is_real.then_some(seconds).and_then(|seconds| u64::try_from(seconds).ok())
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let is_number = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| is_number)
    });
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

fn days_of(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_since_1970(next_year, next_month, 1) - days_since_1970(year, month, 1)
}

/// `in 2 hours`, or `5 minutes ago`.
pub(super) fn in_words(at_ms: u64, now_ms: u64) -> String {
    let span = |ms| words(Duration::from_millis(ms));
    if at_ms > now_ms {
        format!("in {}", span(at_ms - now_ms))
    } else {
        format!("{} ago", span(now_ms - at_ms))
    }
}

/// The largest unit of which there are at least two, which is as exact as anybody wants it.
fn words(span: Duration) -> String {
    const UNITS: [(&str, u64); 4] = [("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)];
    let seconds = span.as_secs();
    let (unit, length) =
        UNITS.into_iter().find(|(_, length)| seconds >= 2 * length).unwrap_or(("seconds", 1));
    match (seconds / length, unit) {
        (1, _) => "1 second".to_owned(),
        (count, unit) => format!("{count} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_each_of_its_forms() {
        for (text, seconds) in [
            ("0", 0),
            ("1763664000", 1_763_664_000),
            ("2026-11-20", 1_795_132_800),
            ("2026-11-20T18:40:00Z", 1_795_200_000),
            ("2026-11-20 18:40:00.999Z", 1_795_200_000),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
        ] {
            assert_eq!(parse(text), Ok(seconds * 1_000), "{text}");
        }
        assert!(parse("now").unwrap().abs_diff(clock::wall_ms()) < 5_000);
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        for text in [
            "",
            "yesterday",
            "2026-11-31",
            "2025-02-29",
            "2026-13-01",
            "2026-11-20T24:00:00Z",
            "2026-11-20T18:40:00",
            "2026-11-20T18:40:00+01:00",
            "-5",
            "1763664000000",
            "2026-11",
            "+2026-11-20",
            "2026-11-20T18:40Z",
            "20261-11-20",
        ] {
            assert!(parse(text).unwrap_err().contains("2026-11-20T18:40:00Z"), "{text}");
        }
    }

    #[test]
    fn spans_are_told_in_the_largest_unit_that_fits() {
        let now: u64 = 1_000_000_000_000;
        for (seconds, words) in [
            (0_i64, "0 seconds ago"),
            (-1, "1 second ago"),
            (-90, "90 seconds ago"),
            (-120, "2 minutes ago"),
            (3_600, "in 60 minutes"),
            (7_200, "in 2 hours"),
            (86_400 * 3, "in 3 days"),
        ] {
            assert_eq!(in_words(now.wrapping_add_signed(1_000 * seconds), now), words);
        }
    }
}
