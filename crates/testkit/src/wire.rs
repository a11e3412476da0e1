//! What is under a client: TCP, with or without TLS in it.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{authority::Authority, wait::within};

/// In the clear, or whom to believe.
#[derive(Debug, Clone, Default)]
pub(crate) enum Security {
    #[default]
    Clear,
    Tls(Arc<ClientConfig>),
}

#[derive(Debug)]
pub(crate) enum Wire {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Security {
    /// Connects.
    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<Wire> {
        self.over(within("a connection", TcpStream::connect(address)).await?).await
    }

    /// On a connection that there is.
    pub(crate) async fn over(&self, tcp: TcpStream) -> io::Result<Wire> {
        match self {
            Self::Clear => Ok(Wire::Clear(tcp)),
            Self::Tls(config) => {
                let name = ServerName::try_from(Authority::HOST).expect("a name");
                let session = TlsConnector::from(Arc::clone(config)).connect(name, tcp);
                Ok(Wire::Tls(Box::new(within("a TLS session", session).await?)))
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
