//! The query of an Engine.IO request, and the errors it can have.

use std::str::FromStr;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use super::Rejection;
use crate::id::SessionId;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) transport: Transport,
    pub(crate) session: Option<SessionId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Polling,
    WebSocket,
}

/// The errors of an Engine.IO server, with the codes and words that clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadRequest {
    UnknownTransport = 0,
    UnknownSession = 1,
    Method = 2,
    Malformed = 3,
    Version = 5,
}

impl BadRequest {
    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        let message = match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::Method => "Bad handshake method",
            Self::Malformed => "Bad request",
            Self::Version => "Unsupported protocol version",
        };
        error(StatusCode::BAD_REQUEST, self as u8, message)
    }
}

impl Rejection {
    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        const FORBIDDEN: u8 = 4;
        let mut response = error(self.status, FORBIDDEN, self.message);
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn error(status: StatusCode, code: u8, message: &str) -> Response<Full<Bytes>> {
    let mut body = format!(r#"{{"code":{code},"message":"#).into_bytes();
    rawjson::write_string(&mut body, message);
    body.push(b'}');
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl Query {
    /// Reads the three parameters that matter. Each may stand once: of two, neither can be trusted.
    pub(crate) fn parse(query: &str) -> Result<Self, BadRequest> {
        let value = |name: &str| {
            let mut values = query.split('&').filter_map(|pair| match pair.split_once('=') {
                Some((key, value)) if key == name => Some(value),
                None if pair == name => Some(""),
                Some(_) | None => None,
            });
            match (values.next(), values.next()) {
                (value, None) => Ok(value),
                (_, Some(_)) => Err(BadRequest::Malformed),
            }
        };
        let transport = match value("transport")? {
            Some("polling") => Transport::Polling,
            Some("websocket") => Transport::WebSocket,
            Some(_) | None => return Err(BadRequest::UnknownTransport),
        };
        let session = match value("sid")? {
            Some(id) => Some(SessionId::from_str(id).map_err(|()| BadRequest::UnknownSession)?),
            None => None,
        };
        match value("EIO")? {
            Some("4") => Ok(Self { transport, session }),
            Some(_) | None => Err(BadRequest::Version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_in_any_order_and_with_anything_beside() {
        let query = Query::parse("t=abc&EIO=4&b64&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA&x=%2").unwrap();
        assert_eq!(query.transport, Transport::Polling);
        assert!(query.session.is_some());
        assert_eq!(Query::parse("transport=websocket&EIO=4").unwrap().session, None);
    }

    #[test]
    fn a_bad_parameter_gets_the_error_that_names_it() {
        for (query, bad) in [
            ("", BadRequest::UnknownTransport),
            ("EIO=4", BadRequest::UnknownTransport),
            ("EIO=4&transport=__proto__", BadRequest::UnknownTransport),
            ("EIO=4&transport=constructor", BadRequest::UnknownTransport),
            ("EIO=4&transport=polling%00", BadRequest::UnknownTransport),
            ("EIO=4&transport[]=polling", BadRequest::UnknownTransport),
            ("EIO=4&transport=polling&transport=polling", BadRequest::Malformed),
            ("EIO=4&EIO=4&transport=polling", BadRequest::Malformed),
            ("EIO=4&transport=polling&sid=a&sid=b", BadRequest::Malformed),
            ("transport=polling", BadRequest::Version),
            ("EIO=abc&transport=polling", BadRequest::Version),
            ("EIO=&transport=polling", BadRequest::Version),
            ("EIO=4&transport=polling&sid=", BadRequest::UnknownSession),
            ("EIO=4&transport=polling&sid=__proto__", BadRequest::UnknownSession),
        ] {
            assert_eq!(Query::parse(query), Err(bad), "{query}");
        }
        let long = format!("EIO=4&transport=polling&sid={}", "a".repeat(4096));
        assert_eq!(Query::parse(&long), Err(BadRequest::UnknownSession));
    }
}
