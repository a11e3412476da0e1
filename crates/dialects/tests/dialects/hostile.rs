//! Whatever a client sends, a decode answers; and what it relays arrives byte for byte.

use dialects::{ALL, Validation, of};
use domain::{Command, Event, Form, Locale, PeerId, RoomId, Voice};
use proptest::prelude::*;

/// Any JSON value, as text: odd numbers, odd strings, names that matter here and names that matter elsewhere.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        prop::sample::select(&["0", "-0", "1.0", "1e400", "-1E-400", "9007199254740993", "42"][..])
            .prop_map(str::to_owned),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        prop::sample::select(
            &[
                r#""offer""#,
                r#""join""#,
                r#""leave""#,
                r#""ice-candidate""#,
                r#""rollback""#,
                r#""standup""#,
                r#""v=0\r\n""#,
                r#""\u0076=0""#,
                r#""\ud800""#,
                r#""\u0000""#,
                r#""alice-7dKq2mWx9ZbT4E""#,
                r#""__proto__""#,
                r#""""#,
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec((member_name(), inner), 0..8).prop_map(|members| {
                let members: Vec<String> =
                    members.iter().map(|(name, value)| format!("{name} :\t{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn member_name() -> impl Strategy<Value = String> {
    let known = [
        "roomId",
        "userId",
        "to",
        "from",
        "offer",
        "answer",
        "candidate",
        "type",
        "data",
        "sdp",
        "enc",
        "sdpMid",
        "sdpMLineIndex",
        "usernameFragment",
        "__proto__",
        "constructor",
        "",
    ];
    prop_oneof![
        9 => prop::sample::select(known.to_vec()).prop_map(|name| format!("\"{name}\"")),
        1 => Just(r#""\u0074o""#.to_owned()),
        1 => Just(r#""\udfff""#.to_owned()),
        1 => any::<String>().prop_map(|name| serde_json::to_string(&name).unwrap()),
    ]
}

fn event_name() -> impl Strategy<Value = String> {
    let known =
        ["join", "leave", "offer", "answer", "ice-candidate", "message", "error", "__proto__", "connect"];
    prop_oneof![9 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn validation() -> impl Strategy<Value = Validation> {
    prop_oneof![Just(Validation::Shape), Just(Validation::Off)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_event_is_taken_or_refused_in_one_printable_line_and_never_panics(
        name in event_name(),
        payload in prop::option::weighted(0.95, json()),
        validation in validation(),
    ) {
        let payload = payload.as_ref().map(|text| rawjson::validate(text.as_bytes(), 64).unwrap());
        for &dialect in ALL {
            match dialect.decode(&name, payload, validation) {
                Ok(decoded) => prop_assert_eq!(decoded.event, name.as_str()),
                Err(refusal) => {
                    let failed = Err(refusal.clone());
                    for &locale in Locale::ALL {
                        let message = refusal.display(locale).to_string();
                        prop_assert!(!message.chars().any(char::is_control), "{:?}", message);
                        let mut out = Vec::new();
                        dialect.encode_error(&name, &refusal, locale, &mut out);
                        dialect.encode_reply(&failed, locale, &mut out);
                        prop_assert!(out.len() < 4_000);
                    }
                }
            }
        }
    }

    #[test]
    fn a_body_that_is_relayed_arrives_byte_for_byte(
        kind in prop::sample::select(vec![("offer", "offer"), ("answer", "answer"), ("ice-candidate", "candidate")]),
        body in json(),
        envelope in any::<bool>(),
    ) {
        let (name, member) = kind;
        let (event, text) = if envelope {
            ("message", format!(r#"{{"data" : {body} , "type":"{name}","roomId":"standup"}}"#))
        } else {
            (name, format!(r#"{{ "{member}": {body} ,"to":"alice-7dKq2mWx9ZbT4E"}}"#))
        };
        let payload = rawjson::validate(text.as_bytes(), 64).unwrap();
        let decoded = of(Voice::Mesh).decode(event, Some(payload), Validation::Off).unwrap();

        let room = RoomId::try_from("standup").unwrap();
        let (from, to) = (PeerId::from_bits(1), PeerId::from_bits(2));
        let heard = match decoded.command {
            Command::Relay { signal, form, .. } => Event::Signal { room, from, to: Some(to), signal, form },
            Command::Broadcast { signal, .. } => {
                Event::Signal { room, from, to: None, signal, form: Form::Envelope }
            }
            command @ (Command::Join { .. } | Command::Leave { .. }) => panic!("{command:?} is no relay"),
        };
        let mut out = Vec::new();
        of(Voice::Mesh).encode(&heard, &mut out);

        let member = if envelope { "data" } else { member };
        let ending = format!(r#","{member}":{body}}}]"#);
        prop_assert!(String::from_utf8(out.clone()).unwrap().ends_with(&ending));
        prop_assert!(rawjson::validate(&out, 64).is_ok());
    }
}
