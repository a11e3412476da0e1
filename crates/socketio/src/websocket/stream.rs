//! The stream under a WebSocket: the bare one that the server accepted, taken back from the HTTP library.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What can be under a WebSocket.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// Takes the server's own type of stream out of what was upgraded. Hyper's wrapping costs each idle connection
/// kilobytes, and is shed where it can be; a stream of another type stays wrapped, and works.
pub(crate) type Unwrap = fn(Upgraded) -> Stream;

pub(crate) struct Stream {
    io: Box<dyn Duplex>,
    /// What came together with the upgrade request.
    ahead: Bytes,
}

impl Stream {
    /// See [`Unwrap`].
    pub(crate) fn unwrap<S: Duplex + 'static>(upgraded: Upgraded) -> Self {
        match upgraded.downcast::<TokioIo<S>>() {
            // A copy, even of nothing: what is left of the buffer would keep all of it, the request's head included.
            Ok(parts) => {
                Self { io: Box::new(parts.io.into_inner()), ahead: Bytes::copy_from_slice(&parts.read_buf) }
            }
            Err(other) => Self { io: Box::new(TokioIo::new(other)), ahead: Bytes::new() },
        }
    }

    /// Reads into `buffer`; 0 bytes mean the end.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buffer.len());
            self.ahead.copy_to_slice(&mut buffer[..count]);
            if self.ahead.is_empty() {
                self.ahead = Bytes::new();
            }
            return Poll::Ready(Ok(count));
        }
        let mut buffer = ReadBuf::new(buffer);
        Pin::new(&mut *self.io).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
    }

    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write(cx, bytes)
    }

    /// TLS gathers what is written to it until it is told to send.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_flush(cx)
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_shutdown(cx)
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}
