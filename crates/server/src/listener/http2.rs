//! HTTP/2 on one connection: many requests at once, each with less to say.
//!
//! What one request costs in HTTP/1.1 a stream costs here, so a connection has as many bounds again: streams at once,
//! bytes that wait to be sent, streams that are reset before they are answered, and time in which nothing happens.

use std::{
    convert::Infallible,
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::StatusCode,
    response::IntoResponse as _,
};
use http_body::{Frame, SizeHint};
use hyper::{Request, body::Incoming, rt::Executor, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{Instant, sleep_until};
use tokio_util::task::TaskTracker;

use super::{Connected, HEAD_TIMEOUT, MAX_HEAD_BYTES, MAX_HEADERS, Stream};

/// Requests at once on one connection.
const MAX_STREAMS: u32 = 100;

/// Bytes of a request's body that may come before anybody reads them; and of all bodies of a connection.
const STREAM_WINDOW_BYTES: u32 = 64 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;

/// Bytes of an answer that wait for the client's window.
const MAX_UNSENT_BYTES: usize = 64 << 10;

/// Streams that the client may reset before they are taken up, or cause us to reset. Beyond, the connection is closed:
/// to open and reset costs the client little and the server much.
const MAX_RESETS: usize = 50;

/// Between two pings to the client, and how long it may take to answer one.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long a connection may go without a request that begins or ends, while answers wait to be taken off it.
const STALL_TIMEOUT: Duration = Duration::from_secs(120);

/// What a client is given to leave by itself once it was told to.
const PARTING_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves requests, as many at once as there may be, until either side has had enough.
pub(super) async fn serve(stream: Stream, connected: Connected) {
    let (peer, stopping) = (connected.peer, connected.lifecycle.stopping());
    let tasks = Tracked(connected.lifecycle.tasks().clone());
    let activity = Activity::new(Instant::now());
    let requests = activity.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (handling, sending) = (requests.begin(Part::Handling), requests.begin(Part::Sending));
        let is_in_bounds = request.headers().len() <= MAX_HEADERS;
        let answer = is_in_bounds.then(|| connected.answer(request.map(Body::new)));
        async move {
            let response = match answer {
                Some(answer) => answer.await,
                None => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response(),
            };
            drop(handling);
            Ok::<_, Infallible>(response.map(|body| Sent { body, _sending: sending }))
        }
    });
    let connection = http2::Builder::new(tasks)
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(MAX_UNSENT_BYTES)
        .max_header_list_size(MAX_HEAD_BYTES as u32)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // Since when the client knows that it is to go.
    let mut told_at: Option<Instant> = None;
    loop {
        tokio::select! {
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%peer, %error, "connection ended");
                }
                return;
            }
            () = stopping.cancelled(), if told_at.is_none() => {
                // Whoever has not asked for anything yet loses nothing.
                if !activity.state().has_begun {
                    return;
                }
            }
            () = sleep_until(activity.quiet_until(Instant::now(), told_at)) => {
                let now = Instant::now();
                if activity.quiet_until(now, told_at) > now {
                    continue;
                }
                if told_at.is_some() || activity.state().sending > 0 {
                    return;
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        told_at = Some(Instant::now());
    }
}

/// What is under way on a connection, and since when nothing has begun or ended. Cloning shares it.
#[derive(Debug, Clone)]
struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    has_begun: bool,
    handling: usize,
    sending: usize,
    changed_at: Instant,
}

/// A part of a request's life: until there is an answer, and until that is off our hands.
#[derive(Debug, Clone, Copy)]
enum Part {
    Handling,
    Sending,
}

impl Activity {
    fn new(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(State { has_begun: false, handling: 0, sending: 0, changed_at: now })))
    }

    /// Counts a part of a request until what is returned is dropped.
    fn begin(&self, part: Part) -> Underway {
        let mut state = self.state();
        *state.count(part) += 1;
        state.has_begun = true;
        state.changed_at = Instant::now();
        drop(state);
        Underway { activity: self.clone(), part }
    }

    /// Until when nothing has to happen. While a handler is at work it may take as long as it likes.
    fn quiet_until(&self, now: Instant, told_at: Option<Instant>) -> Instant {
        let state = self.state();
        let since = told_at.map_or(state.changed_at, |told_at| told_at.max(state.changed_at));
        if state.handling > 0 {
            now + HEAD_TIMEOUT
        } else if state.sending > 0 {
            since + STALL_TIMEOUT
        } else if told_at.is_some() {
            since + PARTING_TIMEOUT
        } else {
            since + HEAD_TIMEOUT
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, part: Part) -> &mut usize {
        match part {
            Part::Handling => &mut self.handling,
            Part::Sending => &mut self.sending,
        }
    }
}

#[derive(Debug)]
struct Underway {
    activity: Activity,
    part: Part,
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        *state.count(self.part) -= 1;
        state.changed_at = Instant::now();
    }
}

/// The body of an answer, which is under way until it is dropped.
struct Sent {
    body: Body,
    _sending: Underway,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Runs the task of each stream under the tracker.
#[derive(Debug, Clone)]
struct Tracked(TaskTracker);

impl<F> Executor<F> for Tracked
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}
