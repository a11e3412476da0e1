//! What these tests share.

use std::{net::SocketAddr, sync::Arc};

use rustls::{ClientConfig, pki_types::ServerName};
use server::{
    config::Config, lifecycle::Lifecycle, limits::OpenConnections, listener, telemetry::Metrics, tls,
};
use testkit::{Authority, Folder, within};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A server under TLS, who vouches for it, and where its certificate is.
pub(crate) struct Tls {
    pub(crate) server: testkit::Server,
    pub(crate) authority: Authority,
    pub(crate) folder: Folder,
}

pub(crate) async fn start() -> Tls {
    start_with(|_| {}).await
}

pub(crate) async fn start_with(edit: impl FnOnce(&mut Config)) -> Tls {
    let (authority, folder) = (Authority::new(), Folder::new());
    let server = testkit::Server::start_tls(&authority, folder.path(), edit).await;
    Tls { server, authority, folder }
}

/// A client that offers these protocols.
pub(crate) fn client(authority: &Authority, protocols: &[&[u8]]) -> ClientConfig {
    let mut config = authority.client();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

pub(crate) async fn session(
    address: SocketAddr,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(Authority::HOST).unwrap();
    let tcp = TcpStream::connect(address).await.unwrap();
    within("a handshake", TlsConnector::from(Arc::new(config)).connect(name, tcp)).await
}

/// The listener alone, in the runtime of the test, so that time can be paused.
pub(crate) fn listener(authority: &Authority, folder: &Folder) -> (SocketAddr, Lifecycle) {
    let (certificate, key) = authority.certificate().write(folder.path());
    let (certificate, _) = tls::open(tls::Files { certificate, key }).unwrap();
    let metrics = Arc::new(Metrics::new(&[], &[], Arc::default()));
    let limits = listener::Limits { open: OpenConnections::new(0), trusted_proxies: Arc::default() };
    let listener = listener::Listener::bind("127.0.0.1:0".parse().unwrap(), limits).unwrap();
    let listener = listener.with_tls(listener::Tls::new(certificate, metrics));
    let (address, life) = (listener.local_addr().unwrap(), Lifecycle::new());
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "hello" }));
    life.spawn(listener.serve(router, life.clone()));
    (address, life)
}
