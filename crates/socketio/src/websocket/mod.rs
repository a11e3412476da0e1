//! The WebSocket transport (RFC 6455) on the bare stream, taken back from the HTTP server after the upgrade.
//!
//! - `frame` is pure: bytes to frames and back.
//! - `handshake` answers the upgrade request.
//! - `connection` is the loop of a connection: read, hand on, write, and sleep until the next deadline.
//!
//! It is usable by itself: [`upgrade`] puts any [`Endpoint`] at the end of a WebSocket.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use crate::{
    endpoint::{Alive, Endpoint, Reason},
    limits::Limits,
    outbox::{Closed, Format, Outbox},
};

mod connection;
pub(crate) mod frame;
mod handshake;
mod stream;

pub(crate) use connection::run;
pub(crate) use handshake::answer;
pub(crate) use stream::{Stream, Unwrap};

/// The sending half of a WebSocket, for any task.
#[derive(Debug, Clone)]
pub struct Sender(Arc<Outbox>);

impl Sender {
    /// Sends a text message.
    ///
    /// # Errors
    /// [`Closed`], also when the reader was too slow and this message was one too many.
    pub fn text(&self, text: &str) -> Result<(), Closed> {
        self.0.push(&[text.as_bytes()], &[])
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// As [`Sender::text`].
    pub fn binary(&self, data: &[u8]) -> Result<(), Closed> {
        self.0.push_binary(data)
    }

    /// Closes the connection after what was sent so far.
    pub fn close(&self) {
        self.0.close(Reason::ServerClosed);
    }
}

/// Answers a WebSocket upgrade request, and runs the connection on a task of `tasks` with the endpoint that
/// `endpoint` makes of its sender. A request that is no proper upgrade is answered with what is wrong with it.
pub fn upgrade<B, E: Endpoint>(
    request: Request<B>,
    limits: &Arc<Limits>,
    tasks: &TaskTracker,
    endpoint: impl FnOnce(Sender) -> E + Send + 'static,
) -> Response<Full<Bytes>> {
    let response = match answer(&request) {
        Ok(response) => response,
        Err(bad) => return bad.response(),
    };
    let limits = Arc::clone(limits);
    let upgrade = hyper::upgrade::on(request);
    tasks.spawn(async move {
        // A client that goes away before the upgrade leaves nothing to close.
        let Ok(upgraded) = upgrade.await else { return };
        let outbox = Arc::new(Outbox::new(Format::WebSocket, limits.max_outbound_bytes));
        let endpoint = Alive::new(endpoint(Sender(Arc::clone(&outbox))));
        run(Stream::unwrap::<TcpStream>(upgraded), Vec::new(), endpoint, outbox, &limits).await;
    });
    response
}
