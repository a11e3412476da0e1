//! A JSON Web Key Set (RFC 7517), as an issuer publishes it.
//!
//! What is not for us is passed over: keys for encryption, other kinds, other curves, and above all symmetric ones,
//! which no one may publish. Each key is read by itself, so that one that nobody understands does not spoil the rest. What is for us and weak is passed over with a warning.

use std::sync::Arc;

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
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
fn key(value: Value<'_>) -> Result<Option<Entry>, Unfit> {
    if !has_each_member_once(value) {
        return Err("is no object with each member once");
    }
    let jwk: Jwk = serde_json::from_str(value.as_str()).map_err(|_| "is no JWK")?;
    let Some(key) = VerifyingKey::public(&jwk)? else { return Ok(None) };
    // The library takes `null` for nothing said.
    let is_said = |name: &str| value.get(name).is_some();
    let is_for_this = match jwk.common.key_algorithm {
        Some(algorithm) => names(algorithm, key.algorithm()),
        None => !is_said("alg"),
    };
    let is_for_signatures = match &jwk.common.public_key_use {
        Some(purpose) => *purpose == PublicKeyUse::Signature,
        None => !is_said("use"),
    };
    let may_verify = match &jwk.common.key_operations {
        Some(operations) => operations.contains(&KeyOperations::Verify),
        None => !is_said("key_ops"),
    };
    if !is_for_this || !is_for_signatures || !may_verify {
        return Ok(None);
    }
    if is_said("d") {
        return Err(
            "has its private half with it: whoever reads the set can sign, so nothing it signs counts",
        );
    }
    Ok(Some((jwk.common.key_id, key)))
}

/// Whether that is what a JWK calls this algorithm.
fn names(theirs: KeyAlgorithm, ours: Algorithm) -> bool {
    theirs.to_string() == ours.name()
}
