//! The grammar against RFC 8259 and against `serde_json`, the walk against what was written.

use proptest::prelude::*;
use rawjson::{Kind, Problem, validate, validate_array, write_string};

const DEPTH: usize = 64;

fn problem(text: &[u8]) -> Option<Problem> {
    validate(text, DEPTH).err().map(|error| error.problem)
}

#[test]
fn every_kind_of_value_is_accepted_and_kept_byte_for_byte() {
    for (text, kind) in [
        ("null", Kind::Null),
        ("true", Kind::Bool),
        ("false", Kind::Bool),
        ("-0", Kind::Number),
        ("1e400", Kind::Number),
        ("9007199254740993.000", Kind::Number),
        (r#""a\u0000\ud800""#, Kind::String),
        ("[ ]", Kind::Array),
        ("{\n}", Kind::Object),
        (r#"{"b":[1,{"":null}],"a" : "" , "b":2}"#, Kind::Object),
        (r#"["\\","a\\\"b","\\\\\\"]"#, Kind::Array),
        (
            r#"["a string of more than twenty-four bytes","\r\n and one more with an escape","]"]"#,
            Kind::Array,
        ),
    ] {
        let padded = format!(" \t{text}\r\n");
        for text in [text, padded.as_str()] {
            let value = validate(text.as_bytes(), DEPTH).unwrap();
            assert_eq!((value.as_str(), value.kind()), (text.trim(), kind));
        }
    }
}

#[test]
fn what_the_grammar_has_no_place_for_is_refused_where_it_stands() {
    for (text, offset, expected) in [
        ("", 0, Problem::Unfinished),
        ("[", 1, Problem::Unfinished),
        (r#"["a"#, 3, Problem::Unfinished),
        (r#"{"a""#, 4, Problem::Unfinished),
        ("tru", 3, Problem::Unfinished),
        ("-", 1, Problem::Unfinished),
        ("1.", 2, Problem::Unfinished),
        ("1e", 2, Problem::Unfinished),
        (r#""\u12"#, 5, Problem::Unfinished),
        ("[1,]", 3, Problem::Unexpected),
        ("[,1]", 1, Problem::Unexpected),
        ("[1}", 2, Problem::Unexpected),
        ("{]", 1, Problem::Unexpected),
        ("{1:2}", 1, Problem::Unexpected),
        (r#"{"a" 1}"#, 5, Problem::Unexpected),
        (r#"{"a":1,}"#, 7, Problem::Unexpected),
        ("NaN", 0, Problem::Unexpected),
        ("'a'", 0, Problem::Unexpected),
        ("+1", 0, Problem::Unexpected),
        ("\"a\u{1}b\"", 2, Problem::Unexpected),
        ("\"12345678\u{1f}\"", 9, Problem::Unexpected),
        (r#""\x""#, 2, Problem::Unexpected),
        (r#""\u00g0""#, 5, Problem::Unexpected),
        ("01", 1, Problem::Trailing),
        ("1 2", 2, Problem::Trailing),
        ("[]]", 2, Problem::Trailing),
    ] {
        let error = validate(text.as_bytes(), DEPTH).unwrap_err();
        assert_eq!((error.offset, error.problem), (offset, expected), "{text}");
    }
    assert_eq!(problem(b"\"\xff\""), Some(Problem::NotUtf8));
    assert_eq!(problem(b"\"\xed\xa0\x80\""), Some(Problem::NotUtf8));
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(problem(nested(DEPTH).as_bytes()), None);
    assert_eq!(problem(nested(DEPTH + 1).as_bytes()), Some(Problem::TooDeep));
    assert_eq!(problem("[".repeat(1_000_000).as_bytes()), Some(Problem::TooDeep));
    assert_eq!(problem(r#"{"a":"#.repeat(100_000).as_bytes()), Some(Problem::TooDeep));
    assert!(validate(nested(rawjson::DEEPEST + 1).as_bytes(), usize::MAX).is_err());
    let mixed = format!("{}1{}", r#"[{"a":"#.repeat(32), "}]".repeat(32));
    assert_eq!(problem(mixed.as_bytes()), None);
}

#[test]
fn members_are_found_and_the_last_of_a_name_counts() {
    let text = br#"{"to":"a","x":{"to":"no"},"__proto__":[1,"]",{}] , "to" : "b","t\u006f":"c", "n":12 }"#;
    let value = validate(text, DEPTH).unwrap();
    assert_eq!(value.get("to").and_then(|to| to.string()).as_deref(), Some("c"));
    assert_eq!(value.get("__proto__").map(|raw| raw.as_str()), Some(r#"[1,"]",{}]"#));
    assert_eq!(value.get("n").and_then(|n| n.u64()), Some(12));
    assert_eq!(value.get("constructor"), None);
    assert_eq!(value.members().unwrap().count(), 6);
}

#[test]
fn elements_come_in_order_and_the_rest_is_as_written() {
    let value = validate(br#"["a\\","\\\"b]",{"}":"\\\\"},1]"#, DEPTH).unwrap();
    let all: Vec<_> = value.elements().unwrap().map(|value| value.as_str()).collect();
    assert_eq!(all, [r#""a\\""#, r#""\\\"b]""#, r#"{"}":"\\\\"}"#, "1"]);

    let value = validate(br#"[ "ev" , {"a":[1]},null ,-1e5 ]"#, DEPTH).unwrap();
    let mut elements = value.elements().unwrap();
    assert_eq!(elements.next().unwrap().string().unwrap(), "ev");
    assert_eq!(elements.rest(), r#"{"a":[1]},null ,-1e5"#);
    let left: Vec<_> = elements.by_ref().map(|value| value.as_str()).collect();
    assert_eq!(left, [r#"{"a":[1]}"#, "null", "-1e5"]);
    assert_eq!(elements.rest(), "");
    assert_eq!(validate(b"[]", DEPTH).unwrap().elements().unwrap().rest(), "");
}

#[test]
fn a_validated_array_gives_the_same_elements_as_a_walk() {
    for text in
        ["[]", " [ ] ", "[1]", r#"["ev" , {"a":[1,2],"b":"]"} ,3 , 4 ]"#, r#"[[],[[]],{}]"#, "[\"a\"\n]"]
    {
        let walked = validate(text.as_bytes(), DEPTH).unwrap().elements().unwrap();
        let mut noted = validate_array(text, DEPTH).unwrap();
        assert_eq!(noted.clone().collect::<Vec<_>>(), walked.clone().collect::<Vec<_>>(), "{text}");
        for element in walked.clone() {
            assert_eq!(noted.next(), Some(element), "{text}");
        }
        assert_eq!((noted.rest(), noted.next(), noted.next()), ("", None, None), "{text}");
    }
    let mut noted = validate_array(r#"["ev" , 1 ,2, {} ]"#, DEPTH).unwrap();
    noted.next();
    assert_eq!(noted.rest(), "1 ,2, {}");
    for text in ["{}", "1", "[", "", "[1,]"] {
        assert!(validate_array(text, DEPTH).is_err(), "{text}");
    }
}

#[test]
fn strings_are_read_with_their_escapes_and_a_lone_surrogate_is_no_string() {
    let string = |text: &str| validate(text.as_bytes(), DEPTH).unwrap().string().map(|s| s.into_owned());
    assert_eq!(string(r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00!""#).unwrap(), "\"\\/\u{8}\u{c}\n\r\té😀!");
    for lone in [r#""\ud800""#, r#""\ud800x""#, r#""\ud800\n""#, r#""\udc00""#, r#""\ud800\u0041""#] {
        assert_eq!(string(lone), None, "{lone}");
    }
    assert_eq!(string("12"), None);
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_judged_as_serde_json_judges_them(bytes in proptest::collection::vec(
        prop_oneof![Just(b'"'), Just(b'\\'), Just(b'['), Just(b']'), Just(b'{'), Just(b'}'), Just(b','), Just(b':'),
                    Just(b'1'), Just(b'.'), Just(b'e'), Just(b'-'), Just(b' '), Just(b'u'), any::<u8>()], 0..24)) {
        let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(&bytes);
        prop_assert_eq!(validate(&bytes, DEPTH).is_ok(), theirs.is_ok());
    }

    #[test]
    fn written_values_are_accepted_and_walked_as_they_were_written(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let raw = validate(text.as_bytes(), DEPTH).unwrap();
        if let serde_json::Value::Object(map) = &value {
            for (name, expected) in map {
                let found = raw.get(name).unwrap();
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(found.as_str()).unwrap(), expected);
            }
        }
        if let serde_json::Value::Array(array) = &value {
            prop_assert_eq!(raw.elements().unwrap().count(), array.len());
            prop_assert_eq!(validate_array(&text, DEPTH).unwrap().collect::<Vec<_>>(), raw.elements().unwrap().collect::<Vec<_>>());
        }
    }

    #[test]
    fn strings_survive_writing_and_reading(text in any::<String>()) {
        let mut out = Vec::new();
        write_string(&mut out, &text);
        let read = validate(&out, DEPTH).unwrap().string().unwrap().into_owned();
        prop_assert_eq!(&read, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }
}
