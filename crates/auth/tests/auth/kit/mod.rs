//! What the tests share: a clock that stands still, keys, tokens of any shape, and an issuer that serves its keys.

mod clock;
mod issuer;
mod pair;

pub(crate) use clock::Clock;
pub(crate) use issuer::{Answer, Issuer};
pub(crate) use pair::{Pair, theirs};

use auth::{Claims, Refused, Settings, Verifier};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

/// The time of every test, in milliseconds since 1970.
pub(crate) const NOW_MS: u64 = 1_750_000_000_000;
/// The same in seconds.
pub(crate) const NOW: u64 = NOW_MS / 1000;
/// The secret of every test.
pub(crate) const SECRET: &str = "9f8e7d6c5b4a39281706f5e4d3c2b1a0";

/// Settings that know the secret alone.
pub(crate) fn with_secret() -> Settings {
    Settings { secret: Some(SECRET.into()), ..Settings::default() }
}

/// Settings that know a key file alone.
pub(crate) fn with_key_file(pem: &str) -> Settings {
    Settings { key_pem: Some(pem.into()), ..Settings::default() }
}

pub(crate) fn verifier(settings: &Settings) -> Verifier {
    Verifier::new(settings, &TaskTracker::new()).unwrap()
}

/// What a verifier with these settings makes of the token now.
pub(crate) async fn verdict(settings: &Settings, token: &str) -> Result<Claims, Refused> {
    verifier(settings).verify(token, NOW_MS).await
}

/// Claims that are good for an hour.
pub(crate) fn claims() -> Value {
    json!({ "userId": "ada", "exp": NOW + 3600 })
}

/// The same with other members, or without those that are given as null.
pub(crate) fn claims_with(members: &Value) -> Value {
    changed(claims(), members)
}

/// An object with other members, or without those that are given as null.
pub(crate) fn changed(mut object: Value, members: &Value) -> Value {
    let inner = object.as_object_mut().unwrap();
    for (name, value) in members.as_object().unwrap() {
        if value.is_null() {
            inner.remove(name);
        } else {
            inner.insert(name.clone(), value.clone());
        }
    }
    object
}

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// HMAC-SHA-256 with any key, an empty one too.
pub(crate) fn hs256(key: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

/// A token of any header and any claims, as text, signed by `sign`.
pub(crate) fn token(header: &str, claims: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", base64(header), base64(claims));
    let signature = base64(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// A token of these claims, signed by the secret of the tests.
pub(crate) fn signed(claims: &Value) -> String {
    signed_text(&claims.to_string())
}

/// The same for claims that no library would write.
pub(crate) fn signed_text(claims: &str) -> String {
    token(r#"{"alg":"HS256","typ":"JWT"}"#, claims, hs256(SECRET.as_bytes()))
}

/// A good token with another header, signed by the secret of the tests.
pub(crate) fn headed(header: &str) -> String {
    token(header, &claims().to_string(), hs256(SECRET.as_bytes()))
}

/// Asserts that a token is refused as invalid, and never as expired or unavailable.
#[track_caller]
pub(crate) fn assert_invalid(verdict: &Result<Claims, Refused>, what: impl std::fmt::Debug) {
    assert!(matches!(verdict, Err(Refused::Invalid(_))), "{what:?}: {verdict:?}");
}
