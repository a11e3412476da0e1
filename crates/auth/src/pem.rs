//! Keys from a file in PEM form (RFC 7468).
//!
//! `jsonwebtoken` reads them, once it is told of which kind they are. What it does not say is why it takes one not:
//! that is said here, with what to do.

use jsonwebtoken::{DecodingKey, EncodingKey, jwk::Jwk};

use crate::key::{Algorithm, SigningKey, Unfit, VerifyingKey};

/// What a key file held.
pub(crate) enum KeyFile {
    /// Both halves: it signs and verifies.
    Private(SigningKey),
    /// It verifies.
    Public(VerifyingKey),
}

/// The most that is read of a key file; the longest RSA key takes a tenth of it.
const MAX_BYTES: usize = 64 * 1024;

/// Reads the one key of a PEM text.
pub(crate) fn read(text: &str) -> Result<KeyFile, Unfit> {
    if text.len() > MAX_BYTES {
        return Err("has more than 64 KiB, which no key has");
    }
    let mut labels =
        text.split("-----BEGIN ").skip(1).map(|block| block.split("-----").next().unwrap_or_default());
    let label = labels.next().ok_or("holds nothing in PEM form: it begins with -----BEGIN")?;
    match label {
        "EC PRIVATE KEY" | "EC PARAMETERS" => {
            return Err(
                "holds a key in the form of SEC 1: write it anew with `openssl pkcs8 -topk8 -nocrypt`",
            );
        }
        "ENCRYPTED PRIVATE KEY" => {
            return Err(
                "holds a key with a passphrase: decrypt it with `openssl pkey`, and keep the file readable by the server alone",
            );
        }
        "CERTIFICATE" => {
            return Err("holds a certificate: take its key out with `openssl x509 -pubkey -noout`");
        }
        _ => {}
    }
    if labels.next().is_some() {
        return Err("holds more than one key: leave the one that counts");
    }
    match label {
        "PRIVATE KEY" | "RSA PRIVATE KEY" => private(text.as_bytes()).map(KeyFile::Private),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => public(text.as_bytes()).map(KeyFile::Public),
        _ => Err("holds something in PEM form that is no key for tokens"),
    }
}

fn private(pem: &[u8]) -> Result<SigningKey, Unfit> {
    let key = EncodingKey::from_rsa_pem(pem)
        .map(|key| SigningKey::private(Algorithm::Rs256, key))
        .or_else(|_| EncodingKey::from_ec_pem(pem).map(|key| SigningKey::private(Algorithm::Es256, key)))
        .or_else(|_| EncodingKey::from_ed_pem(pem).map(|key| SigningKey::private(Algorithm::EdDsa, key)))
        .map_err(|_| "holds no private key of RSA, of the curve P-256 or of Ed25519")?;
    key.verifying().map(|_| key)
}

fn public(pem: &[u8]) -> Result<VerifyingKey, Unfit> {
    const UNFIT: Unfit = "holds no public key of RSA, of the curve P-256 or of Ed25519";
    let key = DecodingKey::from_rsa_pem(pem)
        .or_else(|_| DecodingKey::from_ec_pem(pem))
        .or_else(|_| DecodingKey::from_ed_pem(pem))
        .map_err(|_| UNFIT)?;
    let jwk = Jwk::from_decoding_key(&key, None).map_err(|_| UNFIT)?;
    VerifyingKey::public(&jwk)?.ok_or(UNFIT)
}
