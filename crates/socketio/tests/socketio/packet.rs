//! Socket.IO packets as text: every form the protocol has, and every way to get it wrong.

use socketio::{
    Limits,
    packet::socket::{Body, Malformed, Packet, RESERVED, decode},
};

fn read(text: &str) -> Result<Packet<'_>, Malformed> {
    decode(text, &Limits::default())
}

/// What a packet says, in a form that can be compared.
fn summary(text: &str) -> String {
    let packet = read(text).unwrap_or_else(|malformed| panic!("{text}: {malformed}"));
    let (namespace, count) = (packet.namespace, packet.attachments);
    match packet.body {
        Body::Connect(auth) => format!("{namespace} connect {}", auth.map_or("-", |auth| auth.as_str())),
        Body::Disconnect => format!("{namespace} disconnect"),
        Body::Event { name, args, ack } => {
            format!("{namespace} event {name} {ack:?} +{count} {}", args.rest())
        }
        Body::Ack { id, args } => format!("{namespace} ack {id} +{count} {}", args.rest()),
        Body::Ignored => format!("{namespace} ignored"),
    }
}

#[test]
fn every_form_of_a_packet_is_read() {
    for (text, expected) in [
        ("0", "/ connect -"),
        ("0{}", "/ connect {}"),
        (r#"0{"token":"123"}"#, r#"/ connect {"token":"123"}"#),
        ("0/,", "/ connect -"),
        ("0/admin", "/admin connect -"),
        ("0/admin,", "/admin connect -"),
        (r#"0/admin,{"token":"123"}"#, r#"/admin connect {"token":"123"}"#),
        ("1", "/ disconnect"),
        ("1/admin,", "/admin disconnect"),
        ("1/admin", "/admin disconnect"),
        (r#"2["hello"]"#, "/ event hello None +0 "),
        (r#"2["hello",1,{"a":[]}]"#, r#"/ event hello None +0 1,{"a":[]}"#),
        (r#"2/admin,["hello",1]"#, "/admin event hello None +0 1"),
        (r#"212["hello",1]"#, "/ event hello Some(12) +0 1"),
        (r#"2/admin,456["project:delete",123]"#, "/admin event project:delete Some(456) +0 123"),
        (r#"2["",1]"#, "/ event  None +0 1"),
        ("312[]", "/ ack 12 +0 "),
        (r#"3/admin,456["ok",2]"#, r#"/admin ack 456 +0 "ok",2"#),
        (r#"50-["none"]"#, "/ event none None +0 "),
        (
            r#"51-["hello",{"_placeholder":true,"num":0}]"#,
            r#"/ event hello None +1 {"_placeholder":true,"num":0}"#,
        ),
        (
            r#"51-/admin,456["hello",{"_placeholder":true,"num":0}]"#,
            r#"/admin event hello Some(456) +1 {"_placeholder":true,"num":0}"#,
        ),
        (
            r#"61-/admin,456[{"_placeholder":true,"num":0}]"#,
            r#"/admin ack 456 +1 {"_placeholder":true,"num":0}"#,
        ),
    ] {
        assert_eq!(summary(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_packet_is_malformed_and_said_to_be_why() {
    use Malformed::{AckId, Attachments, EventName, Namespace, Payload, Placeholder, Type};
    for (text, malformed) in [
        ("", Type),
        ("4", Type),
        ("4{}", Type),
        ("7[]", Type),
        ("a", Type),
        ("é", Type),
        ("5", Attachments),
        (r#"5["a"]"#, Attachments),
        (r#"5-["a"]"#, Attachments),
        (r#"5-1-["a"]"#, Attachments),
        (r#"5+1-["a"]"#, Attachments),
        (r#"501-["a"]"#, Attachments),
        (r#"51.5-["a"]"#, Attachments),
        (r#"5NaN-["a"]"#, Attachments),
        (r#"511-["a"]"#, Attachments),
        (r#"51000000000-["a"]"#, Attachments),
        (r#"599999999999999999999999-["a"]"#, Attachments),
        ("2/\u{7},[\"a\"]", Namespace),
        ("0/a\u{0}b", Namespace),
        ("0[]", Payload),
        ("0\"token\"", Payload),
        ("0null", Payload),
        ("01{}", Payload),
        ("099999999999999999999{}", Payload),
        ("0{}{}", Payload),
        ("0{", Payload),
        ("1{}", Payload),
        ("1[]", Payload),
        ("11", Payload),
        ("2", Payload),
        ("2{}", Payload),
        ("2{\"0\":\"a\"}", Payload),
        ("2\"a\"", Payload),
        ("2null", Payload),
        ("2[\"a\"", Payload),
        ("2[\"a\",]", Payload),
        ("2[\"a\"]x", Payload),
        ("2[\"a\nb\"]", Payload),
        ("2-1[\"a\"]", Payload),
        ("21.5[\"a\"]", Payload),
        ("2[]", EventName),
        ("2[1]", EventName),
        ("2[null,1]", EventName),
        ("2[{},1]", EventName),
        ("2[[\"a\"]]", EventName),
        ("2[true]", EventName),
        (r#"2["\ud800"]"#, EventName),
        ("3[]", AckId),
        ("3/admin,[]", AckId),
        ("3", AckId),
        ("31", Payload),
        ("31{}", Payload),
        ("31null", Payload),
        ("61-[]", AckId),
        ("51-", Payload),
        (r#"51-["a",{"_placeholder":true}]"#, Placeholder),
        (r#"51-["a",{"_placeholder":true,"num":1}]"#, Placeholder),
        (r#"51-["a",{"_placeholder":true,"num":-1}]"#, Placeholder),
        (r#"51-["a",{"_placeholder":true,"num":"0"}]"#, Placeholder),
        (r#"51-["a",{"_placeholder":true,"num":0.5}]"#, Placeholder),
        (r#"51-["a",{"_placeholder":true,"num":"splice"}]"#, Placeholder),
        (r#"51-["a",[{"deep":{"_placeholder":true,"num":9}}]]"#, Placeholder),
        (r#"51-["a",{"\u005fplaceholder":true,"num":9}]"#, Placeholder),
        (r#"61-1[{"_placeholder":true,"num":1}]"#, Placeholder),
    ] {
        assert_eq!(read(text).map(|packet| format!("{packet:?}")), Err(malformed), "{text}");
    }
}

#[test]
fn a_name_that_the_client_library_keeps_for_itself_is_no_event() {
    for name in RESERVED {
        assert_eq!(read(&format!(r#"2["{name}",1]"#)).unwrap_err(), Malformed::EventName, "{name}");
    }
    assert_eq!(read(r#"2["\u0063onnect"]"#).unwrap_err(), Malformed::EventName, "however it is spelt");
    assert_eq!(summary(r#"2["connected"]"#), "/ event connected None +0 ");
}

#[test]
fn names_that_mean_something_to_javascript_are_names() {
    for name in ["__proto__", "constructor", "toString", "hasOwnProperty"] {
        assert_eq!(summary(&format!(r#"2["{name}"]"#)), format!("/ event {name} None +0 "));
    }
}

#[test]
fn an_acknowledgement_id_is_any_u64_and_one_beyond_is_ignored() {
    assert_eq!(summary("318446744073709551615[]"), "/ ack 18446744073709551615 +0 ");
    assert_eq!(summary("318446744073709551616[]"), "/ ignored");
    assert_eq!(summary(r#"218446744073709551616["a"]"#), "/ ignored");
    assert_eq!(
        read("318446744073709551616{}").unwrap_err(),
        Malformed::Payload,
        "but it must be well-formed"
    );
}

#[test]
fn ten_attachments_are_allowed_and_eleven_are_not() {
    assert_eq!(read(r#"510-["a"]"#).unwrap().attachments, 10);
    assert_eq!(read(r#"511-["a"]"#).unwrap_err(), Malformed::Attachments);
}

#[test]
fn a_placeholder_of_a_text_event_is_plain_data() {
    let text = r#"2["a",{"_placeholder":true,"num":"x"}]"#;
    assert_eq!(summary(text), r#"/ event a None +0 {"_placeholder":true,"num":"x"}"#);
}

#[test]
fn a_namespace_has_at_most_128_bytes() {
    let name = |bytes: usize| format!("/{}", "n".repeat(bytes - 1));
    for kind in ["0", "1"] {
        assert_eq!(read(&format!("{kind}{}", name(128))).unwrap().namespace, name(128));
        assert_eq!(read(&format!("{kind}{},", name(128))).unwrap().namespace, name(128));
        assert_eq!(read(&format!("{kind}{}", name(129))).unwrap_err(), Malformed::Namespace);
        assert_eq!(read(&format!("{kind}{},", name(129))).unwrap_err(), Malformed::Namespace);
    }
    assert_eq!(
        read(&format!("0/{}", "é".repeat(64))).unwrap_err(),
        Malformed::Namespace,
        "bytes, not characters"
    );
}

#[test]
fn json_may_be_nested_64_deep_and_no_deeper() {
    // The array of arguments is the first bracket.
    let nested = |depth: usize| format!(r#"2["a",{}1{}]"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(read(&nested(64)).is_ok());
    assert_eq!(read(&nested(65)).unwrap_err(), Malformed::Payload);
    assert_eq!(read(&format!("2[\"a\",{}", "[".repeat(100_000))).unwrap_err(), Malformed::Payload);
    assert_eq!(read(&format!("0{}", "{\"a\":".repeat(100_000))).unwrap_err(), Malformed::Payload);
}

#[test]
fn arguments_are_slices_of_the_packet_byte_for_byte() {
    let text = "2[ \"a\" , 1e400 ,{\"b\" : \"\\u0041\\ud800\"} ]";
    let Body::Event { args, .. } = read(text).unwrap().body else { panic!("an event") };
    assert_eq!(args.rest(), "1e400 ,{\"b\" : \"\\u0041\\ud800\"}");
}
