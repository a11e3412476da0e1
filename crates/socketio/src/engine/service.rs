//! The HTTP side: which request is what, and the answers.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tokio::sync::{mpsc, oneshot};

use super::{
    Application, Sender, Server, polling,
    query::{BadRequest, Query, Transport},
    registry::{Admission, Line, Listed, NotAdmitted},
    session::Session,
};
use crate::{
    clock,
    endpoint::{Endpoint, Reason},
    engine::Rejection,
    id::SessionId,
    outbox::Format,
    websocket,
};

type Answer = Response<Full<Bytes>>;

/// Answers the requests of an Engine.IO server.
#[derive(Debug)]
pub struct Service<A> {
    server: Server<A>,
}

impl<A> Clone for Service<A> {
    fn clone(&self) -> Self {
        Self { server: self.server.clone() }
    }
}

impl<A: Application> Service<A> {
    pub(crate) fn new(server: Server<A>) -> Self {
        Self { server }
    }
}

impl<A, B> tower::Service<Request<B>> for Service<A>
where
    A: Application,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = self.server.clone();
        Box::pin(async move { Ok(server.answer(request).await.unwrap_or_else(|refused| *refused)) })
    }
}

/// The answers that refuse are large, and rare.
type Refused = Box<Answer>;

fn bad(request: BadRequest) -> Refused {
    Box::new(request.response())
}

fn rejected(rejection: Rejection) -> Refused {
    Box::new(rejection.response())
}

impl<A: Application> Server<A> {
    async fn answer<B>(&self, request: Request<B>) -> Result<Answer, Refused>
    where
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let (parts, body) = request.into_parts();
        self.shared.application.allow(&parts).map_err(rejected)?;
        let query = Query::parse(parts.uri.query().unwrap_or_default()).map_err(bad)?;
        match (query.transport, query.session, &parts.method) {
            (Transport::Polling, None, &Method::GET) => self.open_polling(&parts),
            (Transport::Polling, Some(id), &Method::GET) => self.poll(id).await,
            (Transport::Polling, Some(id), &Method::POST) => self.post(id, &parts, body).await,
            (Transport::WebSocket, None, &Method::GET) => {
                self.open_websocket(Request::from_parts(parts, body))
            }
            (Transport::WebSocket, Some(id), &Method::GET) => {
                self.probe(id, Request::from_parts(parts, body))
            }
            _ => Err(bad(BadRequest::Method)),
        }
    }

    fn open_polling(&self, parts: &Parts) -> Result<Answer, Refused> {
        let admission = self.admit(Format::Polling)?;
        let id = SessionId::random();
        let outbox = Arc::clone(admission.outbox());
        let session = self.session(parts, admission)?;
        let (sender, requests) = mpsc::channel(polling::WAITING_REQUESTS);
        let listing = self.shared.registry.list(id, Line::new(sender));
        let limits = Arc::clone(&self.shared.limits);
        self.shared.tasks.spawn(polling::run(session, outbox, requests, listing, limits));
        Ok(payload(self.open_packet(id, r#"["websocket"]"#)))
    }

    async fn poll(&self, id: SessionId) -> Result<Answer, Refused> {
        let (answer, answered) = oneshot::channel();
        self.ask(id, polling::Request::Poll(answer)).await?;
        // The session ended, or found the poll to be one too many.
        let body = answered.await.map_err(|_| bad(BadRequest::Malformed))?;
        Ok(payload(body))
    }

    async fn post<B>(&self, id: SessionId, parts: &Parts, body: B) -> Result<Answer, Refused>
    where
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let Some(_turn) = self.polling(id)?.begin_post() else {
            // Which of the two is to come first cannot be told any more.
            self.ask(id, polling::Request::Broken(Reason::Overlap)).await?;
            return Err(bad(BadRequest::Malformed));
        };
        let body = match self.body(parts, body).await {
            Ok(body) => body,
            Err((status, reason)) => {
                // What the packet said is lost: the two sides are out of step from here on.
                self.ask(id, polling::Request::Broken(reason)).await?;
                return Err(Box::new(plain(status, status.canonical_reason().unwrap_or_default())));
            }
        };
        let (answer, answered) = oneshot::channel();
        self.ask(id, polling::Request::Post(body, answer)).await?;
        match answered.await {
            Ok(Ok(())) => Ok(plain(StatusCode::OK, "ok")),
            Ok(Err(_)) | Err(_) => Err(bad(BadRequest::Malformed)),
        }
    }

    /// The whole body; nothing is set aside for what is announced and has not come.
    async fn body<B>(&self, parts: &Parts, body: B) -> Result<Bytes, (StatusCode, Reason)>
    where
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let limits = &self.shared.limits;
        let too_large = (StatusCode::PAYLOAD_TOO_LARGE, Reason::TooLarge);
        let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        if announced
            .and_then(|length| length.parse().ok())
            .is_some_and(|length: u64| length > limits.max_payload_bytes as u64)
        {
            return Err(too_large);
        }
        let deadline = tokio::time::Instant::now() + limits.body_timeout;
        let collected = Limited::new(body, limits.max_payload_bytes).collect();
        match tokio::time::timeout_at(deadline, collected).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large),
            Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, Reason::TransportClosed)),
            Err(_) => Err((StatusCode::REQUEST_TIMEOUT, Reason::TransportClosed)),
        }
    }

    fn open_websocket<B>(&self, mut request: Request<B>) -> Result<Answer, Refused> {
        let response = websocket::answer(&request).map_err(|_| bad(BadRequest::Malformed))?;
        let upgrade = hyper::upgrade::on(&mut request);
        let admission = self.admit(Format::WebSocket)?;
        let outbox = Arc::clone(admission.outbox());
        // Nothing can have filled it yet.
        let _ = outbox.push(&[&self.open_packet(SessionId::random(), "[]")], &[]);
        let session = self.session(&request.into_parts().0, admission)?;
        let (limits, unwrap) = (Arc::clone(&self.shared.limits), self.shared.unwrap);
        self.shared.tasks.spawn(async move {
            match upgrade.await {
                Ok(upgraded) => {
                    websocket::run(unwrap(upgraded), Vec::new(), session, outbox, &limits).await;
                }
                Err(_) => {
                    let mut session = session;
                    session.closed(Reason::TransportClosed);
                }
            }
        });
        Ok(response)
    }

    /// A WebSocket that wants to take over a session that polls.
    fn probe<B>(&self, id: SessionId, mut request: Request<B>) -> Result<Answer, Refused> {
        let response = websocket::answer(&request).map_err(|_| bad(BadRequest::Malformed))?;
        let session = self.shared.registry.find(id).ok_or_else(|| bad(BadRequest::UnknownSession))?;
        let Listed::Polling(session) = session else {
            // The client is told in the way it can hear: its WebSocket opens, and is closed.
            return Ok(response);
        };
        let (upgrade, unwrap) = (hyper::upgrade::on(&mut request), self.shared.unwrap);
        self.shared.tasks.spawn(async move {
            if let Ok(upgraded) = upgrade.await {
                // A session that has ended meanwhile drops the stream.
                let _ = session.ask(polling::Request::Upgrade(Box::new(unwrap(upgraded)))).await;
            }
        });
        Ok(response)
    }

    fn admit(&self, format: Format) -> Result<Admission, Refused> {
        let admitted = self.shared.registry.admit(format, &self.shared.limits);
        admitted.map_err(|reason| {
            let message = match reason {
                NotAdmitted::Ending => "Server is shutting down",
                NotAdmitted::Full => "Server is full",
            };
            rejected(Rejection { status: StatusCode::SERVICE_UNAVAILABLE, message, retry_after_s: Some(1) })
        })
    }

    fn session(&self, parts: &Parts, admission: Admission) -> Result<Session<A::Connection>, Refused> {
        let now = clock::now();
        let sender = Sender(Arc::clone(admission.outbox()));
        let connection = self.shared.application.open(parts, sender, now).map_err(rejected)?;
        Ok(Session::new(now, connection, admission, &self.shared.limits))
    }

    async fn ask(&self, id: SessionId, request: polling::Request) -> Result<(), Refused> {
        let session = self.polling(id)?;
        session.ask(request).await.map_err(|_| bad(BadRequest::UnknownSession))
    }

    /// The session's task, if it polls.
    fn polling(&self, id: SessionId) -> Result<Line, Refused> {
        match self.shared.registry.find(id) {
            Some(Listed::Polling(session)) => Ok(session),
            Some(Listed::Upgraded) => Err(bad(BadRequest::Malformed)),
            None => Err(bad(BadRequest::UnknownSession)),
        }
    }

    fn open_packet(&self, id: SessionId, upgrades: &str) -> Vec<u8> {
        let limits = &self.shared.limits;
        format!(
            r#"0{{"sid":"{}","upgrades":{upgrades},"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            id.reveal(),
            limits.ping_interval.as_millis(),
            limits.ping_timeout.as_millis(),
            limits.max_payload_bytes,
        )
        .into_bytes()
    }
}

fn payload(body: Vec<u8>) -> Answer {
    let mut response = Response::new(Full::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn plain(status: StatusCode, body: &'static str) -> Answer {
    let mut response = payload(body.into());
    *response.status_mut() = status;
    response
}
