//! TLS in the process: the certificate, and what is spoken with it.
//!
//! - `pair` reads a certificate and its key, and refuses what cannot work with the reason.
//! - `watch` sees when the files change, and swaps the certificate under a server that goes on serving.
//! - `validity` knows from when until when a certificate counts.
//!
//! TLS 1.2 and 1.3, with the library's choice of ciphers, no early data and no client certificates. The client picks
//! HTTP/2 or HTTP/1.1 during the handshake (ALPN); one that does not say speaks HTTP/1.1. What happens on a connection
//! is the listener's: see `listener::tls`.

mod pair;
mod validity;
mod watch;

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::{Ticketer, default_provider},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

pub use pair::{Files, Refused};
pub use watch::Watch;

use crate::clock;
use pair::Pair;

/// The protocol that a client picked: HTTP/2.
pub(crate) const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// The certificate by which a server is known, whichever it is at the moment. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Certificate {
    config: Arc<ServerConfig>,
}

/// Reads the certificate and its key. The [`Watch`] keeps the certificate up to date while it runs.
///
/// # Errors
/// [`Refused`], with what to do. A certificate out of its time is a warning in the log alone: a server whose clock is
/// wrong must start.
pub fn open(files: Files) -> Result<(Certificate, Watch), Refused> {
    let watch_from = watch::Prints::of(&files);
    let pair = Pair::read(&files)?;
    let current = Arc::new(Current(Mutex::new(pair.certified)));
    let certificate = Certificate { config: Arc::new(config(Arc::clone(&current))) };
    Ok((certificate, Watch::new(files, watch_from, current, pair.validity)))
}

impl Certificate {
    /// What the TLS library needs for a handshake.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

fn config(current: Arc<Current>) -> ServerConfig {
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&versions)
        .expect("the provider's ciphers are those of both versions")
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
    // With tickets whoever comes back spares both sides the costly part, and no session is kept here.
    if let Ok(ticketer) = Ticketer::new() {
        config.ticketer = ticketer;
    }
    config
}

/// The certificate of now.
#[derive(Debug)]
struct Current(Mutex<Arc<CertifiedKey>>);

impl Current {
    fn swap(&self, certified: Arc<CertifiedKey>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = certified;
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Wall time as certificates count it.
fn now() -> std::time::Duration {
    std::time::Duration::from_millis(clock::wall_ms())
}
