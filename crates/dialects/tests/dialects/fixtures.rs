//! Every story is true, and together they leave nothing out.

use std::collections::BTreeSet;
use std::sync::Arc;

use dialects::{ALL, Class, Dialect, Direction, Expectation, Validation};
use domain::{
    Body, Command, Event, Excerpt, Form, Locale, Member, Refusal, Reply, RoomId, Signal, SignalKind, UserId,
    Voice,
};

use crate::cast;
use crate::story::{Line, Mark, Story, stories};

#[test]
fn every_story_is_true() {
    for &dialect in ALL {
        for story in stories(dialect) {
            assert_true(dialect, &story);
        }
    }
}

#[test]
fn there_is_a_story_for_every_event_in_each_direction() {
    for &dialect in ALL {
        let told = |direction| {
            let lines = lines(dialect).into_iter();
            let mark = match direction {
                Direction::ToServer => Mark::Emits,
                Direction::ToClient => Mark::Hears,
            };
            lines.filter(|line| line.mark == mark).map(|line| event_name(&line.text)).collect::<BTreeSet<_>>()
        };
        for row in dialect.events() {
            assert!(told(row.direction).contains(row.name), "{} {:?} is untold", row.name, row.direction);
        }
    }
}

#[test]
fn there_is_a_story_for_everything_a_payload_may_fail_to_be() {
    for &dialect in ALL {
        let refused: Vec<String> = texts(dialect, Mark::Refused);
        for expectation in Expectation::ALL {
            let ending = format!(": it must be {}", expectation.phrase().text(Locale::En));
            assert!(refused.iter().any(|text| text.ends_with(&ending)), "{expectation:?} is untold");
        }
        for code in ["VALIDATION_ERROR", "UNKNOWN_EVENT", "PEER_NOT_FOUND"] {
            assert!(refused.iter().any(|text| text.starts_with(code)), "{code} is untold");
        }
    }
}

#[test]
fn there_is_a_story_for_every_refusal_and_reply() {
    for &dialect in ALL {
        let happened: BTreeSet<String> = texts(dialect, Mark::Happens).into_iter().collect();
        for (name, _) in refusals() {
            assert!(happened.contains(&format!("refused {name}")), "{name} is untold");
        }
        assert!(happened.contains("done"));
        assert!(happened.iter().any(|text| text.starts_with("joined ")));
    }
}

/// One of each kind. Whoever adds a kind is led here by the match, and to the stories by the tests.
fn refusals() -> Vec<(&'static str, Refusal)> {
    let (room, user) = (room("standup"), |text| UserId::try_from(text).unwrap());
    let all = [
        RoomId::try_from("a\"\r\n\u{202e}").unwrap_err(),
        Refusal::UnknownEvent { event: Excerpt::of("dance") },
        Refusal::NotYourIdentity { claimed: user("mallory"), verified: user("alice") },
        Refusal::IdTaken { user: user("alice") },
        Refusal::NotGranted { room: room.clone() },
        Refusal::TooManyRooms { limit: 64 },
        Refusal::RoomFull { room: room.clone(), capacity: 10 },
        Refusal::NotInRoom { room },
        Refusal::PeerNotFound { peer: Excerpt::of("carol-Rt3LwQ0vHa8NzE") },
        Refusal::RateLimited { retry_after_ms: 20 },
        Refusal::Unavailable,
        Refusal::Internal,
    ];
    all.map(|refusal| (refusal_name(&refusal), refusal)).into()
}

fn refusal_name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Invalid { .. } => "invalid",
        Refusal::UnknownEvent { .. } => "unknown-event",
        Refusal::NotYourIdentity { .. } => "not-your-identity",
        Refusal::IdTaken { .. } => "id-taken",
        Refusal::NotGranted { .. } => "not-granted",
        Refusal::TooManyRooms { .. } => "too-many-rooms",
        Refusal::RoomFull { .. } => "room-full",
        Refusal::NotInRoom { .. } => "not-in-room",
        Refusal::PeerNotFound { .. } => "peer-not-found",
        Refusal::RateLimited { .. } => "rate-limited",
        Refusal::Unavailable => "unavailable",
        Refusal::Internal => "internal",
    }
}

fn assert_true(dialect: &dyn Dialect, story: &Story) {
    let mut cause: Option<&Line> = None;
    for line in &story.lines {
        match line.mark {
            Mark::Emits | Mark::EmitsUnchecked | Mark::Happens => cause = Some(line),
            Mark::Asks | Mark::Refused | Mark::Hears | Mark::Acknowledged => {
                let told = effect(dialect, cause.unwrap(), line.mark);
                assert_eq!(told, line.text, "{}:{}", story.file, line.number);
            }
        }
    }
}

/// What the code makes of the cause, in the words of the story.
fn effect(dialect: &dyn Dialect, cause: &Line, mark: Mark) -> String {
    let mut out = Vec::new();
    match (cause.mark, mark) {
        (Mark::Emits, _) => return decode(dialect, &cause.text, Validation::Shape),
        (Mark::EmitsUnchecked, _) => return decode(dialect, &cause.text, Validation::Off),
        (_, Mark::Acknowledged) => dialect.encode_reply(&reply(&cause.text), Locale::En, &mut out),
        _ => match cause.text.strip_prefix("refused ") {
            Some(name) => dialect.encode_error("join", &refusal(name), Locale::En, &mut out),
            None => dialect.encode(&event(&cause.text), &mut out),
        },
    }
    rawjson::validate(&out, 64).expect("what goes out is JSON");
    String::from_utf8(out).unwrap()
}

/// `other: join standup as alice`, or the refusal.
fn decode(dialect: &dyn Dialect, wire: &str, validation: Validation) -> String {
    let value = rawjson::validate(wire.as_bytes(), 64).unwrap();
    let mut elements = value.elements().unwrap();
    let name = elements.next().unwrap().string().unwrap();
    let decoded = match dialect.decode(&name, elements.next(), validation) {
        Ok(decoded) => decoded,
        Err(refusal) => return format!("{} {refusal}", refusal.code()),
    };
    assert_eq!(decoded.event, name, "the event keeps its name");
    let class = match decoded.class {
        Class::Relay => "relay",
        Class::Other => "other",
    };
    format!("{class}: {}", describe(&decoded.command))
}

fn describe(command: &Command) -> String {
    match command {
        Command::Join { room, user: None, voice: Voice::Mesh } => format!("join {room}"),
        Command::Join { room, user: Some(user), voice: Voice::Mesh } => format!("join {room} as {user}"),
        Command::Leave { room: None } => "leave all".to_owned(),
        Command::Leave { room: Some(room) } => format!("leave {room}"),
        Command::Relay { to, room, signal, form } => {
            let room = room.as_ref().map(|room| format!(" in {room}")).unwrap_or_default();
            format!(
                "{} to {}{room}, {}: {}",
                kind(signal),
                cast::name_of(*to),
                form_name(*form),
                signal.body.as_str()
            )
        }
        Command::Broadcast { room, signal } => {
            format!("{} to all in {room}: {}", kind(signal), signal.body.as_str())
        }
    }
}

fn kind(signal: &Signal) -> &'static str {
    match signal.kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate => "candidate",
    }
}

fn form_name(form: Form) -> &'static str {
    match form {
        Form::Plain => "plain",
        Form::Envelope => "envelope",
    }
}

/// `peer-joined standup alice`, or `offer standup alice to bob plain {"type":...}`.
fn event(text: &str) -> Event {
    let words: Vec<&str> = text.split(' ').collect();
    let room = room(words[1]);
    match words[0] {
        "existing-peers" => Event::ExistingPeers { room, peers: members(&words[2..]) },
        "peer-joined" => Event::PeerJoined { room, peer: cast::member(words[2]) },
        "peer-left" => Event::PeerLeft { room, peer: cast::member(words[2]) },
        kind => {
            let (from, to) = (cast::peer(words[2]), (words[4] != "all").then(|| cast::peer(words[4])));
            let body = text.splitn(7, ' ').nth(6).unwrap();
            let kind = match kind {
                "offer" => SignalKind::Offer,
                "answer" => SignalKind::Answer,
                "candidate" => SignalKind::Candidate,
                other => panic!("nothing like {other} happens"),
            };
            let form = if words[5] == "plain" { Form::Plain } else { Form::Envelope };
            Event::Signal { room, from, to, signal: Signal { kind, body: Body::new(body) }, form }
        }
    }
}

/// `done`, `joined standup alice bob`, or `refused room-full`.
fn reply(text: &str) -> Result<Reply, Refusal> {
    let words: Vec<&str> = text.split(' ').collect();
    match words[0] {
        "done" => Ok(Reply::Done),
        "joined" => Ok(Reply::Joined { room: room(words[1]), peers: members(&words[2..]) }),
        "refused" => Err(refusal(words[1])),
        other => panic!("no reply is called {other}"),
    }
}

fn refusal(name: &str) -> Refusal {
    refusals().into_iter().find(|(known, _)| *known == name).unwrap().1
}

fn members(names: &[&str]) -> Arc<[Member]> {
    names.iter().map(|name| cast::member(name)).collect()
}

fn room(name: &str) -> RoomId {
    RoomId::try_from(name).unwrap()
}

fn lines(dialect: &dyn Dialect) -> Vec<Line> {
    stories(dialect).into_iter().flat_map(|story| story.lines).collect()
}

fn texts(dialect: &dyn Dialect, mark: Mark) -> Vec<String> {
    lines(dialect).into_iter().filter(|line| line.mark == mark).map(|line| line.text).collect()
}

/// The name in `["name",...]`.
fn event_name(wire: &str) -> String {
    let value = rawjson::validate(wire.as_bytes(), 64).unwrap();
    value.elements().unwrap().next().unwrap().string().unwrap().into_owned()
}
