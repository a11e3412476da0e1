//! Leaf parsers: text in, a value within its bounds out, or the reason why not.

use std::{fmt::Display, net::IpAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use super::values::{AdminClaim, Origins, Secret};

/// A whole number within the range.
pub(super) fn number<T: FromStr + PartialOrd + Display>(
    text: &str,
    range: RangeInclusive<T>,
) -> Result<T, String> {
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("expected a whole number from {} to {}", range.start(), range.end()))
}

/// A duration: `500ms`, `30s`, `5m`, `1h`, `7d`, or bare seconds.
pub(crate) fn duration(text: &str, range: RangeInclusive<Duration>) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (amount, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(durations_look_like(&range)),
    };
    amount
        .parse()
        .ok()
        .and_then(|amount: u64| amount.checked_mul(unit_ms))
        .map(Duration::from_millis)
        .filter(|duration| range.contains(duration))
        .ok_or_else(|| durations_look_like(&range))
}

fn durations_look_like(range: &RangeInclusive<Duration>) -> String {
    format!("expected a duration such as 500ms, 30s or 5m, from {:?} to {:?}", range.start(), range.end())
}

/// A size: bare bytes, or `64KiB`, `1MiB`.
pub(super) fn bytes(text: &str, range: RangeInclusive<usize>) -> Result<usize, String> {
    let (amount, unit) = if let Some(amount) = text.strip_suffix("KiB") {
        (amount, 1 << 10)
    } else if let Some(amount) = text.strip_suffix("MiB") {
        (amount, 1 << 20)
    } else {
        (text, 1)
    };
    amount
        .trim_end()
        .parse()
        .ok()
        .and_then(|amount: usize| amount.checked_mul(unit))
        .filter(|bytes| range.contains(bytes))
        .ok_or_else(|| {
            format!(
                "expected a size in bytes, or such as 128KiB or 1MiB, from {} to {} bytes",
                range.start(),
                range.end()
            )
        })
}

/// One of a few words; the value that belongs to it.
pub(super) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("expected {}", words.join(" or "))
    })
}

/// The parts between commas, without blanks around them and without empty ones.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Levels and directives, `info,socketio=debug`, without blanks between them.
///
/// The filter reads a bare word that is no level as the name of a module and then logs nothing else, so a slip
/// of the pen would be silence: here every part has to have its level.
pub(super) fn log_level(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = list(text).collect();
    if parts.is_empty() {
        return Err(format!("expected one of {}", LEVELS.join(", ")));
    }
    for part in &parts {
        let level = part.rsplit_once('=').map_or(*part, |(_, level)| level);
        if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
            let likeness = |known: &&&str| strsim::jaro_winkler(&level.to_ascii_lowercase(), known);
            let nearest = LEVELS.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let nearest = nearest.map_or("info", |nearest| nearest);
            return Err(format!("`{level}` is not a level; the nearest one is {nearest}"));
        }
    }
    let joined = parts.join(",");
    tracing_subscriber::EnvFilter::builder()
        .parse(&joined)
        .map_err(|error| format!("expected a level or directives: {error}"))?;
    Ok(joined)
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// An address to listen on. Names are not looked up, but for `localhost`.
pub(super) fn host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    text.parse().map_err(|_| "expected an IP address such as 127.0.0.1, 0.0.0.0 or ::".to_owned())
}

/// `*`, or origins with commas between them, brought to the form in which browsers send them.
pub(super) fn origins(text: &str) -> Result<Origins, String> {
    if text == "*" {
        return Ok(Origins::Any);
    }
    let listed = list(text).map(origin).collect::<Result<Vec<_>, _>>()?;
    if listed.is_empty() {
        return Err("expected * or at least one origin such as https://app.example.com".to_owned());
    }
    Ok(Origins::Listed(listed))
}

/// Where something is fetched by HTTP.
pub(super) fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_url = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let is_plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if is_url && is_plain {
        Ok(text.to_owned())
    } else {
        Err("expected a URL such as https://issuer.example.com/.well-known/jwks.json".to_owned())
    }
}

/// A database by its URL, which may hold a password and is therefore never repeated.
pub(super) fn database(text: &str) -> Result<Secret, String> {
    let scheme = text.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" | "postgres" | "postgresql" if text.len() > scheme.len() + 1 => Ok(Secret::from(text)),
        "mongodb" | "mongodb+srv" => {
            Err("MongoDB is not in this version: use sqlite: or postgres:".to_owned())
        }
        _ => Err("expected sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME".to_owned()),
    }
}

/// The id of a Firebase project, which becomes a part of a URL.
pub(super) fn firebase_project(text: &str) -> Result<String, String> {
    let is_id = text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b':' || b == b'.');
    if is_id {
        Ok(text.to_owned())
    } else {
        Err("expected the id of a project, such as my-app-1a2b3".to_owned())
    }
}

/// `name` or `name=value`.
pub(super) fn claim(text: &str) -> Result<AdminClaim, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name.is_empty() || value.as_ref().is_some_and(String::is_empty) {
        return Err("expected the name of a claim, or name=value".to_owned());
    }
    Ok(AdminClaim { name: name.to_owned(), value })
}

fn origin(text: &str) -> Result<String, String> {
    let reason =
        || format!("`{text}` is not an origin such as https://app.example.com (no path, no wildcard)");
    let lower = text.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, authority) = lower.split_once("://").ok_or_else(reason)?;
    let is_scheme = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_authority = authority.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]_".contains(&b));
    if scheme.is_empty() || authority.is_empty() || !is_scheme || !is_authority {
        return Err(reason());
    }
    // Browsers leave the default port out.
    let implied = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return Ok(lower),
    };
    Ok(lower.strip_suffix(implied).map_or_else(|| lower.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3_600);

    #[test]
    fn durations_are_read_with_a_unit_or_as_bare_seconds() {
        assert_eq!(duration("500ms", HOUR), Ok(Duration::from_millis(500)));
        assert_eq!(duration("30s", HOUR), Ok(Duration::from_secs(30)));
        assert_eq!(duration("30", HOUR), Ok(Duration::from_secs(30)));
        assert_eq!(duration("5m", HOUR), Ok(Duration::from_secs(300)));
        assert_eq!(duration("1h", HOUR), Ok(Duration::from_secs(3_600)));
    }

    #[test]
    fn durations_out_of_bounds_or_out_of_form_are_refused() {
        for text in
            ["", "s", "-1s", "1.5s", "2h", "1d", "5 m", "99999999999999999999", "18446744073709551615d"]
        {
            assert!(duration(text, HOUR).is_err(), "{text} was read");
        }
    }

    #[test]
    fn sizes_are_read_in_bytes_kibibytes_and_mebibytes() {
        assert_eq!(bytes("1000000", 1..=usize::MAX), Ok(1_000_000));
        assert_eq!(bytes("128KiB", 1..=usize::MAX), Ok(131_072));
        assert_eq!(bytes("1 MiB", 1..=usize::MAX), Ok(1 << 20));
        assert!(bytes("1GB", 1..=usize::MAX).is_err());
        assert!(bytes("-1", 1..=usize::MAX).is_err());
        assert!(bytes("18446744073709551615MiB", 1..=usize::MAX).is_err());
    }

    #[test]
    fn levels_and_directives_with_a_level_are_read() {
        for text in ["off", "WARN", "info,socketio=debug", "server::http=off", "server[join{room}]=trace"] {
            assert_eq!(log_level(text), Ok(text.to_owned()));
        }
        assert_eq!(log_level(" info , socketio=debug,"), Ok("info,socketio=debug".to_owned()));
    }

    #[test]
    fn a_word_that_is_no_level_is_refused_with_the_nearest_one() {
        for (text, level, nearest) in [
            ("inof", "inof", "info"),
            ("info,DEBGU", "DEBGU", "debug"),
            ("server=wran", "wran", "warn"),
            ("warning", "warning", "warn"),
        ] {
            let refusal = format!("`{level}` is not a level; the nearest one is {nearest}");
            assert_eq!(log_level(text), Err(refusal));
        }
        for text in ["", ",", "server", "server=", "info,server", "=", "[info"] {
            assert!(log_level(text).is_err(), "{text} was read");
        }
    }

    #[test]
    fn origins_are_brought_to_the_form_in_which_browsers_send_them() {
        let read = origins(" https://App.example.com:443/, http://localhost:5173 ,capacitor://localhost");
        let listed = ["https://app.example.com", "http://localhost:5173", "capacitor://localhost"];
        assert_eq!(read, Ok(Origins::Listed(listed.map(str::to_owned).to_vec())));
        assert_eq!(origins("*"), Ok(Origins::Any));
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for text in [
            "",
            ",",
            "null",
            "example.com",
            "https://",
            "https://*.example.com",
            "https://a.b/path",
            "https://a`.b",
        ] {
            assert!(origins(text).is_err(), "{text} was read");
        }
    }

    #[test]
    fn a_number_out_of_range_is_refused_with_the_range() {
        assert_eq!(number("7", 1..=10_u32), Ok(7));
        assert_eq!(number("0", 1..=10_u32), Err("expected a whole number from 1 to 10".to_owned()));
        assert!(number("1e1", 1..=10_u32).is_err());
    }
}
