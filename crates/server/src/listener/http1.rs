//! HTTP/1.1 on one connection, and the way out of it: an upgrade.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use axum::body::Body;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};

use super::{Connected, HEAD_TIMEOUT, MAX_HEAD_BYTES, MAX_HEADERS, Stream};

/// Serves requests, one after the other, until either side has had enough.
pub(super) async fn serve(stream: Stream, connected: Connected) {
    let has_begun = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&has_begun);
    let (peer, stopping) = (connected.peer, connected.lifecycle.stopping());
    let service = service_fn(move |request: Request<Incoming>| {
        begun.store(true, Relaxed);
        let answer = connected.answer(request.map(Body::new));
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
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
