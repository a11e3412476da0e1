//! Security headers, as helmet sets them by default, with what a page of calls needs added.

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
            X_DNS_PREFETCH_CONTROL, X_FRAME_OPTIONS, X_XSS_PROTECTION,
        },
    },
    middleware::Next,
    response::Response,
};

use super::identity::{Client, Scheme};

/// The policy of the pages. `'self'` for connections covers the WebSocket of the same origin; `blob:` and
/// `mediastream:` are the cameras, the recordings and the worker of a level meter.
macro_rules! policy {
    () => {
        "default-src 'self';base-uri 'self';connect-src 'self';font-src 'self' https: data:;\
         form-action 'self';frame-ancestors 'self';img-src 'self' data: blob:;\
         media-src 'self' blob: mediastream:;object-src 'none';script-src 'self';script-src-attr 'none';\
         style-src 'self' https: 'unsafe-inline';worker-src 'self' blob:"
    };
}

const POLICY: HeaderValue = HeaderValue::from_static(policy!());
const POLICY_UNDER_TLS: HeaderValue =
    HeaderValue::from_static(concat!(policy!(), ";upgrade-insecure-requests"));
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const ALWAYS: [(HeaderName, HeaderValue); 9] = [
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("origin-agent-cluster"), HeaderValue::from_static("?1")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
    (HeaderName::from_static("x-download-options"), HeaderValue::from_static("noopen")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), HeaderValue::from_static("none")),
    (X_XSS_PROTECTION, HeaderValue::from_static("0")),
];

/// Sets the headers on every answer.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let scheme = request.extensions().get::<Client>().map_or(Scheme::Http, |client| client.scheme);
    // The client library under /socket.io/ is there for pages of other origins to load.
    let reach = if request.uri().path().starts_with("/socket.io") { "cross-origin" } else { "same-origin" };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set(headers, ALWAYS);
    set(headers, [(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static(reach))]);
    match scheme {
        Scheme::Http => set(headers, [(CONTENT_SECURITY_POLICY, POLICY)]),
        // In the clear these two would only tell browsers to go where nobody listens.
        Scheme::Https => set(
            headers,
            [(CONTENT_SECURITY_POLICY, POLICY_UNDER_TLS), (STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY)],
        ),
    }
    response
}

fn set<const N: usize>(headers: &mut HeaderMap, values: [(HeaderName, HeaderValue); N]) {
    for (name, value) in values {
        headers.insert(name, value);
    }
}
