//! A certificate and its private key, read from their files and held against each other.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    Error, InconsistentKeys,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
    sign::CertifiedKey,
};

use super::validity::Validity;
use crate::config::Config;

/// The longest file that is read, in bytes: a chain of ten certificates is a tenth of it.
const MAX_FILE_BYTES: u64 = 256 << 10;

/// Where the certificate chain and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `TLS_CERT_FILE`: the server's certificate first, then those that vouch for it.
    pub certificate: PathBuf,
    /// `TLS_KEY_FILE`: the private key of the first certificate.
    pub key: PathBuf,
}

impl Files {
    /// Those that are configured; `None`: the server speaks in the clear.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        let (certificate, key) = config.tls_cert_file.clone().zip(config.tls_key_file.clone())?;
        Some(Self { certificate, key })
    }
}

/// Why a pair of files cannot be used. Its words name the option and the file, and nothing that is in it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A file cannot be read.
    #[error("{option}={}: {source}", file.display())]
    Unreadable {
        /// The option that names the file.
        option: &'static str,
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{option}={}: {reason}", file.display())]
    Unusable {
        /// The option that names the file.
        option: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "TLS_KEY_FILE={} is not the key of the first certificate in TLS_CERT_FILE={}: \
         the server's own certificate has to be the first of its file, and the key has to be its own",
        files.key.display(),
        files.certificate.display()
    )]
    Mismatch {
        /// Both files.
        files: Files,
    },
}

const CERTIFICATE: &str = "TLS_CERT_FILE";
const KEY: &str = "TLS_KEY_FILE";

/// A pair that belongs together.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    /// `None` when it could not be read, which hinders nobody.
    pub(super) validity: Option<Validity>,
}

impl Pair {
    /// Reads both files. This waits for the disk.
    pub(super) fn read(files: &Files) -> Result<Self, Refused> {
        let chain = certificates(&files.certificate)?;
        let key = private_key(&files.key)?;
        let validity = chain.first().and_then(|own| Validity::of(own));
        let provider: CryptoProvider = aws_lc_rs::default_provider();
        match CertifiedKey::from_der(chain, key, &provider) {
            Ok(certified) => Ok(Self { certified: Arc::new(certified), validity }),
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(Refused::Mismatch { files: files.clone() })
            }
            Err(Error::InvalidCertificate(error)) => {
                let reason = format!("its first certificate is malformed ({error:?}): issue it anew");
                Err(unusable(CERTIFICATE, &files.certificate, reason))
            }
            Err(error) => {
                let reason = format!("its key cannot be used ({error}): it has to be RSA, ECDSA or Ed25519");
                Err(unusable(KEY, &files.key, reason))
            }
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Refused> {
    let text = read(CERTIFICATE, file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if chain.is_empty() => {
            let reason = "holds no certificate: expected PEM, which begins with -----BEGIN CERTIFICATE-----";
            Err(unusable(CERTIFICATE, file, reason))
        }
        Ok(chain) => Ok(chain),
        Err(error) => Err(unusable(CERTIFICATE, file, broken(&error))),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Refused> {
    let text = read(KEY, file)?;
    if is_encrypted(&text) {
        let reason = "is encrypted, and a server starts without asking for a passphrase: decrypt it with \
                      `openssl pkey -in FILE -out NEW_FILE`, and let only the server's user read it";
        return Err(unusable(KEY, file, reason));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        if matches!(error, pem::Error::NoItemsFound) {
            unusable(KEY, file, "holds no private key: expected PEM, such as -----BEGIN PRIVATE KEY-----")
        } else {
            unusable(KEY, file, broken(&error))
        }
    })
}

/// In the form of PKCS #8, or in the older one.
fn is_encrypted(pem: &[u8]) -> bool {
    [&b"-----BEGIN ENCRYPTED PRIVATE KEY-----"[..], b"Proc-Type: 4,ENCRYPTED"]
        .iter()
        .any(|mark| pem.windows(mark.len()).any(|window| window == *mark))
}

/// The library's own words may hold lines of the file.
fn broken(error: &pem::Error) -> &'static str {
    if matches!(error, pem::Error::MissingSectionEnd { .. }) {
        "is cut short: a section of its PEM has no end"
    } else if matches!(error, pem::Error::Base64Decode(_)) {
        "is no PEM: a section of it is not base64"
    } else {
        "is no PEM"
    }
}

fn read(option: &'static str, file: &Path) -> Result<Vec<u8>, Refused> {
    let unreadable = |source| Refused::Unreadable { option, file: file.to_owned(), source };
    let is_a_file = fs::metadata(file).map_err(unreadable)?.is_file();
    if !is_a_file {
        return Err(unusable(option, file, "is no regular file"));
    }
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).map_err(unreadable)?;
    opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(unusable(option, file, format!("is longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(bytes)
}

fn unusable(option: &'static str, file: &Path, reason: impl Into<String>) -> Refused {
    Refused::Unusable { option, file: file.to_owned(), reason: reason.into() }
}
