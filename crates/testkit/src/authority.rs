//! Certificates of our own, made by the test that needs them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs::default_provider,
    version::{TLS12, TLS13},
};

use crate::wire::Security;

/// Whoever vouches for the servers of a test, and whom their clients believe.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate chain and its key, as PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// What `TLS_CERT_FILE` holds.
    pub chain: String,
    /// What `TLS_KEY_FILE` holds.
    pub key: String,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// The host that its certificates are for; they are for 127.0.0.1 too.
    pub const HOST: &'static str = "meet.example";

    /// A new one, whom nobody believes yet.
    #[must_use]
    pub fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("randomness");
        Self { issuer: CertifiedIssuer::self_signed(parameters, key).expect("a certificate") }
    }

    /// A new certificate, with a key of its own.
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        self.certificate_until(4_000)
    }

    /// One that nobody should believe any more.
    #[must_use]
    pub fn expired_certificate(&self) -> Certificate {
        self.certificate_until(2_020)
    }

    fn certificate_until(&self, year: i32) -> Certificate {
        let key = KeyPair::generate().expect("randomness");
        let names = vec![Self::HOST.to_owned(), "127.0.0.1".to_owned()];
        let mut parameters = CertificateParams::new(names).expect("names");
        parameters.not_after = date_time_ymd(year, 1, 1);
        let own = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        Certificate { chain: own.pem() + &self.pem(), key: key.serialize_pem() }
    }

    /// What its clients are given to believe, as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// How a client speaks to its servers, in either version of TLS.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        self.client_of(&[&TLS13, &TLS12])
    }

    /// As [`Authority::client`], in these versions.
    #[must_use]
    pub fn client_of(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("a certificate");
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    pub(crate) fn security(&self) -> Security {
        Security::Tls(Arc::new(self.client()))
    }
}

impl Certificate {
    /// Writes it into this folder, in place of what was there before; returns the paths of the chain and the key.
    pub fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let write = |name: &str, text: &str| {
            let (new, file) = (folder.join(format!("{name}.new")), folder.join(name));
            fs::write(&new, text).expect("a folder to write to");
            fs::rename(new, &file).expect("a folder to write to");
            file
        };
        (write("cert.pem", &self.chain), write("key.pem", &self.key))
    }
}
