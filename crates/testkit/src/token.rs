//! Tokens as an app makes them, and as somebody makes them who should not.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use server::clock;

/// The secret of servers that tests start.
pub const SECRET: &str = "f2c1f8d29be04d1d8a5ce0a8f8f4c3f0a1b7";

/// A token, before it is signed (HS256, by [`SECRET`]).
#[derive(Debug, Clone)]
#[must_use]
pub struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    secret: String,
}

impl Token {
    /// Of this user, issued now, for an hour.
    pub fn of(user: &str) -> Self {
        let now = clock::wall_ms() / 1_000;
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        Self {
            header: object(json!({ "alg": "HS256", "typ": "JWT" })),
            claims: object(json!({ "userId": user, "iat": now, "exp": now + 3_600 })),
            secret: SECRET.to_owned(),
        }
    }

    /// With another claim, or another value for one.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without that claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// With this in its header.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Expired for so long.
    pub fn expired_for(self, time: Duration) -> Self {
        let expired = clock::wall_ms() / 1_000 - time.as_secs();
        self.claim("exp", expired)
    }

    /// Good for so long, to the millisecond.
    pub fn living(self, time: Duration) -> Self {
        let expires_ms = clock::wall_ms() + u64::try_from(time.as_millis()).expect("less than forever");
        self.claim("exp", expires_ms as f64 / 1_000.0)
    }

    /// To be signed by another secret.
    pub fn secret(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.secret);
        self
    }

    /// The token.
    pub fn sign(&self) -> String {
        let body = self.unsigned();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let signature = hmac::sign(&key, body.as_bytes());
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// All but the signature and the dot before it.
    pub fn unsigned(&self) -> String {
        let part = |map: &Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::from(map.clone()).to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }
}
