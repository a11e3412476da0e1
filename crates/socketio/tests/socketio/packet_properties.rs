//! Whatever comes in, the decoders answer; and what was written comes back when it is read.

use proptest::prelude::*;
use socketio::{
    Limits,
    packet::{
        engine,
        socket::{Body, decode},
    },
};

/// Text that looks like a packet at first sight.
fn packet_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("/"),
        Just(","),
        Just("-"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just(":"),
        Just("\""),
        Just("0"),
        Just("1"),
        Just("2"),
        Just("5"),
        Just("6"),
        Just("9"),
        Just("\"a\""),
        Just("null"),
        Just("é"),
        Just("\"_placeholder\":true"),
        Just("\"num\":0"),
        Just("\\u0041"),
        Just("\u{1e}"),
        Just("\0"),
    ];
    (0..=9u8, prop::collection::vec(piece, 0..24)).prop_map(|(kind, rest)| format!("{kind}{}", rest.concat()))
}

/// The JSON of one argument.
fn argument() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|bool| bool.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| quoted(&text)),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let array = prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(",")));
        let member = (any::<String>(), inner).prop_map(|(name, value)| format!("{}:{value}", quoted(&name)));
        let object = prop::collection::vec(member, 0..4).prop_map(|all| format!("{{{}}}", all.join(",")));
        prop_oneof![array, object]
    })
}

/// JSON full of objects that are placeholders, or nearly.
fn placeholder_like() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("true"),
        Just("false"),
        Just("0"),
        Just("1"),
        Just("2"),
        Just("-1"),
        Just("1.5"),
        Just("\"0\""),
        Just("\"a\\\"b\""),
        Just("\"\\\\\""),
        Just("[]"),
        Just(" 1 "),
    ];
    let name = prop_oneof![
        Just("\"_placeholder\""),
        Just("\"num\""),
        Just("\"a\""),
        Just("\"n\\u0075m\""),
        Just("\"\\u005fplaceholder\" "),
    ];
    value.prop_map(str::to_owned).prop_recursive(4, 24, 4, move |inner| {
        let array = prop::collection::vec(inner.clone(), 0..3).prop_map(|all| format!("[{}]", all.join(",")));
        let member = (name.clone(), inner).prop_map(|(name, value)| format!("{name}:{value}"));
        let object = prop::collection::vec(member, 0..5).prop_map(|all| format!("{{{}}}", all.join(" , ")));
        prop_oneof![1 => array, 3 => object]
    })
}

/// Whether every placeholder stands for one of two attachments, by walking all that there is.
fn all_stand(value: rawjson::Value<'_>) -> bool {
    let is_placeholder = value.get("_placeholder").and_then(rawjson::Value::bool) == Some(true);
    let stands = value.get("num").and_then(rawjson::Value::u64).is_some_and(|num| num < 2);
    (!is_placeholder || stands)
        && value.elements().into_iter().flatten().all(all_stand)
        && value.members().into_iter().flatten().all(|(_, member)| all_stand(member))
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    rawjson::write_string(&mut out, text);
    String::from_utf8(out).unwrap()
}

proptest! {
    #[test]
    fn no_text_makes_the_packet_decoder_panic(text in any::<String>()) {
        let _ = decode(&text, &Limits::default());
    }

    #[test]
    fn no_text_that_looks_like_a_packet_makes_the_decoder_panic(text in packet_like()) {
        let _ = decode(&text, &Limits::default());
    }

    #[test]
    fn no_payload_makes_the_engine_decoder_panic(payload in any::<String>()) {
        for packet in engine::split(&payload) {
            let _ = (engine::decode(packet), engine::decode_binary(packet));
        }
    }

    #[test]
    fn an_event_that_was_written_is_read_as_it_was(
        namespace in "(/[a-z0-9é-]{1,20})?",
        name in "[^\u{0}-\u{1f}]{0,12}".prop_filter("reserved", |name| {
            !socketio::packet::socket::RESERVED.contains(&name.as_str())
        }),
        ack in any::<Option<u64>>(),
        args in prop::collection::vec(argument(), 0..4),
    ) {
        let comma = if namespace.is_empty() { "" } else { "," };
        let id = ack.map(|id| id.to_string()).unwrap_or_default();
        let body = [vec![quoted(&name)], args.clone()].concat().join(",");
        let text = format!("2{namespace}{comma}{id}[{body}]");

        let packet = decode(&text, &Limits::default()).unwrap();
        prop_assert_eq!(packet.namespace, if namespace.is_empty() { "/" } else { namespace.as_str() });
        let Body::Event { name: read, args: rest, ack: asked } = packet.body else { panic!("an event") };
        prop_assert_eq!(read.as_ref(), name);
        prop_assert_eq!(asked, ack);
        prop_assert_eq!(rest.rest(), args.join(","));
        prop_assert_eq!(rest.map(|value| value.as_str().to_owned()).collect::<Vec<_>>(), args);
    }

    #[test]
    fn placeholders_are_found_wherever_a_walk_through_the_json_finds_them(json in placeholder_like()) {
        let text = format!("52-[\"a\",{json}]");
        let value = rawjson::validate_str(&json, 64).unwrap();
        prop_assert_eq!(decode(&text, &Limits::default()).is_ok(), all_stand(value), "{}", text);
    }

    #[test]
    fn binary_messages_survive_a_polling_payload(messages in prop::collection::vec(any::<Vec<u8>>(), 1..8)) {
        let mut payload = Vec::new();
        for (place, data) in messages.iter().enumerate() {
            if place > 0 {
                payload.push(engine::SEPARATOR);
            }
            engine::encode_binary(&mut payload, data);
        }
        let payload = String::from_utf8(payload).unwrap();
        let read: Vec<_> = engine::split(&payload).map(|packet| engine::decode_binary(packet).unwrap()).collect();
        prop_assert_eq!(read, messages);
    }
}
