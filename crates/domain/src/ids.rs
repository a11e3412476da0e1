//! The id of a connection, and the body of a relayed message.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A connection, as others address it: 120 bits, written as 20 characters of base64url.
///
/// The shell makes it from random bits; it is no secret and gives no power over the connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(u128);

impl PeerId {
    /// How many characters the written form has.
    pub const CHARS: usize = 20;
    /// How many of the bits count.
    pub const BITS: u32 = 120;

    /// The id with the lowest 120 of these bits; the upper eight are dropped.
    pub const fn from_bits(bits: u128) -> PeerId {
        PeerId(bits & ((1 << PeerId::BITS) - 1))
    }

    /// The 120 bits of the id.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// The written form, as ASCII bytes that need no escaping in JSON; for who appends it to a buffer.
    pub fn to_ascii(self) -> [u8; PeerId::CHARS] {
        let mut characters = [0; PeerId::CHARS];
        let mut rest = self.0;
        for character in characters.iter_mut().rev() {
            *character = ALPHABET[(rest & 0x3f) as usize];
            rest >>= 6;
        }
        characters
    }
}

/// Base64url, in the order of its values.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// For each byte its value in [`ALPHABET`], or [`NO_VALUE`].
const VALUES: [u8; 256] = {
    let mut values = [NO_VALUE; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
};

const NO_VALUE: u8 = 0xff;

/// Text that is not the written form of any [`PeerId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedPeerId;

impl fmt::Display for MalformedPeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a peer id is 20 characters of A-Z a-z 0-9 - _")
    }
}

impl std::error::Error for MalformedPeerId {}

impl FromStr for PeerId {
    type Err = MalformedPeerId;

    fn from_str(text: &str) -> Result<PeerId, MalformedPeerId> {
        if text.len() != PeerId::CHARS {
            return Err(MalformedPeerId);
        }
        let mut bits = 0;
        for byte in text.bytes() {
            let value = VALUES[byte as usize];
            if value == NO_VALUE {
                return Err(MalformedPeerId);
            }
            bits = bits << 6 | u128::from(value);
        }
        Ok(PeerId(bits))
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ascii = self.to_ascii();
        f.pad(std::str::from_utf8(&ascii).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({self})")
    }
}

/// JSON text on its way from one peer to others. The core never reads it, and a copy is a reference.
///
/// Its `Debug` form tells the length alone: a body holds addresses and fingerprints, and must not
/// reach a log by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Arc<str>);

impl Body {
    /// Keeps `json`, which the caller has validated to be one JSON value.
    pub fn new(json: &str) -> Body {
        Body(Arc::from(json))
    }

    /// The text, byte-equal to what was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_in_twenty_characters_and_read_back() {
        for bits in [0, 1, 63, 64, 0x0123_4567_89ab_cdef, u128::MAX] {
            let id = PeerId::from_bits(bits);
            assert_eq!(id.to_string().len(), PeerId::CHARS);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!(PeerId::from_bits(0).to_string(), "AAAAAAAAAAAAAAAAAAAA");
        assert_eq!(PeerId::from_bits(u128::MAX).to_string(), "____________________");
        assert_eq!(PeerId::from_bits(62 << 6).to_string(), "AAAAAAAAAAAAAAAAAA-A");
    }

    #[test]
    fn the_upper_eight_bits_do_not_count() {
        assert_eq!(PeerId::from_bits(5 | 1 << 120), PeerId::from_bits(5));
    }

    #[test]
    fn other_text_is_no_peer_id() {
        let long = "A".repeat(100_000);
        for text in [
            "",
            "AAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAA+",
            "AAAAAAAAAAAAAAAAAAA/",
            "AAAAAAAAAAAAAAAAAAA=",
            "AAAAAAAAAAAAAAAAAA\u{e9}",
            "                    ",
            "__proto__",
            "constructor",
            &long,
        ] {
            assert_eq!(text.parse::<PeerId>(), Err(MalformedPeerId), "{text:.30}");
        }
    }

    #[test]
    fn a_body_shows_its_length_alone_when_it_is_debugged() {
        assert_eq!(format!("{:?}", Body::new(r#"{"candidate":"secret"}"#)), "Body(22 bytes)");
    }
}
