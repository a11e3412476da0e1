//! The strings of JSON: skipping, reading and writing them.

use std::borrow::Cow;

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The offset of the first byte at or after `at` that is not a JSON blank.
pub(crate) fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The offset of the first byte at or after `at` that means something inside a string: a quote, a backslash or a
/// control character; the length if there is none. Eight bytes at a time, as bodies are mostly long strings.
pub(crate) fn skip_plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*chunk);
        let special = zero_bytes(word ^ (LOW_BITS * u64::from(b'"')))
            | zero_bytes(word ^ (LOW_BITS * u64::from(b'\\')))
            | control_bytes(word);
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        at += 1;
    }
    at
}

/// The high bit of each byte that is zero; exact up to and including the lowest such byte.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS) & !word & HIGH_BITS
}

/// The high bit of each byte below 0x20; exact up to and including the lowest such byte.
fn control_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS * 0x20) & !word & HIGH_BITS
}

/// Whether there is a control character anywhere, blanks between values included. One pass at the speed of memory.
pub(crate) fn has_controls(bytes: &[u8]) -> bool {
    bytes.chunks(256).any(|chunk| chunk.iter().fold(false, |found, byte| found | (*byte < 0x20)))
}

/// As [`skip_plain`], in a text without control characters.
#[inline]
pub(crate) fn skip_printable(bytes: &[u8], at: usize) -> usize {
    let special = |word| {
        zero_bytes(word ^ (LOW_BITS * u64::from(b'"'))) | zero_bytes(word ^ (LOW_BITS * u64::from(b'\\')))
    };
    match near(bytes, at, special) {
        Ok(found) => found,
        Err(far) => far + memchr::memchr2(b'"', b'\\', &bytes[far..]).unwrap_or(bytes.len() - far),
    }
}

/// The offset behind the string that begins at `at` with its quote. `bytes` are valid JSON, so a quote ends the
/// string unless it is escaped: unless an odd number of backslashes stand before it.
#[inline]
pub(crate) fn skip_string(bytes: &[u8], at: usize) -> usize {
    let start = at + 1;
    let mut from = start;
    loop {
        let quote = match near(bytes, from, |word| zero_bytes(word ^ (LOW_BITS * u64::from(b'"')))) {
            Ok(found) => found,
            Err(far) => far + memchr::memchr(b'"', &bytes[far..]).unwrap_or(bytes.len() - far),
        };
        let before = &bytes[start..quote.min(bytes.len())];
        if before.last() != Some(&b'\\') || quote >= bytes.len() {
            return (quote + 1).min(bytes.len());
        }
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return quote + 1;
        }
        from = quote + 1;
    }
}

/// Names and ids end within a few words of eight, and a search that is made for long texts costs more to begin. So
/// those few are looked at here, in the way that `special` marks the bytes it looks for; `Err` says where to search on.
#[inline]
fn near(bytes: &[u8], mut at: usize, special: impl Fn(u64) -> u64) -> Result<usize, usize> {
    const WORDS: usize = 3;
    for _ in 0..WORDS {
        let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else { break };
        let marks = special(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return Ok(at + (marks.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    Err(at.min(bytes.len()))
}

/// The string that the valid JSON text `raw`, quotes included, stands for. None if it has a surrogate without its
/// other half: there is no such string in UTF-8.
pub(crate) fn unescape(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    let Some(first) = inner.find('\\') else { return Some(Cow::Borrowed(inner)) };
    let mut text = String::with_capacity(inner.len());
    text.push_str(&inner[..first]);
    let mut rest = &inner[first..];
    while let Some(escaped) = rest.strip_prefix('\\') {
        let (character, behind) = match escaped.as_bytes().first()? {
            b'u' => unicode(escaped)?,
            b'b' => ('\u{8}', &escaped[1..]),
            b'f' => ('\u{c}', &escaped[1..]),
            b'n' => ('\n', &escaped[1..]),
            b'r' => ('\r', &escaped[1..]),
            b't' => ('\t', &escaped[1..]),
            other => (char::from(*other), &escaped[1..]),
        };
        text.push(character);
        let plain = behind.find('\\').unwrap_or(behind.len());
        text.push_str(&behind[..plain]);
        rest = &behind[plain..];
    }
    Some(Cow::Owned(text))
}

/// The character of `uXXXX`, or of `uXXXX\uXXXX` for a surrogate pair, and what follows it.
fn unicode(escaped: &str) -> Option<(char, &str)> {
    let unit = |text: &str| u16::from_str_radix(text.get(1..5)?, 16).ok();
    let first = unit(escaped)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, &escaped[5..]));
    }
    let second = unit(escaped[5..].strip_prefix('\\').filter(|low| low.starts_with('u'))?)?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, &escaped[11..]))
}

/// Appends `text` to `out` as a JSON string, quotes included. RFC 8259, section 7: quotes, backslashes and control
/// characters are escaped, everything else stands as it is.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let special = skip_plain(bytes, from);
        out.extend_from_slice(&bytes[from..special]);
        let Some(byte) = bytes.get(special) else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(control >> 4)]);
                out.push(HEX[usize::from(control & 15)]);
            }
        }
        from = special + 1;
    }
    out.push(b'"');
}
