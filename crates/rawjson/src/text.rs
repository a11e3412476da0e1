//! The strings of JSON: skipping, reading and writing them.

use std::borrow::Cow;

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Bytes looked at together: as many as the narrowest vector registers of today hold.
const BLOCK: usize = 16;

/// The offset of the first byte at or after `at` that is not a JSON blank.
#[inline]
pub(crate) fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The offset of the first byte at or after `at` that means something inside a string: a quote, a backslash or a
/// control character; the length if there is none.
#[inline]
pub(crate) fn skip_plain(bytes: &[u8], mut at: usize) -> usize {
    let is_special = |byte: u8| (byte == b'"') | (byte == b'\\') | (byte < 0x20);
    let special = |word| bytes_equal(word, b'"') | bytes_equal(word, b'\\') | control_bytes(word);
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        if any(block, is_special) {
            return at + first_marked(block, special);
        }
        at += BLOCK;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

/// The offset behind the string that begins at `at` with its quote. `bytes` are valid JSON, so a quote ends the
/// string unless it is escaped: unless an odd number of backslashes stand before it.
#[inline]
pub(crate) fn skip_string(bytes: &[u8], at: usize) -> usize {
    let start = at + 1;
    let mut from = start;
    loop {
        let quote = find_quote(bytes, from);
        let before = bytes.get(start..quote).unwrap_or_default();
        let backslashes = match before.last() {
            Some(b'\\') => before.iter().rev().take_while(|byte| **byte == b'\\').count(),
            _ => return quote + 1,
        };
        if backslashes % 2 == 0 {
            return quote + 1;
        }
        from = quote + 1;
    }
}

/// The offset of the first quote at or after `at`. Most strings are short, and a search that is made for long ones
/// costs more to begin: so the first block is looked at here.
#[inline]
fn find_quote(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk::<BLOCK>() {
        Some(block) if any(block, |byte| byte == b'"') => {
            at + first_marked(block, |word| bytes_equal(word, b'"'))
        }
        _ => at + memchr::memchr(b'"', rest).unwrap_or(rest.len()),
    }
}

/// Whether a byte of the block is of this kind. Without a branch, so that it becomes a few vector instructions.
#[inline]
fn any(block: &[u8; BLOCK], kind: impl Fn(u8) -> bool) -> bool {
    u128::from_ne_bytes(block.map(|byte| u8::from(kind(byte)))) != 0
}

/// The place of the first byte that `marks` marks by its high bit; the block has one.
#[inline]
fn first_marked(block: &[u8; BLOCK], marks: impl Fn(u64) -> u64) -> usize {
    let (words, _) = block.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marked = marks(u64::from_le_bytes(*word));
        if marked != 0 {
            return index * 8 + (marked.trailing_zeros() / 8) as usize;
        }
    }
    BLOCK
}

/// The high bit of each byte that equals `byte`; exact up to and including the lowest such byte.
#[inline]
fn bytes_equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ (LOW_BITS * u64::from(byte));
    differing.wrapping_sub(LOW_BITS) & !differing & HIGH_BITS
}

/// The high bit of each byte below 0x20; exact up to and including the lowest such byte.
#[inline]
fn control_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS * 0x20) & !word & HIGH_BITS
}

/// The string that the valid JSON text `raw`, quotes included, stands for. None if it has a surrogate without its
/// other half: there is no such string in UTF-8.
pub(crate) fn unescape(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    let Some(first) = memchr::memchr(b'\\', inner.as_bytes()) else { return Some(Cow::Borrowed(inner)) };
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
