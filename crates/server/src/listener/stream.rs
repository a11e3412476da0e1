//! A stream that is counted while it is open, upgrades included.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
    time::{Instant, timeout_at},
};
use tokio_rustls::server::TlsStream;

use crate::limits::OpenConnection;

/// The transport of a request, and of what it was upgraded to. Dropping it closes the connection, takes it
/// off its address's count and tells the accept loop that a descriptor is free.
#[derive(Debug)]
pub struct Stream {
    // The order is that of dropping: first the descriptor, then the news of it.
    transport: Transport,
    _place: Place,
}

/// One type for both kinds, so that what takes the bare stream back after an upgrade need not know which it is. A
/// connection in the clear pays nothing for the other kind, which is a kilobyte, and lies elsewhere.
#[derive(Debug)]
pub(super) enum Transport {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What an open connection takes up, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _counted: Option<OpenConnection>,
    _freed: Freed,
}

impl Place {
    pub(super) fn new(counted: Option<OpenConnection>, freed: Freed) -> Self {
        Self { _counted: counted, _freed: freed }
    }
}

impl Stream {
    pub(super) fn new(transport: Transport, place: Place) -> Self {
        Self { transport, _place: place }
    }
}

/// The news that a descriptor is free: dropping a clone tells it.
#[derive(Debug, Clone, Default)]
pub(super) struct Freed(Arc<Notify>);

impl Freed {
    /// Waits for the news, but not for longer than this.
    pub(super) async fn notified_or(&self, deadline: Instant) {
        let _ = timeout_at(deadline, self.0.notified()).await;
    }
}

impl Drop for Freed {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// The same call on whichever transport it is.
macro_rules! on_transport {
    ($self:ident, $stream:ident => $call:expr) => {
        match &mut $self.transport {
            Transport::Clear(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Transport::Tls(stream) => {
                let $stream = Pin::new(stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_transport!(self, stream => stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_transport!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_transport!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_transport!(self, stream => stream.poll_shutdown(context))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_transport!(self, stream => stream.poll_write_vectored(context, buffers))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Clear(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_in_the_clear_holds_no_more_for_there_being_tls() {
        assert_eq!(size_of::<Transport>(), size_of::<TcpStream>());
        assert!(
            size_of::<TlsStream<TcpStream>>() > 10 * size_of::<Stream>(),
            "then it need not lie elsewhere"
        );
    }
}
