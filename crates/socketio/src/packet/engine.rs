//! Engine.IO packets: a type digit and its data; binary messages travel bare, or as base64 where only text can.
//! Source: Engine.IO protocol, revision 4, "Packet encoding".

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

/// Stands between the packets of a polling payload.
pub const SEPARATOR: u8 = 0x1e;

/// A packet as a client may send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `1`: the client ends the session.
    Close,
    /// `2`, with `probe` behind it while an upgrade is tried.
    Ping(&'a str),
    /// `3`: the answer to the server's PING.
    Pong,
    /// `4`: text for the layer above.
    Message(&'a str),
    /// `5`: the upgrade is complete.
    Upgrade,
    /// `6`: nothing, to complete a poll.
    Noop,
}

/// Reads a packet that came as text. None for a type that there is not, or that a client may not send (OPEN).
#[must_use]
pub fn decode(text: &str) -> Option<Packet<'_>> {
    let data = text.get(1..)?;
    match text.as_bytes()[0] {
        b'1' => Some(Packet::Close),
        b'2' => Some(Packet::Ping(data)),
        b'3' => Some(Packet::Pong),
        b'4' => Some(Packet::Message(data)),
        b'5' => Some(Packet::Upgrade),
        b'6' => Some(Packet::Noop),
        _ => None,
    }
}

/// The bytes of a packet of a polling payload that carries a binary message (`b` and base64). None if it does not
/// begin with `b`, or is not base64.
#[must_use]
pub fn decode_binary(packet: &str) -> Option<Bytes> {
    STANDARD.decode(packet.strip_prefix('b')?).ok().map(Bytes::from)
}

/// Appends a binary message in the form it has in a polling payload.
pub fn encode_binary(out: &mut Vec<u8>, data: &[u8]) {
    out.push(b'b');
    let start = out.len();
    out.resize(start + base64::encoded_len(data.len(), true).unwrap_or_default(), 0);
    if let Ok(written) = STANDARD.encode_slice(data, &mut out[start..]) {
        out.truncate(start + written);
    }
}

/// The packets of a polling payload, in order.
pub fn split(payload: &str) -> impl Iterator<Item = &str> {
    payload.split(char::from(SEPARATOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_a_client_may_send_is_read() {
        for (text, packet) in [
            ("1", Packet::Close),
            ("2", Packet::Ping("")),
            ("2probe", Packet::Ping("probe")),
            ("3", Packet::Pong),
            ("4", Packet::Message("")),
            ("4é😀", Packet::Message("é😀")),
            ("5", Packet::Upgrade),
            ("6", Packet::Noop),
        ] {
            assert_eq!(decode(text), Some(packet));
        }
    }

    #[test]
    fn what_is_no_packet_of_a_client_is_refused() {
        for text in ["", "0{}", "7", "abc", "é", "\u{1e}"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn binary_messages_survive_a_polling_payload() {
        for data in [&b""[..], &[1, 2, 3, 4], &[255; 100]] {
            let mut out = Vec::new();
            encode_binary(&mut out, data);
            assert_eq!(decode_binary(std::str::from_utf8(&out).unwrap()).unwrap(), data);
        }
        assert_eq!(decode_binary("bAQIDBA==").unwrap(), &[1, 2, 3, 4][..]);
        for bad in ["AQIDBA==", "bA", "b*", "b=="] {
            assert_eq!(decode_binary(bad), None, "{bad}");
        }
    }
}
