//! What each fuzz target does with its bytes: it feeds a decoder, and holds what comes out against what must be true of
//! it. The seeds under `seeds/<target>/` go through the same functions in an ordinary test of the kit.
//!
//! To add a target: a function here, a row in [`TARGETS`], a file in `fuzz_targets/`, a `[[bin]]`, and seeds.

use std::{str::from_utf8, sync::Arc, time::Instant};

use dialects::{Dialect, Locale, MESH, Validation};
use rawjson::{Kind, Problem, Value};
use socketio::{
    Limits,
    packet::{
        engine,
        socket::{Body, decode},
    },
    session::{Incoming, Session},
};

/// A name, and what is done with the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target by its name.
pub const TARGETS: [Target; 6] = [
    ("socketio_packet", socketio_packet),
    ("engineio_payload", engineio_payload),
    ("websocket_frames", websocket_frames),
    ("rawjson", rawjson),
    ("mesh_decode", mesh_decode),
    ("jwt", jwt),
];

/// The brackets that may be open at once.
const MAX_DEPTH: usize = 64;

/// Lines, each a message of one client: text, or what follows `b` as bytes. Each is also a packet by itself.
pub fn socketio_packet(bytes: &[u8]) {
    let limits = Limits { max_namespaces: 3, max_connects: 6, ..Limits::default() };
    let (now, mut session) =
        (Instant::now(), Session::<usize>::new(Instant::now(), Arc::new(limits.clone())));
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let incoming = match (line.strip_prefix(b"b"), from_utf8(line)) {
            (Some(data), _) => session.binary(data),
            (None, Ok(text)) => {
                packet(text, &limits);
                session.text(now, text)
            }
            (None, Err(_)) => return,
        };
        match incoming {
            Ok(Incoming::Connect { namespace, .. }) if namespace.len() % 2 == 1 => session.accept(number),
            Ok(Incoming::Connect { .. } | Incoming::Crowded { .. }) => session.refuse(now),
            Ok(Incoming::Event(entry, event)) => {
                assert!(*entry < number && event.attachments.len() <= limits.max_attachments);
                assert!(event.args.clone().count() < line.len().max(1 << 16));
            }
            Ok(Incoming::Ack(entry, answer)) => {
                assert!(*entry < number && answer.attachments.len() <= limits.max_attachments);
            }
            Ok(Incoming::Disconnect(_) | Incoming::Nothing) => {}
            Err(_) => return,
        }
        assert!(session.entries().count() <= limits.max_namespaces);
    }
}

/// What a packet says is part of the packet.
fn packet(text: &str, limits: &Limits) {
    let Ok(packet) = decode(text, limits) else { return };
    assert!(packet.namespace.starts_with('/') && packet.namespace.len() <= limits.max_namespace_bytes);
    assert!(packet.attachments <= limits.max_attachments);
    if let Body::Event { args, .. } | Body::Ack { args, .. } = packet.body {
        let rest = args.rest();
        assert!(text.contains(rest));
        let again = rawjson::validate_str(&format!("[{rest}]"), limits.max_depth).map(|_| ());
        assert_eq!(again, Ok(()), "what is handed on can be relayed");
    }
}

/// A polling payload: what was binary is the same when it is written again.
pub fn engineio_payload(bytes: &[u8]) {
    let Ok(payload) = from_utf8(bytes) else { return };
    for packet in engine::split(payload) {
        let _ = engine::decode(packet);
        if let Some(data) = engine::decode_binary(packet) {
            let mut again = Vec::new();
            engine::encode_binary(&mut again, &data);
            assert_eq!(again, packet.as_bytes());
        }
    }
}

/// A stream of WebSocket frames, whole and in pieces.
pub fn websocket_frames(bytes: &[u8]) {
    socketio::fuzzing::websocket_frames(bytes);
}

/// A text that is JSON, or not: as another reader of JSON sees it too.
pub fn rawjson(bytes: &[u8]) {
    // Theirs does not look at UTF-8 where it ignores what it reads.
    let theirs = from_utf8(bytes).ok().map(serde_json::from_str::<serde::de::IgnoredAny>);
    match (rawjson::validate(bytes, MAX_DEPTH), theirs) {
        (Ok(value), Some(Ok(_))) => walk(value),
        (Err(error), Some(Ok(_))) => assert_eq!(error.problem, Problem::TooDeep),
        (Err(_), Some(Err(_))) => {}
        (Err(error), None) => assert_eq!(error.problem, Problem::NotUtf8),
        (Ok(value), theirs) => panic!("{value:?} is no JSON: {theirs:?}"),
    }
}

/// Every value within a value is one by itself.
fn walk(value: Value<'_>) {
    assert_eq!(rawjson::validate_str(value.as_str(), MAX_DEPTH).map(Value::as_str), Ok(value.as_str()));
    let theirs = || serde_json::from_str::<serde_json::Value>(value.as_str()).ok();
    match value.kind() {
        Kind::Null => assert_eq!(value.as_str(), "null"),
        Kind::Bool => assert_eq!(value.bool().map(|bool| bool.to_string()).as_deref(), Some(value.as_str())),
        Kind::Number => assert_eq!(value.u64(), theirs().and_then(|number| number.as_u64())),
        Kind::String => {
            assert_eq!(value.string().as_deref(), theirs().as_ref().and_then(|text| text.as_str()));
            if let Some(string) = value.string() {
                let mut again = Vec::new();
                rawjson::write_string(&mut again, &string);
                let again = rawjson::validate(&again, 1).ok().and_then(Value::string);
                assert_eq!(again.as_deref(), Some(string.as_ref()));
            }
        }
        Kind::Array => value.elements().into_iter().flatten().for_each(walk),
        Kind::Object => {
            for (name, member) in value.members().into_iter().flatten() {
                assert!(value.get(&name).is_some());
                walk(member);
            }
        }
    }
}

/// The name of an event, and on the next line its payload: whatever is refused is refused in well-formed words.
pub fn mesh_decode(bytes: &[u8]) {
    let Some((event, payload)) = from_utf8(bytes).ok().and_then(|text| text.split_once('\n')) else { return };
    let payload = match payload {
        "" => None,
        json => match rawjson::validate_str(json, MAX_DEPTH) {
            Ok(value) => Some(value),
            Err(_) => return,
        },
    };
    for validation in [Validation::Shape, Validation::Off] {
        let decoded = MESH.decode(event, payload, validation);
        if let Ok(decoded) = &decoded {
            assert!(MESH.events().iter().any(|row| row.name == decoded.event));
        }
        if let Err(refusal) = decoded {
            let (mut error, mut reply) = (Vec::new(), Vec::new());
            MESH.encode_error(event, &refusal, Locale::Ko, &mut error);
            MESH.encode_reply(&Err(refusal), Locale::En, &mut reply);
            for said in [error, reply] {
                assert!(rawjson::validate(&said, MAX_DEPTH).is_ok(), "{}", said.escape_ascii());
            }
        }
    }
}

/// A token, or what lies behind its signature, or the keys that it is verified with.
pub fn jwt(bytes: &[u8]) {
    auth::fuzzing::verify(bytes);
}
