//! The opening handshake (RFC 6455, section 4.2).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use sha1::{Digest, Sha1};

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why a request is no WebSocket upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadUpgrade {
    #[error("a WebSocket upgrade is a GET request with Connection: Upgrade and Upgrade: websocket")]
    NotAnUpgrade,
    #[error("Sec-WebSocket-Version must be 13")]
    Version,
    #[error("Sec-WebSocket-Key must be 16 bytes in base64")]
    Key,
}

impl BadUpgrade {
    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.to_string()));
        *response.status_mut() = match self {
            Self::NotAnUpgrade | Self::Key => StatusCode::BAD_REQUEST,
            Self::Version => StatusCode::UPGRADE_REQUIRED,
        };
        if self == Self::Version {
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

/// The answer 101 to an upgrade request. Extensions and subprotocols are not spoken, so none is read or granted.
pub(crate) fn answer<B>(request: &Request<B>) -> Result<Response<Full<Bytes>>, BadUpgrade> {
    let headers = request.headers();
    let upgrades = request.method() == Method::GET
        && has_token(headers, &header::CONNECTION, "upgrade")
        && has_token(headers, &header::UPGRADE, "websocket");
    if !upgrades {
        return Err(BadUpgrade::NotAnUpgrade);
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(BadUpgrade::Version);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(BadUpgrade::Key)?;
    if STANDARD.decode(key).map_or(0, |nonce| nonce.len()) != 16 {
        return Err(BadUpgrade::Key);
    }
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let accept = HeaderValue::try_from(STANDARD.encode(hash)).map_err(|_| BadUpgrade::Key)?;

    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

fn has_token(headers: &HeaderMap, name: &header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|found| found.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(change: impl FnOnce(&mut Request<()>)) -> Request<()> {
        let mut request = Request::new(());
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        change(&mut request);
        request
    }

    #[test]
    fn the_example_of_the_rfc_gets_the_answer_of_the_rfc() {
        let response = answer(&request(|_| ())).unwrap();
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_no_upgrade_is_refused_with_its_reason() {
        let without = |name: &'static str| request(|request| drop(request.headers_mut().remove(name)));
        let with = |name: &'static str, value: &'static str| {
            request(|request| drop(request.headers_mut().insert(name, HeaderValue::from_static(value))))
        };
        for (request, bad) in [
            (without("connection"), BadUpgrade::NotAnUpgrade),
            (without("upgrade"), BadUpgrade::NotAnUpgrade),
            (request(|request| *request.method_mut() = Method::POST), BadUpgrade::NotAnUpgrade),
            (without("sec-websocket-version"), BadUpgrade::Version),
            (with("sec-websocket-version", "8"), BadUpgrade::Version),
            (without("sec-websocket-key"), BadUpgrade::Key),
            (with("sec-websocket-key", "dGhlIHNhbXBsZQ=="), BadUpgrade::Key),
        ] {
            assert_eq!(answer(&request).unwrap_err(), bad);
        }
        assert_eq!(BadUpgrade::Version.response().status(), 426);
    }
}
