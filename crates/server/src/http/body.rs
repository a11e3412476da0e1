//! Bodies: how long they may be, and how long they may take.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{
        StatusCode, Version,
        header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
    },
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::errors::{closing, error};

/// The longest body that is read outside of `/socket.io/`, in bytes.
const MAX_BODY_BYTES: u64 = 1 << 20;

/// From the head of a request to the end of its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Refuses a body without a length, for every route.
///
/// A request with both a length and a transfer encoding can mean one thing to a proxy and another to us;
/// the HTTP library hides the length of such a one, so that it cannot be told apart. Nothing that speaks to
/// this server sends bodies of unknown length, so they are all refused, and the connection with them.
pub(super) async fn refuse_unmeasured(request: Request, next: Next) -> Response {
    if request.headers().contains_key(TRANSFER_ENCODING) {
        let message = "a body needs a Content-Length and no Transfer-Encoding";
        return closing(error(StatusCode::BAD_REQUEST, message));
    }
    // Two hosts mean one thing to a proxy and another to us as well; RFC 9112, 3.2 refuses none along with them.
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return closing(error(StatusCode::BAD_REQUEST, "a request has one Host"));
    }
    next.run(request).await
}

/// Refuses a body that is too long by its length alone, and ends one that takes too long.
pub(super) async fn limit(request: Request, next: Next) -> Response {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > MAX_BODY_BYTES) {
        let message = format!("a body may be at most {MAX_BODY_BYTES} bytes");
        return closing(error(StatusCode::PAYLOAD_TOO_LARGE, &message));
    }
    next.run(request.map(|body| with_deadline(body, Instant::now() + BODY_TIMEOUT))).await
}

fn with_deadline(body: Body, deadline: Instant) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::new(Deadline { body, deadline: Box::pin(sleep_until(deadline)) })
}

/// A body that fails when its time is over, so that whoever reads it stops waiting.
struct Deadline {
    body: Body,
    deadline: Pin<Box<Sleep>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the body took longer than {}s", BODY_TIMEOUT.as_secs())]
struct TooSlow;

impl HttpBody for Deadline {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.deadline.as_mut().poll(context).map(|()| Some(Err(axum::Error::new(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A body of which nothing ever comes.
    struct Stalled;

    impl HttpBody for Stalled {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_given_up_at_its_deadline() {
        let start = Instant::now();
        let body = with_deadline(Body::new(Stalled), start + BODY_TIMEOUT);
        let error = axum::body::to_bytes(body, 1_024).await.unwrap_err();
        assert_eq!(start.elapsed(), BODY_TIMEOUT);
        assert!(format!("{error:?}").contains("TooSlow"), "{error:?}");
    }

    #[tokio::test]
    async fn a_body_that_comes_in_time_comes_whole() {
        let body = with_deadline(Body::from("whole"), Instant::now() + BODY_TIMEOUT);
        assert_eq!(axum::body::to_bytes(body, 1_024).await.unwrap(), "whole");
    }
}
