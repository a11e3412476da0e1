//! The two ids of a connection: one that others may know, and one that they may not.

use std::{fmt, str::FromStr};

/// Characters of an id: 120 bits, six to a character.
const LENGTH: usize = 20;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The public id of a socket, one connection in one namespace: `socket.id` on both sides. 120 random bits, written
/// as 20 characters of the base64url alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(u128);

impl SocketId {
    /// An id that nobody can guess.
    pub(crate) fn random() -> Self {
        Self(random_bits())
    }

    /// Its 120 bits, in the low end.
    #[must_use]
    pub fn bits(self) -> u128 {
        self.0
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bits(self.0, f)
    }
}

/// The secret id of an Engine.IO session. Whoever knows it can poll, post and upgrade as that client, so it is
/// never the id that peers are told, and no log shows it: it has no `Display`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionId(u128);

impl SessionId {
    pub(crate) fn random() -> Self {
        Self(random_bits())
    }

    /// The text that the client is told, and nobody else.
    pub(crate) fn reveal(self) -> String {
        struct Bits(u128);
        impl fmt::Display for Bits {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_bits(self.0, f)
            }
        }
        Bits(self.0).to_string()
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(secret)")
    }
}

impl FromStr for SessionId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        read_bits(text).map(Self).ok_or(())
    }
}

/// # Panics
/// If the system has no source of randomness: nothing can be made safe without one.
#[expect(clippy::expect_used, reason = "no connection can be made safe without randomness")]
fn random_bits() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes[1..]).expect("the system's random source must work");
    u128::from_be_bytes(bytes)
}

fn write_bits(bits: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0; LENGTH];
    for (place, byte) in text.iter_mut().rev().enumerate() {
        *byte = ALPHABET[(bits >> (6 * place)) as usize & 63];
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn read_bits(text: &str) -> Option<u128> {
    if text.len() != LENGTH {
        return None;
    }
    text.bytes().try_fold(0, |bits, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        Some((bits << 6) | digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_twenty_characters_and_comes_back_from_them() {
        for id in [SessionId(0), SessionId((1 << 120) - 1), SessionId::random()] {
            let text = id.reveal();
            assert_eq!(text.len(), LENGTH);
            assert!(text.parse() == Ok(id));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "__proto__", "AAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAA=", "\0"]
        {
            assert!(text.parse::<SessionId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_session_id_does_not_show_itself() {
        let id = SessionId::random();
        assert!(!format!("{id:?}").contains(&id.reveal()));
    }
}
