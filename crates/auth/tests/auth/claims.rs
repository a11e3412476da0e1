//! Tokens that were signed by the right key, and what they say.

use auth::{AdminClaim, Power, Refused, Settings, Source};
use domain::{Grant, RoomPattern};
use serde_json::{Value, json};

use crate::kit::{
    NOW, NOW_MS, assert_invalid, claims, claims_with, signed, signed_text, verdict, verifier, with_secret,
};

/// Values that are no text and no number.
fn strange() -> [Value; 4] {
    [json!(true), json!([]), json!({}), json!(["ada"])]
}

#[tokio::test]
async fn what_a_token_says_is_read() {
    let claims = json!({
        "userId": "ada", "sub": "ada", "username": "Ada", "name": "Countess", "email": "ada@example.org",
        "role": "monitor", "tenant": "acme", "jti": "t1", "iat": NOW - 5, "nbf": NOW - 5, "exp": NOW as f64 + 60.5,
        "iss": "https://id.example.org", "aud": ["calls", "mail"], "anything": { "else": [1] },
        "rooms": [{ "room": "abc-*", "join": true, "publish": true }, { "room": "lobby" }],
    });
    let read = verdict(&with_secret(), &signed(&claims)).await.unwrap();
    assert_eq!(read.user.as_str(), "ada");
    assert_eq!(read.username.unwrap().as_str(), "Ada");
    assert_eq!(read.email.as_deref(), Some("ada@example.org"));
    assert_eq!(read.role.as_deref(), Some("monitor"));
    assert_eq!(read.tenant.as_deref(), Some("acme"));
    assert_eq!(read.id.as_deref(), Some("t1"));
    assert_eq!((read.issued_at_ms, read.expires_at_ms), (Some(NOW_MS - 5000), NOW_MS + 60_500));
    assert_eq!((read.power, read.source), (Power::User, Source::Secret));
    let grant = |room: &str, join, publish| Grant {
        pattern: RoomPattern::try_from(room).unwrap(),
        join,
        publish,
        admin: false,
    };
    let wanted = vec![grant("abc-*", true, true), grant("lobby", false, false)];
    assert_eq!(read.grants, Some(wanted.try_into().unwrap()));
}

#[tokio::test]
async fn what_a_token_does_not_say_is_nothing() {
    let read = verdict(&with_secret(), &signed(&claims())).await.unwrap();
    assert_eq!((read.username, read.email, read.role, read.tenant), (None, None, None, None));
    assert_eq!((read.id, read.issued_at_ms, read.grants), (None, None, None));
}

#[tokio::test]
async fn a_token_needs_an_expiry_and_a_user() {
    for claims in [json!({ "exp": null }), json!({ "userId": null }), json!({ "userId": null, "exp": null })]
    {
        assert_invalid(&verdict(&with_secret(), &signed(&claims_with(&claims))).await, claims);
    }
    let by_subject = claims_with(&json!({ "userId": null, "sub": "ada" }));
    assert_eq!(verdict(&with_secret(), &signed(&by_subject)).await.unwrap().user.as_str(), "ada");
}

#[tokio::test]
async fn a_claim_that_decides_is_refused_where_it_is_of_another_type() {
    let mut wrong: Vec<(&str, Value)> = Vec::new();
    for name in ["exp", "nbf", "iat"] {
        wrong.extend(strange().map(|value| (name, value)));
        wrong.extend(
            [json!((NOW + 60).to_string()), json!(-1), json!(-0.5), json!("")].map(|value| (name, value)),
        );
    }
    for name in ["userId", "sub"] {
        wrong.extend(strange().map(|value| (name, value)));
        let long = "a".repeat(129);
        wrong.extend(["", "\0", "a\nb", "a\u{202e}b", &long].map(|text| (name, json!(text))));
    }
    for name in ["iss", "tenant", "jti", "aud"] {
        wrong.extend([json!(true), json!({}), json!(1)].map(|value| (name, value)));
    }
    wrong.extend([json!(["calls", 1]), json!([["calls"]])].map(|value| ("aud", value)));
    for grants in [
        json!("abc"),
        json!({ "room": "abc" }),
        json!(["abc"]),
        json!([{}]),
        json!([{ "room": null }]),
        json!([{ "room": 1 }]),
        json!([{ "room": "a*c", "join": true }]),
        json!([{ "room": "../abc", "join": true }]),
        json!([{ "room": "abc", "join": "true" }]),
        json!([{ "room": "abc", "join": 1 }]),
        json!([{ "room": "abc", "admin": null }]),
        json!(vec![json!({ "room": "abc" }); 65]),
    ] {
        wrong.push(("rooms", grants));
    }
    for (name, value) in wrong {
        // Where `sub` is tried, no `userId` stands beside it.
        let without = if name == "sub" { json!({ "userId": null }) } else { json!({}) };
        let mut claims = claims_with(&without);
        claims.as_object_mut().unwrap().insert(name.to_owned(), value.clone());
        assert_invalid(&verdict(&with_secret(), &signed(&claims)).await, format!("{name}: {value:.60}"));
    }
    for name in ["exp", "nbf", "iat", "userId", "sub", "iss", "aud"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().insert(name.to_owned(), Value::Null);
        assert_invalid(&verdict(&with_secret(), &signed(&claims)).await, format!("{name}: null"));
    }
}

#[tokio::test]
async fn a_time_beyond_the_year_9999_is_none() {
    let with_exp = |exp: &str| signed_text(&format!(r#"{{"userId":"ada","exp":{exp}}}"#));
    for exp in
        ["253402300800", "1750000000000", "18446744073709551616", "9e99", "1e400", "-1", "-1e400", "-0.001"]
    {
        assert_invalid(&verdict(&with_secret(), &with_exp(exp)).await, exp);
    }
    let last = verdict(&with_secret(), &with_exp("253402300799")).await.unwrap();
    assert_eq!(last.expires_at_ms, 253_402_300_799_000);
    for exp in ["0", "-0", "0.0", "1e-400"] {
        assert_eq!(verdict(&with_secret(), &with_exp(exp)).await, Err(Refused::Expired), "{exp}");
    }
}

#[tokio::test]
async fn an_own_token_expires_to_the_second_and_another_clock_may_be_a_minute_off() {
    let verifier = verifier(&with_secret());
    let token = signed(&json!({ "userId": "ada", "exp": NOW, "iat": NOW - 60, "nbf": NOW - 60 }));
    assert!(verifier.verify(&token, NOW_MS - 1).await.is_ok());
    assert_eq!(verifier.verify(&token, NOW_MS).await, Err(Refused::Expired));
    assert_eq!(verifier.verify(&token, u64::MAX).await, Err(Refused::Expired));
    // Both clocks may differ by a minute, and no more.
    assert!(verifier.verify(&token, NOW_MS - 120_000).await.is_ok());
    assert_invalid(&verifier.verify(&token, NOW_MS - 120_001).await, "not yet valid");
    assert_invalid(&verifier.verify(&token, 0).await, "not yet valid");
}

#[tokio::test]
async fn a_token_that_was_never_good_is_not_called_expired() {
    let expired = |members: Value| {
        let mut claims = claims_with(&members);
        claims["exp"] = json!(1);
        signed(&claims)
    };
    assert_eq!(verdict(&with_secret(), &expired(json!({}))).await, Err(Refused::Expired));
    for members in
        [json!({ "sub": "eve" }), json!({ "rooms": 1 }), json!({ "nbf": NOW + 3600 }), json!({ "iss": 1 })]
    {
        assert_invalid(&verdict(&with_secret(), &expired(members.clone())).await, members);
    }
    let unsigned = format!("{}x", expired(json!({})));
    assert_invalid(&verdict(&with_secret(), &unsigned).await, "a bad signature");
}

#[tokio::test]
async fn user_id_and_subject_have_to_agree() {
    for (user, subject, read) in [
        (json!("ada"), json!("ada"), Some("ada")),
        (json!("42"), json!(42), Some("42")),
        (json!(42), json!(42), Some("42")),
        (json!("ada"), json!("eve"), None),
        (json!("ada"), json!("Ada"), None),
        (json!(42), json!("042"), None),
        (json!("ada"), json!(""), None),
    ] {
        let token = signed(&claims_with(&json!({ "userId": user, "sub": subject })));
        let verdict = verdict(&with_secret(), &token).await;
        match read {
            Some(read) => assert_eq!(verdict.unwrap().user.as_str(), read),
            None => assert_invalid(&verdict, (user, subject)),
        }
    }
}

#[tokio::test]
async fn a_number_is_read_as_the_text_it_was_written_as() {
    for number in ["0", "42", "-7", "18446744073709551616", "1.50", "1e3"] {
        let token = signed_text(&format!(r#"{{"userId":{number},"exp":{}}}"#, NOW + 60));
        assert_eq!(verdict(&with_secret(), &token).await.unwrap().user.as_str(), number);
    }
}

#[tokio::test]
async fn names_that_mean_something_elsewhere_are_names() {
    for name in ["__proto__", "constructor", "' OR 1=1 --", "가나다", "guest"] {
        let token = signed(&claims_with(&json!({ "userId": name })));
        assert_eq!(verdict(&with_secret(), &token).await.unwrap().user.as_str(), name);
    }
    let prototype = signed_text(&format!(r#"{{"__proto__":{{"userId":"eve"}},"exp":{}}}"#, NOW + 60));
    assert_invalid(&verdict(&with_secret(), &prototype).await, "__proto__");
}

#[tokio::test]
async fn a_claim_that_decorates_is_left_out_where_it_does_not_fit() {
    let long = "n".repeat(51);
    for name in [json!("A"), json!(long), json!("A\nB"), json!(1), json!(null), json!(["Ada"])] {
        let mut claims = claims();
        claims["name"] = name.clone();
        claims["email"] = name.clone();
        claims["role"] = json!([name]);
        let read = verdict(&with_secret(), &signed(&claims)).await.unwrap();
        assert_eq!((read.username, read.role), (None, None), "{name}");
    }
    let second = claims_with(&json!({ "username": "A", "name": "Ada" }));
    assert_eq!(verdict(&with_secret(), &signed(&second)).await.unwrap().username.unwrap().as_str(), "Ada");
}

#[tokio::test]
async fn an_issuer_and_an_audience_that_are_asked_for_have_to_be_there() {
    let settings = Settings {
        issuer: Some("https://id.example.org".to_owned()),
        audience: vec!["calls".to_owned(), "chat".to_owned()],
        ..with_secret()
    };
    for (issuer, audience, is_good) in [
        (json!("https://id.example.org"), json!("calls"), true),
        (json!("https://id.example.org"), json!(["mail", "chat"]), true),
        (json!("https://id.example.org"), json!("mail"), false),
        (json!("https://id.example.org"), json!("CALLS"), false),
        (json!("https://id.example.org"), json!([]), false),
        (json!("https://id.example.org"), json!(null), false),
        (json!("https://id.example.org/"), json!("calls"), false),
        (json!("https://evil.example.org"), json!("calls"), false),
        (json!(""), json!("calls"), false),
        (json!(null), json!("calls"), false),
    ] {
        let verdict =
            verdict(&settings, &signed(&claims_with(&json!({ "iss": issuer, "aud": audience })))).await;
        match is_good {
            true => assert!(verdict.is_ok(), "{issuer} {audience}: {verdict:?}"),
            false => assert_invalid(&verdict, (issuer, audience)),
        }
    }
}

#[tokio::test]
async fn a_role_makes_nobody_an_admin_unless_a_claim_is_named_for_it() {
    let admin = |name: &str, value: Option<&str>| Settings {
        admin_claim: Some(AdminClaim { name: name.to_owned(), value: value.map(str::to_owned) }),
        ..with_secret()
    };
    for (settings, claims, power) in [
        (with_secret(), json!({ "role": "admin" }), Power::User),
        (admin("isAdmin", None), json!({ "role": "admin" }), Power::User),
        (admin("isAdmin", None), json!({ "isAdmin": true }), Power::Admin),
        (admin("isAdmin", None), json!({ "isAdmin": "true" }), Power::User),
        (admin("isAdmin", None), json!({ "isAdmin": 1 }), Power::User),
        (admin("isAdmin", None), json!({ "isAdmin": false }), Power::User),
        (admin("role", Some("admin")), json!({ "role": "admin" }), Power::Admin),
        (admin("role", Some("admin")), json!({ "role": "Admin" }), Power::User),
        (admin("role", Some("admin")), json!({ "role": true }), Power::User),
        (
            admin("https://example.org/roles", Some("boss")),
            json!({ "https://example.org/roles": ["x", "boss"] }),
            Power::Admin,
        ),
        (admin("roles", Some("boss")), json!({ "roles": [["boss"]] }), Power::User),
        (admin("roles", Some("boss")), json!({ "roles": { "boss": true } }), Power::User),
    ] {
        let read = verdict(&settings, &signed(&claims_with(&claims))).await.unwrap();
        assert_eq!(read.power, power, "{claims}");
    }
}
