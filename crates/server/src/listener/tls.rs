//! From a connection to a TLS session: one handshake, with an end to it.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    telemetry::{Handshake, Metrics},
    tls::{Certificate, HTTP_2},
};

/// From the opening of a connection to the end of its handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What is read of a request in the clear, so that its answer is not lost with it.
const MAX_CLEAR_BYTES: u64 = 64 << 10;

/// How a listener speaks TLS. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Tls {
    certificate: Certificate,
    metrics: Arc<Metrics>,
}

/// What was agreed on in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreed {
    Http1,
    Http2,
}

impl Tls {
    /// With this certificate; handshakes are counted in the metrics.
    #[must_use]
    pub fn new(certificate: Certificate, metrics: Arc<Metrics>) -> Self {
        Self { certificate, metrics }
    }

    /// Shakes hands. `None` when that fails or takes too long: then the connection is over.
    pub(super) async fn shake_hands(
        &self,
        tcp: TcpStream,
        peer: SocketAddr,
    ) -> Option<(Box<TlsStream<TcpStream>>, Agreed)> {
        let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
        let failure = match timeout_at(deadline, self.try_to(tcp)).await {
            Ok(Ok(stream)) => {
                self.metrics.handshake(Handshake::Ok);
                let picked = stream.get_ref().1.alpn_protocol();
                let agreed = if picked == Some(HTTP_2) { Agreed::Http2 } else { Agreed::Http1 };
                return Some((stream, agreed));
            }
            Ok(Err(failure)) => failure,
            Err(_) => Failure::TimedOut,
        };
        // As with connections, failures are no news, and name no bytes of the client.
        tracing::debug!(%peer, %failure, "no TLS session");
        self.metrics.handshake(match failure {
            Failure::TimedOut => Handshake::TimedOut,
            Failure::Clear(_) => Handshake::Clear,
            Failure::Failed(_) => Handshake::Failed,
        });
        if let Failure::Clear(tcp) = failure {
            // Whether it is heard or not, there is nothing more to say.
            let _ = timeout_at(deadline, send_to_https(tcp)).await;
        }
        None
    }

    async fn try_to(&self, tcp: TcpStream) -> Result<Box<TlsStream<TcpStream>>, Failure> {
        let mut first = [0];
        // No TLS record begins with a capital letter, and every request does.
        if tcp.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase() {
            return Err(Failure::Clear(tcp));
        }
        let stream = TlsAcceptor::from(self.certificate.config()).accept(tcp).await?;
        Ok(Box::new(stream))
    }
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the handshake took longer than {}s", HANDSHAKE_TIMEOUT.as_secs())]
    TimedOut,
    #[error("a request in the clear")]
    Clear(TcpStream),
    #[error("{0}")]
    Failed(#[from] io::Error),
}

/// Tells somebody who speaks HTTP in the clear what is wrong.
async fn send_to_https(mut tcp: TcpStream) -> io::Result<()> {
    const ANSWER: &str = "HTTP/1.1 400 Bad Request\r\n\
        content-type: text/plain; charset=utf-8\r\n\
        content-length: 34\r\n\
        connection: close\r\n\r\n\
        this port speaks TLS: use https://";
    tcp.write_all(ANSWER.as_bytes()).await?;
    tcp.shutdown().await?;
    // To close with bytes unread would reset the connection, and the answer might never be seen.
    tokio::io::copy(&mut tcp.take(MAX_CLEAR_BYTES), &mut tokio::io::sink()).await?;
    Ok(())
}
