//! A way in for the fuzz targets, and for their seeds.

use std::{
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::claims::{Claims, Refused};
use crate::jwks::{KeySet, MAX_KEYS};
use crate::{Settings, Verifier, inspect, pem};

/// The secret of the seeds.
const SECRET: &str = "a secret of the fuzz target alone";
/// The time, in milliseconds since 1970.
const NOW_MS: u64 = 1_750_000_000_000;
/// A key whose private half was never kept.
const ES256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEn9OyuoCp7Smjc2FAxtQt+AvYUHl/
ULAYHLgJFpgg1QGrSCM0NIWCV1izg6AgajXnLFlwkvrYLlmHWADW87WOzw==
-----END PUBLIC KEY-----
";

static VERIFIER: LazyLock<Option<Verifier>> = LazyLock::new(|| {
    let settings =
        Settings { secret: Some(SECRET.into()), key_pem: Some(ES256.into()), ..Settings::default() };
    Verifier::new(&settings, &tokio_util::task::TaskTracker::new()).ok()
});

/// What `data` is, its first line says: `claims` (signed here, so that what lies behind the signature is reached too),
/// `header` (the same with a header in the second line), `keys` (a JWKS) or `pem`. Anything else is a token.
///
/// # Panics
/// Where something is believed that must not be.
pub fn verify(data: &[u8]) {
    let (first, rest) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    match first {
        b"claims" => signed(br#"{"alg":"HS256"}"#, rest),
        b"header" => {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            signed(&rest[..end], rest.get(end + 1..).unwrap_or_default());
        }
        b"keys" => {
            if let Ok(keys) = KeySet::parse(rest) {
                assert!(keys.len() <= MAX_KEYS);
            }
        }
        b"pem" => drop(std::str::from_utf8(rest).map(pem::read)),
        _ => {
            let Ok(text) = std::str::from_utf8(data) else { return };
            let _ = inspect(text);
            if verdict(text).is_ok() {
                is_signed(text);
            }
        }
    }
}

/// A token of any header and any claims, with the right signature.
fn signed(header: &[u8], claims: &[u8]) {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    let token = format!("{message}.{signature}");
    let Ok(read) = verdict(&token) else { return };
    is_signed(&token);
    assert!((1..=128).contains(&read.user.as_str().chars().count()));
    assert!(read.expires_at_ms > NOW_MS);
    assert!(read.issued_at_ms.is_none_or(|at_ms| at_ms <= NOW_MS + 60_000));
    // Another reader of JSON sees the same user.
    let claims: serde_json::Value = match serde_json::from_slice(claims) {
        Ok(claims) => claims,
        // Numbers that are too large for it, and lone surrogates, stand in claims that are never read.
        Err(_) => return,
    };
    let said = claims.get("userId").or_else(|| claims.get("sub"));
    if let Some(said) = said.and_then(serde_json::Value::as_str) {
        assert_eq!(read.user.as_str(), said);
    }
}

/// Whether what was believed has a signature that another implementation finds right, and is written in the one way.
fn is_signed(token: &str) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("{token} has not three parts") };
    let bytes = URL_SAFE_NO_PAD.decode(signature);
    assert_eq!(bytes.as_deref(), Ok(sign(format!("{header}.{claims}").as_bytes()).as_slice()));
    assert_eq!(bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).as_deref(), Ok(*signature));
}

fn sign(message: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::sign(&key, message).as_ref().to_vec()
}

/// Nothing is fetched here, so the answer is there at once.
fn verdict(token: &str) -> Result<Claims, Refused> {
    let Some(verifier) = &*VERIFIER else { panic!("the settings of the fuzz target are no good") };
    match pin!(verifier.verify(token, NOW_MS)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verdict) => verdict,
        Poll::Pending => panic!("it waits, and there is nothing to wait for"),
    }
}
