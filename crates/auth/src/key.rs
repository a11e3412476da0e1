//! Keys, each with the one algorithm it is for.
//!
//! That an algorithm belongs to the key, and not to the token, is what makes "RS256, but verified as HS256 with the
//! public key for a secret" impossible to write. The arithmetic is `jsonwebtoken`'s; what it leaves to its caller is
//! done here, once, when a key is configured or fetched: a key that is too short, or on another curve, is refused then.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    DecodingKey, EncodingKey, Header,
    crypto::verify,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk},
};
use serde_json::Value;

/// How a token may be signed (RFC 7518, section 3.1, and RFC 8037). There are no others here, and `none` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256: whoever verifies can sign.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The one that a header names, letter by letter.
    pub(crate) fn named(name: &str) -> Option<Algorithm> {
        match name {
            "HS256" => Some(Algorithm::Hs256),
            "RS256" => Some(Algorithm::Rs256),
            "ES256" => Some(Algorithm::Es256),
            "EdDSA" => Some(Algorithm::EdDsa),
            _ => None,
        }
    }

    /// What a header calls it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Hs256 => "HS256",
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    fn theirs(self) -> jsonwebtoken::Algorithm {
        match self {
            Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

/// A key that cannot be used, and why.
pub(crate) type Unfit = &'static str;

/// The fewest bits of an RSA key (RFC 7518, section 3.3).
const MIN_RSA_BITS: usize = 2048;
/// The most: a verification takes time that grows with the square.
const MAX_RSA_BITS: usize = 8192;

/// A key that tokens are verified with.
pub(crate) struct VerifyingKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl VerifyingKey {
    /// Never of an empty secret: see [`crate::Settings`].
    pub(crate) fn secret(secret: &[u8]) -> VerifyingKey {
        VerifyingKey { algorithm: Algorithm::Hs256, key: DecodingKey::from_secret(secret) }
    }

    /// A public key; `None` for one of a kind that no token here is signed with, a secret above all.
    pub(crate) fn public(jwk: &Jwk) -> Result<Option<VerifyingKey>, Unfit> {
        let (algorithm, key) = match &jwk.algorithm {
            AlgorithmParameters::RSA(numbers) => (Algorithm::Rs256, rsa(&numbers.n, &numbers.e)?),
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
                let key = DecodingKey::from_ec_components(&point.x, &point.y);
                let is_whole = decode(&point.x)?.len() == 32 && decode(&point.y)?.len() == 32;
                (Algorithm::Es256, key.ok().filter(|_| is_whole).ok_or("is no point of P-256")?)
            }
            AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => {
                let is_whole = decode(&point.x)?.len() == 32;
                let key = DecodingKey::from_ed_components(&point.x);
                (Algorithm::EdDsa, key.ok().filter(|_| is_whole).ok_or("is no key of Ed25519")?)
            }
            // Other curves, secrets, and what the library may come to know.
            AlgorithmParameters::EllipticCurve(_)
            | AlgorithmParameters::OctetKeyPair(_)
            | AlgorithmParameters::OctetKey(_)
            | AlgorithmParameters::Other(_)
            | _ => return Ok(None),
        };
        Ok(Some(VerifyingKey { algorithm, key }))
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature`, in base64url, is this key's of `signed`. In constant time for a secret.
    pub(crate) fn accepts(&self, signed: &[u8], signature: &str) -> bool {
        verify(signature, signed, &self.key, self.algorithm.theirs()).unwrap_or(false)
    }
}

/// An RSA key of a length that counts, and of an exponent with which a signature is one.
fn rsa(n: &str, e: &str) -> Result<DecodingKey, Unfit> {
    let (n, e) = (decode(n)?, decode(e)?);
    // A leading zero byte is a fault that some issuers make, and changes nothing.
    let n = &n[n.iter().take_while(|byte| **byte == 0).count()..];
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if bits < MIN_RSA_BITS {
        return Err("is an RSA key of less than 2048 bits: make a longer one");
    }
    if bits > MAX_RSA_BITS {
        return Err("is an RSA key of more than 8192 bits");
    }
    match e.as_slice() {
        [] | [0 | 1] | [0, ..] => Err("is an RSA key with an exponent that anybody can sign with"),
        [.., last] if e.len() <= 8 && last % 2 == 1 => Ok(DecodingKey::from_rsa_raw_components(n, &e)),
        [..] => Err("is an RSA key with an exponent that is no exponent"),
    }
}

fn decode(number: &str) -> Result<Vec<u8>, Unfit> {
    URL_SAFE_NO_PAD.decode(number).map_err(|_| "has a number that is no base64url")
}

/// A key that tokens are signed with.
pub(crate) struct SigningKey {
    algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    pub(crate) fn secret(secret: &[u8]) -> SigningKey {
        SigningKey { algorithm: Algorithm::Hs256, key: EncodingKey::from_secret(secret) }
    }

    /// A private key that a PEM text held. Its other half says whether it is fit.
    pub(crate) fn private(algorithm: Algorithm, key: EncodingKey) -> SigningKey {
        SigningKey { algorithm, key }
    }

    /// The other half of it.
    pub(crate) fn verifying(&self) -> Result<VerifyingKey, Unfit> {
        const UNFIT: Unfit =
            "holds no private key of RSA with at least 2048 bits, of the curve P-256 or of Ed25519";
        match self.algorithm {
            Algorithm::Hs256 => Ok(VerifyingKey::secret(self.key.as_bytes())),
            Algorithm::Rs256 | Algorithm::Es256 => {
                let jwk = Jwk::from_encoding_key(&self.key, self.algorithm.theirs()).map_err(|_| UNFIT)?;
                VerifyingKey::public(&jwk)?.ok_or(UNFIT)
            }
            // `Jwk` does not take the form that has the public half with it, and which many tools write.
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(self.key.as_bytes()).map_err(|_| UNFIT)?;
                let key = DecodingKey::from_ed_der(pair.public_key().as_ref());
                Ok(VerifyingKey { algorithm: Algorithm::EdDsa, key })
            }
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// A token of these claims; `None` where the library failed, which takes a machine without randomness.
    pub(crate) fn sign(&self, claims: &Value) -> Option<String> {
        jsonwebtoken::encode(&Header::new(self.algorithm.theirs()), claims, &self.key).ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.algorithm.name())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm.name())
    }
}
