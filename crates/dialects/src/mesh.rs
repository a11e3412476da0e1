//! Mesh: rooms whose peers address each other by the id of their connection.

use domain::{Body, Found};
use domain::{
    Command, Event, Form, Locale, Member, PeerId, Refusal, Reply, Signal, SignalKind, Standing, Voice,
};
use rawjson::Value;

use crate::validation::{self, Expectation, Validation};
use crate::{Class, Decoded, Dialect, Direction, EventRow, fields, registry, write};

/// The dialect itself.
#[derive(Clone, Copy, Debug)]
pub struct Mesh;

/// The one there is.
pub static MESH: Mesh = Mesh;

const EVENTS: &[EventRow] = &[
    EventRow {
        name: "join",
        direction: Direction::ToServer,
        payload: "{roomId, userId?}",
        effect: "enters the room, which is made if it is not there; oneself gets `existing-peers`, the others `peer-joined`",
    },
    EventRow {
        name: "existing-peers",
        direction: Direction::ToClient,
        payload: "[{peerId, socketId, userId, username?, guest?, joinedAt}]",
        effect: "who else is in the room just joined, in the order they joined; `socketId` equals `peerId`",
    },
    EventRow {
        name: "peer-joined",
        direction: Direction::ToClient,
        payload: "{peerId, userId, username?, guest?}",
        effect: "someone joined a room one is in",
    },
    EventRow {
        name: "leave",
        direction: Direction::ToServer,
        payload: "{roomId?}",
        effect: "leaves the room, or all rooms if none is named; the others get `peer-left`",
    },
    EventRow {
        name: "peer-left",
        direction: Direction::ToClient,
        payload: "{peerId, userId, guest?}",
        effect: "someone left a room one is in, or lost the connection",
    },
    EventRow {
        name: "offer",
        direction: Direction::ToServer,
        payload: "{to, offer, roomId?}",
        effect: "is relayed to the peer `to`",
    },
    EventRow {
        name: "offer",
        direction: Direction::ToClient,
        payload: "{from, offer}",
        effect: "the peer `from` sent it",
    },
    EventRow {
        name: "answer",
        direction: Direction::ToServer,
        payload: "{to, answer, roomId?}",
        effect: "is relayed to the peer `to`",
    },
    EventRow {
        name: "answer",
        direction: Direction::ToClient,
        payload: "{from, answer}",
        effect: "the peer `from` sent it",
    },
    EventRow {
        name: "ice-candidate",
        direction: Direction::ToServer,
        payload: "{to, candidate, roomId?}",
        effect: "is relayed to the peer `to`",
    },
    EventRow {
        name: "ice-candidate",
        direction: Direction::ToClient,
        payload: "{from, candidate}",
        effect: "the peer `from` sent it",
    },
    EventRow {
        name: "message",
        direction: Direction::ToServer,
        payload: "{type, to?, roomId, data}",
        effect: "does what the event named by `type` does (`join`, `leave`, `offer`, `answer`, `ice-candidate`); without `to` a signal goes to all others in the room",
    },
    EventRow {
        name: "message",
        direction: Direction::ToClient,
        payload: "{type, from, to?, roomId, data}",
        effect: "the peer `from` sent a signal as `message`",
    },
    EventRow {
        name: "error",
        direction: Direction::ToClient,
        payload: "{code, message, event, retryAfterMs?}",
        effect: "the event `event` failed and had no acknowledgement to say so",
    },
];

impl Dialect for Mesh {
    fn name(&self) -> &'static str {
        "mesh"
    }

    fn events(&self) -> &'static [EventRow] {
        EVENTS
    }

    fn claims(&self, event: &str, _payload: Option<Value<'_>>) -> bool {
        registry::takes(EVENTS, event)
    }

    fn decode(
        &self,
        event: &str,
        payload: Option<Value<'_>>,
        validation: Validation,
    ) -> Result<Decoded, Refusal> {
        validation::event_size(payload)?;
        match event {
            "ice-candidate" => decode_relay("ice-candidate", SignalKind::Candidate, payload, validation),
            "offer" => decode_relay("offer", SignalKind::Offer, payload, validation),
            "answer" => decode_relay("answer", SignalKind::Answer, payload, validation),
            "message" => decode_envelope(payload, validation),
            "join" => decode_join(payload),
            "leave" => decode_leave(payload),
            _ => Err(fields::unknown_event(event)),
        }
    }

    fn encode(&self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Signal { from, signal, form: Form::Plain, .. } => encode_relay(*from, signal, out),
            Event::Signal { room, from, to, signal, form: Form::Envelope } => {
                encode_envelope(room.as_str(), *from, *to, signal, out);
            }
            Event::ExistingPeers { peers, .. } => {
                out.extend_from_slice(br#"["existing-peers","#);
                encode_rows(peers, out);
                out.push(b']');
            }
            Event::PeerJoined { peer, .. } => {
                out.extend_from_slice(br#"["peer-joined",{"peerId":""#);
                encode_identity(peer, out);
                encode_username(peer, out);
                encode_standing(peer, out);
                out.extend_from_slice(b"}]");
            }
            Event::PeerLeft { peer, .. } => {
                out.extend_from_slice(br#"["peer-left",{"peerId":""#);
                encode_identity(peer, out);
                encode_standing(peer, out);
                out.extend_from_slice(b"}]");
            }
        }
    }

    fn encode_reply(&self, result: &Result<Reply, Refusal>, locale: Locale, out: &mut Vec<u8>) {
        match result {
            Ok(Reply::Done) => out.extend_from_slice(br#"[{"success":true}]"#),
            Ok(Reply::Joined { room, peers }) => {
                out.extend_from_slice(br#"[{"success":true,"roomId":""#);
                out.extend_from_slice(room.as_str().as_bytes());
                out.extend_from_slice(br#"","peers":"#);
                encode_rows(peers, out);
                out.extend_from_slice(b"}]");
            }
            Err(refusal) => write::failure(refusal, locale, out),
        }
    }

    fn encode_error(&self, event: &str, refusal: &Refusal, locale: Locale, out: &mut Vec<u8>) {
        write::error(event, refusal, locale, out);
    }
}

fn decode_join(payload: Option<Value<'_>>) -> Result<Decoded, Refusal> {
    let [room, user] = fields::members(payload, ["roomId", "userId"])?;
    let command = join(room, user)?;
    Ok(Decoded { event: "join", class: Class::Other, command })
}

fn decode_leave(payload: Option<Value<'_>>) -> Result<Decoded, Refusal> {
    let room = match fields::present(payload) {
        Some(payload) => {
            let [room] = fields::members(Some(payload), ["roomId"])?;
            fields::optional_room("roomId", room)?
        }
        None => None,
    };
    Ok(Decoded { event: "leave", class: Class::Other, command: Command::Leave { room } })
}

fn decode_relay(
    event: &'static str,
    kind: SignalKind,
    payload: Option<Value<'_>>,
    validation: Validation,
) -> Result<Decoded, Refusal> {
    let field = body_name(kind);
    let [to, room, body] = fields::members(payload, ["to", "roomId", field])?;
    let to = fields::peer("to", to)?;
    let room = fields::optional_room("roomId", room)?;
    let signal = signal(kind, field, body, validation)?;
    let command = Command::Relay { to, room, signal, form: Form::Plain };
    Ok(Decoded { event, class: Class::Relay, command })
}

fn decode_envelope(payload: Option<Value<'_>>, validation: Validation) -> Result<Decoded, Refusal> {
    let [kind, to, room, data] = fields::members(payload, ["type", "to", "roomId", "data"])?;
    let kind = kind.ok_or_else(|| Expectation::EnvelopeType.refuse("type", Found::Missing))?;
    let signal_kind = match kind.string().as_deref() {
        Some("join") => {
            let command = join(room, data.and_then(|data| data.get("userId")))?;
            return Ok(Decoded { event: "message", class: Class::Other, command });
        }
        Some("leave") => {
            let command = Command::Leave { room: fields::optional_room("roomId", room)? };
            return Ok(Decoded { event: "message", class: Class::Other, command });
        }
        Some("offer") => SignalKind::Offer,
        Some("answer") => SignalKind::Answer,
        Some("ice-candidate") => SignalKind::Candidate,
        _ => return Err(Expectation::EnvelopeType.refuse("type", fields::quoted(kind))),
    };
    let command = match fields::optional_peer("to", to)? {
        Some(to) => {
            let room = fields::optional_room("roomId", room)?;
            let signal = signal(signal_kind, "data", data, validation)?;
            Command::Relay { to, room, signal, form: Form::Envelope }
        }
        None => {
            let room = fields::room("roomId", room)?;
            Command::Broadcast { room, signal: signal(signal_kind, "data", data, validation)? }
        }
    };
    Ok(Decoded { event: "message", class: Class::Relay, command })
}

fn join(room: Option<Value<'_>>, user: Option<Value<'_>>) -> Result<Command, Refusal> {
    let room = fields::room("roomId", room)?;
    let user = fields::optional_user("userId", user)?;
    Ok(Command::Join { room, user, voice: Voice::Mesh })
}

fn signal(
    kind: SignalKind,
    field: &'static str,
    body: Option<Value<'_>>,
    validation: Validation,
) -> Result<Signal, Refusal> {
    let (expected, check): (_, fn(_, _, _) -> _) = match kind {
        SignalKind::Offer | SignalKind::Answer => (Expectation::Description, validation::description),
        SignalKind::Candidate => (Expectation::Candidate, validation::candidate),
    };
    let body = body.ok_or_else(|| expected.refuse(field, Found::Missing))?;
    check(field, body, validation)?;
    Ok(Signal { kind, body: Body::new(body.as_str()) })
}

/// The member of a plain event that holds the body.
const fn body_name(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate => "candidate",
    }
}

/// More than what stands around a body in any relay, so that the buffer grows once.
const RELAY_FRAME_BYTES: usize = 256;

fn encode_relay(from: PeerId, signal: &Signal, out: &mut Vec<u8>) {
    let (before, between): (&[u8], &[u8]) = match signal.kind {
        SignalKind::Offer => (br#"["offer",{"from":""#, br#"","offer":"#),
        SignalKind::Answer => (br#"["answer",{"from":""#, br#"","answer":"#),
        SignalKind::Candidate => (br#"["ice-candidate",{"from":""#, br#"","candidate":"#),
    };
    let body = signal.body.as_str();
    out.reserve(body.len() + RELAY_FRAME_BYTES);
    out.extend_from_slice(before);
    out.extend_from_slice(&from.to_ascii());
    out.extend_from_slice(between);
    out.extend_from_slice(body.as_bytes());
    out.extend_from_slice(b"}]");
}

fn encode_envelope(room: &str, from: PeerId, to: Option<PeerId>, signal: &Signal, out: &mut Vec<u8>) {
    let before: &[u8] = match signal.kind {
        SignalKind::Offer => br#"["message",{"type":"offer","from":""#,
        SignalKind::Answer => br#"["message",{"type":"answer","from":""#,
        SignalKind::Candidate => br#"["message",{"type":"ice-candidate","from":""#,
    };
    let body = signal.body.as_str();
    out.reserve(body.len() + RELAY_FRAME_BYTES);
    out.extend_from_slice(before);
    out.extend_from_slice(&from.to_ascii());
    if let Some(to) = to {
        out.extend_from_slice(br#"","to":""#);
        out.extend_from_slice(&to.to_ascii());
    }
    out.extend_from_slice(br#"","roomId":""#);
    out.extend_from_slice(room.as_bytes());
    out.extend_from_slice(br#"","data":"#);
    out.extend_from_slice(body.as_bytes());
    out.extend_from_slice(b"}]");
}

fn encode_rows(peers: &[Member], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, peer) in peers.iter().enumerate() {
        out.extend_from_slice(if index == 0 { br#"{"peerId":""# } else { br#",{"peerId":""# });
        out.extend_from_slice(&peer.peer.to_ascii());
        out.extend_from_slice(br#"","socketId":""#);
        encode_identity(peer, out);
        encode_username(peer, out);
        encode_standing(peer, out);
        out.extend_from_slice(br#","joinedAt":"#);
        write::number(peer.joined_at_ms, out);
        out.push(b'}');
    }
    out.push(b']');
}

/// Closes the member that the caller has opened for the peer's id, and adds `userId`.
fn encode_identity(peer: &Member, out: &mut Vec<u8>) {
    out.extend_from_slice(&peer.peer.to_ascii());
    out.push(b'"');
    write::text_member("userId", peer.user.as_str(), out);
}

fn encode_username(peer: &Member, out: &mut Vec<u8>) {
    if let Some(username) = &peer.username {
        write::text_member("username", username.as_str(), out);
    }
}

fn encode_standing(peer: &Member, out: &mut Vec<u8>) {
    match peer.standing {
        Standing::Guest => out.extend_from_slice(br#","guest":true"#),
        Standing::Verified => {}
    }
}
