//! A JSON Web Key Set (RFC 7517), as an issuer publishes it.
//!
//! What is not for us is passed over: keys for encryption, other kinds, other curves, and above all symmetric ones,
//! which no one may publish. What is for us and weak is passed over with a warning.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rawjson::Value;

use crate::compact::{MAX_DEPTH, has_each_member_once};
use crate::key::{Algorithm, Unfit, VerifyingKey};

/// The most keys a set may have. Issuers publish two or three.
pub(crate) const MAX_KEYS: usize = 100;

/// The keys of one issuer, by their ids.
#[derive(Debug, Default)]
pub(crate) struct KeySet(Vec<(Option<String>, Arc<VerifyingKey>)>);

impl KeySet {
    /// Reads a set.
    pub(crate) fn parse(json: &[u8]) -> Result<KeySet, &'static str> {
        let set = rawjson::validate(json, MAX_DEPTH).map_err(|_| "what it sent is no JSON")?;
        let keys = set.get("keys").and_then(Value::elements).ok_or("what it sent has no list of keys")?;
        if keys.clone().count() > MAX_KEYS {
            return Err("it sent more than 100 keys");
        }
        let mut read: Vec<(Option<String>, Arc<VerifyingKey>)> = Vec::new();
        for jwk in keys {
            match key(jwk) {
                Ok(Some((id, key)))
                    if read
                        .iter()
                        .any(|(other, theirs)| *other == id && theirs.algorithm() == key.algorithm()) =>
                {
                    tracing::warn!(kid = id, "two keys have the same id: the first counts");
                }
                Ok(Some((id, key))) => read.push((id, Arc::new(key))),
                Ok(None) => {}
                Err(why) => tracing::warn!("a key of the set cannot be used: it {why}"),
            }
        }
        Ok(KeySet(read))
    }

    /// The key with this id for this algorithm. A token without an id is tried with the only key there is for its
    /// algorithm; with several, none is guessed.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Arc<VerifyingKey>> {
        let mut fit = self.0.iter().filter(|(kid, key)| {
            key.algorithm() == algorithm && id.is_none_or(|id| kid.as_deref() == Some(id))
        });
        let (_, key) = fit.next()?;
        fit.next().is_none().then_some(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

type Entry = (Option<String>, VerifyingKey);

/// One key; `None` if it is not for verifying tokens.
fn key(jwk: Value<'_>) -> Result<Option<Entry>, Unfit> {
    if !has_each_member_once(jwk) {
        return Err("is no object with each member once");
    }
    let text = |name: &str| jwk.get(name).and_then(Value::string);
    let has_private_half = jwk.get("d").is_some();
    let (algorithm, names): (Algorithm, &[&str]) = match (text("kty").as_deref(), text("crv").as_deref()) {
        (Some("RSA"), _) => (Algorithm::Rs256, &["RS256"]),
        (Some("EC"), Some("P-256")) => (Algorithm::Es256, &["ES256"]),
        (Some("OKP"), Some("Ed25519")) => (Algorithm::EdDsa, &["EdDSA", "Ed25519"]),
        _ => return Ok(None),
    };
    let is_for_this = jwk.get("alg").is_none() || text("alg").is_some_and(|alg| names.contains(&&*alg));
    let is_for_signatures = jwk.get("use").is_none() || text("use").is_some_and(|it| it == "sig");
    if !is_for_this || !is_for_signatures || !may_verify(jwk) {
        return Ok(None);
    }
    if has_private_half {
        return Err(
            "has its private half with it: whoever reads the set can sign, so nothing it signs counts",
        );
    }
    let id = match jwk.get("kid") {
        None => None,
        Some(id) => Some(id.string().ok_or("has an id that is no text")?.into_owned()),
    };
    let bytes = |name: &str| -> Result<Vec<u8>, Unfit> {
        let text = text(name).ok_or("lacks one of its numbers")?;
        URL_SAFE_NO_PAD.decode(&*text).map_err(|_| "has a number that is no base64url")
    };
    let key = match algorithm {
        Algorithm::Rs256 => {
            let n = bytes("n")?;
            // A leading zero byte is a fault that some issuers make, and changes nothing.
            let n = &n[n.iter().take_while(|byte| **byte == 0).count()..];
            VerifyingKey::rsa_components(n, &bytes("e")?)?
        }
        Algorithm::Es256 => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != 32 || y.len() != 32 {
                return Err("has coordinates of another length than 32 bytes");
            }
            VerifyingKey::p256(&[&[4], &*x, &*y].concat())?
        }
        Algorithm::EdDsa => {
            let x = bytes("x")?;
            if x.len() != 32 {
                return Err("is an Ed25519 key of another length than 32 bytes");
            }
            VerifyingKey::ed25519(&x)?
        }
        Algorithm::Hs256 => return Ok(None),
    };
    Ok(Some((id, key)))
}

/// Whether `key_ops`, where it is there, has `verify` in it.
fn may_verify(jwk: Value<'_>) -> bool {
    let Some(operations) = jwk.get("key_ops") else { return true };
    operations.elements().is_some_and(|mut list| list.any(|it| it.string().is_some_and(|it| it == "verify")))
}
