//! A pair of keys, in the forms that people have them in.

use std::sync::OnceLock;

use auth::Algorithm;
use jsonwebtoken::{EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData};
use serde_json::{Value, json};

use super::base64;

/// Both halves of a key.
pub(crate) struct Pair {
    pub(crate) algorithm: Algorithm,
    keys: KeyPair,
}

impl Pair {
    pub(crate) fn new(algorithm: Algorithm) -> Pair {
        let kind = match algorithm {
            Algorithm::Rs256 => &PKCS_RSA_SHA256,
            Algorithm::Es256 => &PKCS_ECDSA_P256_SHA256,
            Algorithm::EdDsa => &PKCS_ED25519,
            Algorithm::Hs256 => panic!("a secret is no pair"),
        };
        Pair { algorithm, keys: KeyPair::generate_for(kind).unwrap() }
    }

    /// One of each kind, made once: RSA takes its time.
    pub(crate) fn each() -> &'static [Pair; 3] {
        static PAIRS: OnceLock<[Pair; 3]> = OnceLock::new();
        PAIRS.get_or_init(|| [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa].map(Pair::new))
    }

    pub(crate) fn private_pem(&self) -> String {
        self.keys.serialize_pem()
    }

    pub(crate) fn private_der(&self) -> &[u8] {
        self.keys.serialized_der()
    }

    pub(crate) fn public_pem(&self) -> String {
        self.keys.public_key_pem()
    }

    /// SubjectPublicKeyInfo.
    pub(crate) fn public_der(&self) -> Vec<u8> {
        self.keys.subject_public_key_info()
    }

    /// PKCS#1 for RSA, the point for P-256, the 32 bytes for Ed25519.
    pub(crate) fn public_raw(&self) -> &[u8] {
        self.keys.public_key_raw()
    }

    /// The public half as a JWK.
    pub(crate) fn jwk(&self, id: &str) -> Value {
        match self.algorithm {
            Algorithm::Rs256 => {
                let key = aws_lc_rs::rsa::PublicKey::from_der(&self.public_der()).unwrap();
                let n = base64(key.modulus().big_endian_without_leading_zero());
                let e = base64(key.exponent().big_endian_without_leading_zero());
                json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": n, "e": e })
            }
            Algorithm::Es256 => {
                let (x, y) = self.public_raw()[1..].split_at(32);
                let (x, y) = (base64(x), base64(y));
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": x, "y": y })
            }
            Algorithm::EdDsa => {
                let x = base64(self.public_raw());
                json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": id, "x": x })
            }
            Algorithm::Hs256 => panic!("a secret is no pair"),
        }
    }

    /// The key for the library, without a word of ours.
    pub(crate) fn encoding_key(&self) -> EncodingKey {
        let pem = self.private_pem();
        match self.algorithm {
            Algorithm::Rs256 => EncodingKey::from_rsa_pem(pem.as_bytes()),
            Algorithm::Es256 => EncodingKey::from_ec_pem(pem.as_bytes()),
            Algorithm::EdDsa => EncodingKey::from_ed_pem(pem.as_bytes()),
            Algorithm::Hs256 => panic!("a secret is no pair"),
        }
        .unwrap()
    }

    /// A token of these claims.
    pub(crate) fn sign(&self, id: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: id.map(str::to_owned), ..Header::new(theirs(self.algorithm)) };
        jsonwebtoken::encode(&header, claims, &self.encoding_key()).unwrap()
    }

    /// The signature of any message.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        let signature = jsonwebtoken::crypto::sign(message, &self.encoding_key(), theirs(self.algorithm));
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature.unwrap()).unwrap()
    }
}

/// What the library calls an algorithm.
pub(crate) fn theirs(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}
