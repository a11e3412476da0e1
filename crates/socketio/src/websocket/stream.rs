//! The stream under a WebSocket: the bare TCP stream where there is one, else whatever was upgraded.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

#[derive(Debug)]
pub(crate) struct Stream {
    io: Io,
    /// What came together with the upgrade request.
    ahead: Bytes,
}

#[derive(Debug)]
enum Io {
    Tcp(TcpStream),
    Other(Box<TokioIo<Upgraded>>),
}

impl Stream {
    /// Hyper's own wrapping costs each idle connection kilobytes; it is shed where the stream is plain TCP.
    pub(crate) fn new(upgraded: Upgraded) -> Self {
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => Self { io: Io::Tcp(parts.io.into_inner()), ahead: parts.read_buf },
            Err(other) => Self { io: Io::Other(Box::new(TokioIo::new(other))), ahead: Bytes::new() },
        }
    }

    /// Reads into `buffer`; 0 bytes mean the end.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buffer.len());
            self.ahead.copy_to_slice(&mut buffer[..count]);
            return Poll::Ready(Ok(count));
        }
        let mut buffer = ReadBuf::new(buffer);
        let read = match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_read(cx, &mut buffer),
            Io::Other(io) => Pin::new(io).poll_read(cx, &mut buffer),
        };
        read.map_ok(|()| buffer.filled().len())
    }

    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_write(cx, bytes),
            Io::Other(io) => Pin::new(io).poll_write(cx, bytes),
        }
    }

    /// TLS gathers what is written to it until it is told to send.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tcp(_) => Poll::Ready(Ok(())),
            Io::Other(io) => Pin::new(io).poll_flush(cx),
        }
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_shutdown(cx),
            Io::Other(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
