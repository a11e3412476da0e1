//! A TCP stream that is counted while it is open, upgrades included.

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

use crate::limits::OpenConnection;

/// The transport of a request, and of what it was upgraded to. Dropping it closes the connection, takes it
/// off its address's count and tells the accept loop that a descriptor is free.
#[derive(Debug)]
pub struct Stream {
    // The order is that of dropping: first the descriptor, then the news of it.
    tcp: TcpStream,
    _counted: Option<OpenConnection>,
    _freed: Freed,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream, counted: Option<OpenConnection>, freed: Freed) -> Self {
        Self { tcp, _counted: counted, _freed: freed }
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

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }
}
