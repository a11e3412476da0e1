//! The accept loop: TCP connections in, requests to the router, upgrades through.
//!
//! It bounds what a client may do before there is a request: how long a handshake and a head may take, how
//! long a head may be, how many connections an address may hold. Running out of descriptors neither ends it
//! nor makes it spin. A drain stops it, and ends connections behind the request they are at.
//!
//! - `tls` shakes hands, where the listener speaks TLS; it then speaks nothing else.
//! - `http1` and `http2` serve a connection. HTTP/2 is spoken under TLS alone, where the handshake settles
//!   which of the two it is: browsers speak it nowhere else, and a proxy in front of us needs no second
//!   way to be understood.
//! - `stream` is what is under a request, and under a WebSocket once it has been upgraded to one.

mod exhaustion;
mod http1;
mod http2;
mod stream;
mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use hyper::Request;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tower::ServiceExt as _;

pub use stream::Stream;
pub use tls::Tls;

use crate::{
    config::Network,
    lifecycle::Lifecycle,
    limits::{OpenConnection, OpenConnections},
};
use exhaustion::Exhaustion;
use stream::{Place, Transport};
use tls::Agreed;

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
    tls: Option<Tls>,
}

/// How a connection is carried, in the extensions of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriage {
    /// In the clear.
    Clear,
    /// Under TLS that ends here.
    Tls,
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
        Ok(Self { socket: TcpListener::from_std(socket.into())?, limits, tls: None })
    }

    /// Speaks TLS, and nothing else.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
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
                        let place = Place::new(counted, freed.clone());
                        self.begin(prepared(stream), place, peer, router.clone(), &lifecycle);
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

    fn begin(&self, tcp: TcpStream, place: Place, peer: SocketAddr, router: Router, lifecycle: &Lifecycle) {
        let carriage = if self.tls.is_some() { Carriage::Tls } else { Carriage::Clear };
        let connected = Connected { router, lifecycle: lifecycle.clone(), peer, carriage };
        match &self.tls {
            None => lifecycle.spawn(http1::serve(Stream::new(Transport::Clear(tcp), place), connected)),
            Some(tls) => lifecycle.spawn(serve_tls(tcp, place, tls.clone(), connected)),
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

/// What the requests of a connection have in common.
struct Connected {
    router: Router,
    lifecycle: Lifecycle,
    peer: SocketAddr,
    carriage: Carriage,
}

impl Connected {
    fn answer(&self, mut request: Request<Body>) -> impl Future<Output = Response> + Send + use<> {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        request.extensions_mut().insert(self.carriage);
        let answer = self.router.clone().oneshot(request);
        async { answer.await.unwrap_or_else(|never| match never {}) }
    }
}

async fn serve_tls(tcp: TcpStream, place: Place, tls: Tls, connected: Connected) {
    let stopping = connected.lifecycle.stopping();
    let handshake = stopping.run_until_cancelled(tls.shake_hands(tcp, connected.peer)).await;
    let Some((stream, agreed)) = handshake.flatten() else { return };
    let stream = Stream::new(Transport::Tls(stream), place);
    match agreed {
        Agreed::Http1 => http1::serve(stream, connected).await,
        Agreed::Http2 => http2::serve(stream, connected).await,
    }
}
