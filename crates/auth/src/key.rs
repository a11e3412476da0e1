//! Keys, each with the one algorithm it is for.
//!
//! A key is parsed once, when it is configured or fetched, and is refused then if it is weak or of a kind that is not
//! for tokens. That an algorithm belongs to the key, and not to the token, is what makes "RS256, but verified as
//! HS256 with the public key for a secret" impossible to write.

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    hmac, rand,
    rsa::{self, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
        KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaParameters,
    },
};

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
}

/// A key that cannot be used, and why.
pub(crate) type Unfit = &'static str;

/// The fewest bits of an RSA key (RFC 7518, section 3.3).
const MIN_RSA_BITS: u32 = 2048;
/// The most: a verification takes time that grows with the square.
const MAX_RSA_BITS: u32 = 8192;

/// A key that tokens are verified with.
pub(crate) enum VerifyingKey {
    Secret(Box<hmac::Key>),
    Public { algorithm: Algorithm, key: Box<ParsedPublicKey> },
}

impl VerifyingKey {
    /// Never of an empty secret: see [`crate::Settings`].
    pub(crate) fn secret(secret: &[u8]) -> VerifyingKey {
        VerifyingKey::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// An RSA key in DER, as PKCS#1 or as SubjectPublicKeyInfo.
    pub(crate) fn rsa(der: &[u8]) -> Result<VerifyingKey, Unfit> {
        let key = rsa::PublicKey::from_der(der).map_err(|_| "is no RSA key that can be used")?;
        let bits = RsaParameters::public_modulus_len(key.as_ref()).map_err(|_| "is no RSA key")?;
        match bits {
            0..MIN_RSA_BITS => Err("is an RSA key of less than 2048 bits: make a longer one"),
            MIN_RSA_BITS..=MAX_RSA_BITS => {
                let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.as_ref());
                VerifyingKey::public(Algorithm::Rs256, key.ok())
            }
            _ => Err("is an RSA key of more than 8192 bits"),
        }
    }

    /// An RSA key by its numbers, big-endian and without leading zeros.
    pub(crate) fn rsa_components(n: &[u8], e: &[u8]) -> Result<VerifyingKey, Unfit> {
        if n.len() > MAX_RSA_BITS as usize / 8 || e.len() > 8 {
            return Err("is an RSA key of more than 8192 bits");
        }
        let der = PublicKeyComponents { n, e }.as_der().map_err(|_| "is no RSA key")?;
        VerifyingKey::rsa(der.as_ref())
    }

    /// A point on P-256: SubjectPublicKeyInfo, or 0x04 and both coordinates.
    pub(crate) fn p256(bytes: &[u8]) -> Result<VerifyingKey, Unfit> {
        VerifyingKey::public(Algorithm::Es256, ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).ok())
    }

    /// An Ed25519 key: SubjectPublicKeyInfo, or its 32 bytes.
    pub(crate) fn ed25519(bytes: &[u8]) -> Result<VerifyingKey, Unfit> {
        VerifyingKey::public(Algorithm::EdDsa, ParsedPublicKey::new(&ED25519, bytes).ok())
    }

    fn public(algorithm: Algorithm, key: Option<ParsedPublicKey>) -> Result<VerifyingKey, Unfit> {
        let key = key.ok_or("is no key of RSA, of the curve P-256 or of Ed25519")?;
        Ok(VerifyingKey::Public { algorithm, key: Box::new(key) })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            VerifyingKey::Secret(_) => Algorithm::Hs256,
            VerifyingKey::Public { algorithm, .. } => *algorithm,
        }
    }

    /// Whether `signature` is this key's of `signed`. In constant time for a secret.
    pub(crate) fn accepts(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            VerifyingKey::Secret(key) => hmac::verify(key, signed, signature).is_ok(),
            VerifyingKey::Public { key, .. } => key.verify_sig(signed, signature).is_ok(),
        }
    }
}

/// A key that tokens are signed with.
pub(crate) enum SigningKey {
    Secret(Box<hmac::Key>),
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl SigningKey {
    pub(crate) fn secret(secret: &[u8]) -> SigningKey {
        SigningKey::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// A private key in DER, as PKCS#8, PKCS#1 or SEC 1.
    pub(crate) fn private(der: &[u8]) -> Result<SigningKey, Unfit> {
        if let Ok(key) = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der)) {
            return Ok(SigningKey::Rsa(Box::new(key)));
        }
        if let Ok(key) = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            return Ok(SigningKey::P256(Box::new(key)));
        }
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(SigningKey::Ed25519(Box::new(key)));
        }
        Err("holds no private key of RSA with at least 2048 bits, of the curve P-256 or of Ed25519")
    }

    /// The other half of it.
    pub(crate) fn verifying(&self) -> Result<VerifyingKey, Unfit> {
        match self {
            SigningKey::Secret(key) => Ok(VerifyingKey::Secret(key.clone())),
            SigningKey::Rsa(key) => VerifyingKey::rsa(key.public_key().as_ref()),
            SigningKey::P256(key) => VerifyingKey::p256(key.public_key().as_ref()),
            SigningKey::Ed25519(key) => VerifyingKey::ed25519(key.public_key().as_ref()),
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            SigningKey::Secret(_) => Algorithm::Hs256,
            SigningKey::Rsa(_) => Algorithm::Rs256,
            SigningKey::P256(_) => Algorithm::Es256,
            SigningKey::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// The signature; `None` where the library failed, which takes a machine without randomness.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = rand::SystemRandom::new();
        match self {
            SigningKey::Secret(key) => Some(hmac::sign(key, message).as_ref().to_vec()),
            SigningKey::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            SigningKey::P256(key) => Some(key.sign(&random, message).ok()?.as_ref().to_vec()),
            SigningKey::Ed25519(key) => Some(key.try_sign(message).ok()?.as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.algorithm().name())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm().name())
    }
}
