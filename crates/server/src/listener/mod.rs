//! The accept loop: TCP connections in, requests to the router, upgrades through.
//!
//! It bounds what a client may do before there is a request: how long a head may take and how long it may
//! be, how many connections an address may hold. Running out of descriptors neither ends it nor makes it
//! spin. A drain stops it, and ends connections behind the request they are at.

mod exhaustion;
mod stream;

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tower::ServiceExt as _;

pub use stream::Stream;

use crate::{
    config::Network,
    lifecycle::Lifecycle,
    limits::{OpenConnection, OpenConnections},
};
use exhaustion::Exhaustion;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 4_096;

/// From the opening of a connection, or the end of an answer, to the end of the next head. It is shorter
/// than the ping interval, so that a polling client finds its idle connection closed and not closing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

const MAX_HEADERS: usize = 100;
const MAX_HEAD_BYTES: usize = 32 << 10;

/// How long written bytes may stay unacknowledged: whoever takes nothing off the line is gone.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(60);

/// A bound socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    limits: Limits,
}

/// What a listener bounds beyond what holds for all.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections for each address.
    pub open: OpenConnections,
    /// Exempt from that: one address stands for many clients here.
    pub trusted_proxies: Arc<[Network]>,
}

impl Listener {
    /// Binds the address and begins to queue connections.
    ///
    /// # Errors
    /// The system's, such as that the address is in use. Must be called within a Tokio runtime.
    pub fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A restart need not wait for the connections of the process before.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(Self { socket: TcpListener::from_std(socket.into())?, limits })
    }

    /// The address that was bound, with the port that was chosen.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts and serves until the drain begins. Connections are tasks of the lifecycle's tracker.
    pub async fn serve(self, router: Router, lifecycle: Lifecycle) {
        let stopping = lifecycle.stopping();
        let mut exhaustion = Exhaustion::default();
        let freed = stream::Freed::default();
        while let Some(accepted) = stopping.run_until_cancelled(self.socket.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    exhaustion.over();
                    if let Some(counted) = self.admit(peer) {
                        let stream = Stream::new(prepared(stream), counted, freed.clone());
                        let connection = serve_connection(stream, peer, router.clone(), lifecycle.clone());
                        lifecycle.spawn(connection);
                    }
                }
                Err(error) => {
                    if let Some(deadline) = exhaustion.wait_until(&error, Instant::now()) {
                        let wait = freed.notified_or(deadline);
                        stopping.run_until_cancelled(wait).await;
                    }
                }
            }
        }
    }

    /// Counts the connection; `None` when the peer has as many as it may, and is shown the door.
    fn admit(&self, peer: SocketAddr) -> Option<Option<OpenConnection>> {
        if self.limits.open.is_off()
            || self.limits.trusted_proxies.iter().any(|network| network.contains(peer.ip()))
        {
            return Some(None);
        }
        let counted = self.limits.open.open(peer.ip());
        if counted.is_none() {
            tracing::debug!(%peer, "refused: MAX_CONNECTIONS_PER_IP");
        }
        counted.map(Some)
    }
}

fn prepared(stream: TcpStream) -> TcpStream {
    // Both are for speed and tidiness: a connection on which they fail is on its way out.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED_TIMEOUT));
    stream
}

async fn serve_connection(stream: Stream, peer: SocketAddr, router: Router, lifecycle: Lifecycle) {
    let has_begun = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&has_begun);
    let service = service_fn(move |mut request: Request<Incoming>| {
        begun.store(true, Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request.map(Body::new));
        async { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let stopping = lifecycle.stopping();
    let result = match stopping.run_until_cancelled(connection.as_mut()).await {
        Some(result) => result,
        // Whoever has not asked for anything yet loses nothing.
        None if !has_begun.load(Relaxed) => return,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // Clients leave in many ways, none of which is news. The error names no bytes of theirs.
        tracing::debug!(%peer, %error, "connection ended");
    }
}
