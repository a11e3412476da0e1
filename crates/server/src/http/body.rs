//! Bodies: how long they may be, and how long they may take.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
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
use http_body_util::Limited;
use tokio::time::{Instant, Sleep, sleep_until};

use super::errors::{closing, error};

/// The longest body that is read outside of `/socket.io/`, in bytes.
const MAX_BODY_BYTES: u64 = 1 << 20;

/// From the head of a request to the end of its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Refuses a body without a length, for every route, and more than one name for the host.
///
/// A request with both a length and a transfer encoding can mean one thing to a proxy and another to us;
/// the HTTP library hides the length of such a one, so that it cannot be told apart. Nothing that speaks to
/// this server sends bodies of unknown length, so they are all refused, and the connection with them. HTTP/2 has
/// neither this header nor this trouble: there a body ends where its stream does, and a length that differs ends it.
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
    // HTTP/2 names the host in the address, and may repeat it as a header (RFC 9113, section 8.3.1).
    if request.version() == Version::HTTP_2
        && let Some(host) = request.headers().get(HOST)
        && request.uri().authority().is_none_or(|authority| authority.as_str() != host)
    {
        return closing(error(StatusCode::BAD_REQUEST, "the Host is another than the :authority"));
    }
    next.run(request).await
}

/// Refuses a body that is too long by its length alone, and ends one that takes too long, or that has no length and
/// turns out to be too long.
pub(super) async fn limit(request: Request, next: Next) -> Response {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > MAX_BODY_BYTES) {
        let message = format!("a body may be at most {MAX_BODY_BYTES} bytes");
        return closing(error(StatusCode::PAYLOAD_TOO_LARGE, &message));
    }
    next.run(request.map(|body| bounded(body, Instant::now() + BODY_TIMEOUT))).await
}

fn bounded(body: Body, deadline: Instant) -> Body {
    if body.is_end_stream() {
        return body;
    }
    // Its error is one that extractors know, and answer with 413.
    let body = Limited::new(body, usize::try_from(MAX_BODY_BYTES).unwrap_or(usize::MAX));
    Body::new(Bounded { body, deadline: Box::pin(sleep_until(deadline)) })
}

/// A body that fails when its time is over, so that whoever reads it stops waiting, or when it is too long.
struct Bounded {
    body: Limited<Body>,
    deadline: Pin<Box<Sleep>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the body took longer than {}s", BODY_TIMEOUT.as_secs())]
struct TooSlow;

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.deadline.as_mut().poll(context).map(|()| Some(Err(TooSlow.into())))
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

    use axum::extract::FromRequest as _;

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
        let body = bounded(Body::new(Stalled), start + BODY_TIMEOUT);
        let error = axum::body::to_bytes(body, 1_024).await.unwrap_err();
        assert_eq!(start.elapsed(), BODY_TIMEOUT);
        assert!(format!("{error:?}").contains("TooSlow"), "{error:?}");
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_given_up_where_it_is_too_long() {
        let mebibyte = vec![0; usize::try_from(MAX_BODY_BYTES).unwrap()];
        for (more, is_too_long) in [(0, false), (1, true)] {
            let parts = [Bytes::from(mebibyte.clone()), vec![0; more].into()];
            let parts = futures_util::stream::iter(parts.map(Ok::<_, Infallible>));
            let body = bounded(Body::from_stream(parts), Instant::now() + BODY_TIMEOUT);
            let request = Request::new(body);
            // As a handler asks for it, with a limit of its own that is higher.
            let answer = Bytes::from_request(request, &()).await.map_err(|refused| refused.status());
            assert_eq!(answer.err(), is_too_long.then_some(StatusCode::PAYLOAD_TOO_LARGE));
        }
    }

    #[tokio::test]
    async fn a_body_that_comes_in_time_comes_whole() {
        let body = bounded(Body::from("whole"), Instant::now() + BODY_TIMEOUT);
        assert_eq!(axum::body::to_bytes(body, 1_024).await.unwrap(), "whole");
    }
}
