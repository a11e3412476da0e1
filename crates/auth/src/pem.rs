//! Keys from a file in PEM form (RFC 7468).

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::key::{SigningKey, Unfit, VerifyingKey};

/// What a key file held.
pub(crate) enum KeyFile {
    /// Both halves: it signs and verifies.
    Private(SigningKey),
    /// It verifies.
    Public(VerifyingKey),
}

/// The most that is read of a key file; the longest RSA key takes a tenth of it.
const MAX_BYTES: usize = 64 * 1024;

/// Reads the one key of a PEM text. The parameters that `openssl ecparam` writes before a key are passed over.
pub(crate) fn read(text: &str) -> Result<KeyFile, Unfit> {
    if text.len() > MAX_BYTES {
        return Err("has more than 64 KiB, which no key has");
    }
    let mut keys =
        Blocks { rest: text }.filter(|block| !matches!(block, Ok(block) if block.label == "EC PARAMETERS"));
    let key = keys.next().ok_or("holds nothing in PEM form: it begins with -----BEGIN")??;
    if keys.next().is_some() {
        return Err("holds more than one key: leave the one that counts");
    }
    match key.label {
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => {
            SigningKey::private(&key.der).map(KeyFile::Private)
        }
        "PUBLIC KEY" => VerifyingKey::rsa(&key.der)
            .or_else(|rsa| VerifyingKey::p256(&key.der).map_err(|_| rsa))
            .or_else(|rsa| VerifyingKey::ed25519(&key.der).map_err(|_| rsa))
            .map(KeyFile::Public),
        "RSA PUBLIC KEY" => VerifyingKey::rsa(&key.der).map(KeyFile::Public),
        "ENCRYPTED PRIVATE KEY" => Err(
            "holds a key with a passphrase: decrypt it with `openssl pkey`, and keep the file readable by the server alone",
        ),
        "CERTIFICATE" => Err("holds a certificate: take its key out with `openssl x509 -pubkey -noout`"),
        _ => Err("holds something in PEM form that is no key for tokens"),
    }
}

/// One `-----BEGIN label-----`, and what was in it.
struct Block<'a> {
    label: &'a str,
    der: Vec<u8>,
}

/// The blocks of a text, one after the other. What stands between them is a comment.
struct Blocks<'a> {
    rest: &'a str,
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, Unfit>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, after) = self.rest.split_once(BEGIN)?;
        let (block, rest) = match block(after) {
            Some((block, rest)) => (Ok(block), rest),
            None => (Err("is not whole: it has a -----BEGIN line, and not what belongs to it"), ""),
        };
        self.rest = rest;
        Some(block)
    }
}

fn block(after: &str) -> Option<(Block<'_>, &str)> {
    let (label, body) = after.split_once(DASHES)?;
    let (body, rest) = body.split_once("-----END ")?;
    let rest = rest.strip_prefix(label)?.strip_prefix(DASHES)?;
    let mut base64 = body.to_owned();
    base64.retain(|character| !character.is_ascii_whitespace());
    Some((Block { label, der: STANDARD.decode(base64).ok()? }, rest))
}
