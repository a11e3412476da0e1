//! What holds for every token.

use auth::{Claims, Refused, Settings, Verifier};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::kit::{
    NOW_MS, Pair, SECRET, base64, claims, hs256, signed, signed_text, token, verifier, with_key_file,
};

/// Nothing has to be fetched here: the answer is there at the first poll.
fn verdict(verifier: &Verifier, token: &str) -> Result<Claims, Refused> {
    let verdict = std::pin::pin!(verifier.verify(token, NOW_MS));
    match verdict.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(verdict) => verdict,
        std::task::Poll::Pending => panic!("it waits, and there is nothing to wait for"),
    }
}

/// A change of a text, somewhere in it.
#[derive(Clone, Debug)]
enum Change {
    Put(Index, char),
    Insert(Index, char),
    Remove(Index),
    Swap(Index, Index),
    Cut(Index),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let character = prop_oneof![4 => "[A-Za-z0-9_.-]", 1 => any::<char>().prop_map(String::from)]
        .prop_map(|text| text.chars().next().unwrap());
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), character.clone()).prop_map(|(at, character)| Change::Put(at, character)),
        2 => (at(), character).prop_map(|(at, character)| Change::Insert(at, character)),
        1 => at().prop_map(Change::Remove),
        1 => (at(), at()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => at().prop_map(Change::Cut),
        1 => (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        return String::new();
    }
    let count = characters.len();
    match change {
        Change::Put(at, character) => characters[at.index(count)] = *character,
        Change::Insert(at, character) => characters.insert(at.index(count + 1), *character),
        Change::Remove(at) => drop(characters.remove(at.index(count))),
        Change::Swap(one, other) => characters.swap(one.index(count), other.index(count)),
        Change::Cut(at) => characters.truncate(at.index(count)),
        Change::Repeat(from, to) => {
            let (from, to) = (from.index(count), to.index(count));
            let piece = characters[from.min(to)..from.max(to)].to_vec();
            characters.splice(to..to, piece);
        }
    }
    characters.into_iter().collect()
}

/// A verifier for each kind of key, and a token that it believes.
fn believed() -> Vec<(Verifier, String)> {
    let mut believed = vec![(verifier(&crate::kit::with_secret()), signed(&claims()))];
    for pair in Pair::each() {
        let settings = Settings { secret: Some(SECRET.into()), ..with_key_file(&pair.public_pem()) };
        believed.push((verifier(&settings), pair.sign(Some("k1"), &claims())));
    }
    believed
}

/// Any JSON, a few levels deep.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((".{0,4}", inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn a_token_that_was_changed_is_never_believed(changes in vec(change(), 1..4)) {
        for (verifier, good) in believed() {
            let changed = changes.iter().fold(good.clone(), |text, change| apply(&text, change));
            if changed != good {
                let verdict = verdict(&verifier, &changed);
                prop_assert!(matches!(verdict, Err(Refused::Invalid(_))), "{verdict:?}");
            }
        }
    }

    #[test]
    fn no_text_at_all_is_believed_or_does_harm(text in "\\PC{0,200}", parts in vec("[A-Za-z0-9_-]{0,40}", 0..5)) {
        for (verifier, _) in believed() {
            for text in [&text, &parts.join(".")] {
                prop_assert!(verdict(&verifier, text).is_err());
                let _ = auth::inspect(text);
            }
        }
    }

    #[test]
    fn no_header_but_that_of_the_key_is_believed(name in ".{0,6}", value in json()) {
        let mut header = json!({ "typ": "JWT" });
        header.as_object_mut().unwrap().insert(name, value);
        let forged = token(&header.to_string(), &claims().to_string(), hs256(SECRET.as_bytes()));
        let (verifier, _) = believed().swap_remove(0);
        prop_assert_eq!(verdict(&verifier, &forged).is_ok(), header["alg"] == "HS256");
    }

    #[test]
    fn claims_of_any_shape_are_read_or_refused(
        members in vec((prop_oneof![
            Just("userId"), Just("sub"), Just("exp"), Just("nbf"), Just("iat"), Just("iss"), Just("aud"),
            Just("rooms"), Just("name"), Just("username"), Just("tenant"), Just("role"), Just("email"), Just("jti"),
        ], json()), 0..6)
    ) {
        let mut claims = claims();
        for (name, value) in members {
            claims.as_object_mut().unwrap().insert(name.to_owned(), value);
        }
        let (verifier, _) = believed().swap_remove(0);
        if let Ok(read) = verdict(&verifier, &signed(&claims)) {
            let said = claims.get("userId").or_else(|| claims.get("sub")).unwrap();
            let said = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
            prop_assert_eq!(read.user.as_str(), said);
            prop_assert!(read.expires_at_ms > NOW_MS);
            prop_assert!(claims["exp"].is_number());
            prop_assert!(claims.get("rooms").is_none_or(|rooms| rooms.is_array() || rooms.is_null()));
        }
    }

    #[test]
    fn bytes_that_are_no_json_are_refused(bytes in vec(any::<u8>(), 0..64)) {
        let (verifier, _) = believed().swap_remove(0);
        let signed = format!("{}.{}", base64(r#"{"alg":"HS256"}"#), base64(&bytes));
        let signature = base64(hs256(SECRET.as_bytes())(signed.as_bytes()));
        let token = format!("{signed}.{signature}");
        prop_assert!(verdict(&verifier, &token).is_err());
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(verdict(&verifier, &signed_text(&text)).is_err());
        }
    }
}
