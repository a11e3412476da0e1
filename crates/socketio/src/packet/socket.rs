//! Socket.IO packets: `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`.
//! Source: Socket.IO protocol, revision 5, "Packet encoding".

use std::borrow::Cow;

use rawjson::{Elements, Kind, Value};

use super::placeholder;
use crate::limits::Limits;

/// Names that the client library keeps for its own notices: an event so named would pass for one.
pub const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// A packet as a client may send it. Text borrows from the message it came in.
#[derive(Debug, Clone)]
pub struct Packet<'a> {
    /// The namespace it belongs to, with its slash; `/` when none was written.
    pub namespace: &'a str,
    /// Binary messages that follow and belong to it.
    pub attachments: usize,
    /// What it says.
    pub body: Body<'a>,
}

/// What a packet says.
#[derive(Debug, Clone)]
pub enum Body<'a> {
    /// `0`: asks for the namespace, with an object of credentials if there is one.
    Connect(Option<Value<'a>>),
    /// `1`: leaves the namespace.
    Disconnect,
    /// `2` and `5`: an event.
    Event {
        /// Its name.
        name: Cow<'a, str>,
        /// What follows the name.
        args: Elements<'a>,
        /// The id under which an acknowledgement is asked for.
        ack: Option<u64>,
    },
    /// `3` and `6`: the answer to an event of the server's.
    Ack {
        /// The id that the event bore.
        id: u64,
        /// What the client answers.
        args: Elements<'a>,
    },
    /// Well-formed, and about an acknowledgement id above 2^64 - 1, which nobody can have given out: to be ignored.
    Ignored,
}

/// The packet breaks the protocol; the connection it came on cannot be trusted to be in step any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The first character is none of the types that a client may send.
    #[error("unknown packet type")]
    Type,
    /// The number of attachments is missing, is no number, or is more than allowed.
    #[error("bad number of attachments")]
    Attachments,
    /// The namespace is too long, or is followed by something it should not be.
    #[error("bad namespace")]
    Namespace,
    /// An acknowledgement bears no id.
    #[error("missing acknowledgement id")]
    AckId,
    /// What follows is not the JSON that this type of packet carries.
    #[error("bad payload")]
    Payload,
    /// The first argument of an event is not a string, or is a name the protocol keeps for itself.
    #[error("bad event name")]
    EventName,
    /// A placeholder stands for none of the attachments.
    #[error("bad placeholder")]
    Placeholder,
}

/// Reads a packet.
///
/// # Errors
/// Says what is [`Malformed`]. The whole of the JSON is checked, depth included, before any of it is looked at.
pub fn decode<'a>(text: &'a str, limits: &Limits) -> Result<Packet<'a>, Malformed> {
    let kind = *text.as_bytes().first().ok_or(Malformed::Type)?;
    let (attachments, rest) = match kind {
        b'5' | b'6' => attachments(&text[1..], limits)?,
        b'0'..=b'3' => (0, &text[1..]),
        _ => return Err(Malformed::Type),
    };
    let (namespace, rest) = namespace(rest, limits)?;
    let (id, rest) = ack_id(rest);
    let elements = || rawjson::validate_array(rest, limits.max_depth).map_err(|_| Malformed::Payload);
    let body = match (kind, id) {
        (b'0' | b'1', AckId::Known(_) | AckId::TooLarge) => return Err(Malformed::Payload),
        (b'0', AckId::None) => Body::Connect(credentials(rest, limits)?),
        (b'1', AckId::None) if rest.is_empty() => Body::Disconnect,
        (b'2' | b'5', _) => event(elements()?, id)?,
        (b'3' | b'6', AckId::Known(id)) => Body::Ack { id, args: elements()? },
        (b'3' | b'6', AckId::TooLarge) => elements().map(|_| Body::Ignored)?,
        (b'3' | b'6', AckId::None) => return Err(Malformed::AckId),
        _ => return Err(Malformed::Payload),
    };
    if let Body::Event { args, .. } | Body::Ack { args, .. } = &body
        && attachments > 0
        && !placeholder::all_stand_for(args.rest(), attachments as u64)
    {
        return Err(Malformed::Placeholder);
    }
    Ok(Packet { namespace, attachments, body })
}

#[derive(Clone, Copy)]
enum AckId {
    None,
    Known(u64),
    TooLarge,
}

/// `<number>-`
fn attachments<'a>(text: &'a str, limits: &Limits) -> Result<(usize, &'a str), Malformed> {
    let (number, rest) = text.split_once('-').ok_or(Malformed::Attachments)?;
    let count = match number.as_bytes() {
        // A sign, or more digits than any allowed number has, is not a number here.
        [b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9'] => number.parse().map_err(|_| Malformed::Attachments)?,
        _ => return Err(Malformed::Attachments),
    };
    if count > limits.max_attachments { Err(Malformed::Attachments) } else { Ok((count, rest)) }
}

/// `/name,`, or `/name` at the end of the packet; nothing stands for `/`.
fn namespace<'a>(text: &'a str, limits: &Limits) -> Result<(&'a str, &'a str), Malformed> {
    if !text.starts_with('/') {
        return Ok(("/", text));
    }
    // No further than a name may reach: the comma of a payload is not looked for in megabytes.
    let reach = &text.as_bytes()[..text.len().min(limits.max_namespace_bytes + 1)];
    let (name, rest) = match memchr::memchr(b',', reach) {
        Some(comma) => (&text[..comma], &text[comma + 1..]),
        None if text.len() <= limits.max_namespace_bytes => (text, ""),
        None => return Err(Malformed::Namespace),
    };
    if name.chars().any(char::is_control) { Err(Malformed::Namespace) } else { Ok((name, rest)) }
}

fn ack_id(text: &str) -> (AckId, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (id, rest) = text.split_at(digits);
    match (digits, id.parse()) {
        (0, _) => (AckId::None, rest),
        (_, Ok(id)) => (AckId::Known(id), rest),
        (_, Err(_)) => (AckId::TooLarge, rest),
    }
}

/// Nothing, or an object.
fn credentials<'a>(text: &'a str, limits: &Limits) -> Result<Option<Value<'a>>, Malformed> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = rawjson::validate_str(text, limits.max_depth).map_err(|_| Malformed::Payload)?;
    if value.kind() == Kind::Object { Ok(Some(value)) } else { Err(Malformed::Payload) }
}

fn event<'a>(mut args: Elements<'a>, id: AckId) -> Result<Body<'a>, Malformed> {
    let name = args.next().and_then(Value::string).ok_or(Malformed::EventName)?;
    if RESERVED.contains(&name.as_ref()) {
        return Err(Malformed::EventName);
    }
    match id {
        AckId::None => Ok(Body::Event { name, args, ack: None }),
        AckId::Known(id) => Ok(Body::Event { name, args, ack: Some(id) }),
        AckId::TooLarge => Ok(Body::Ignored),
    }
}
