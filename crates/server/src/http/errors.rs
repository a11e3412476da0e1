//! Errors as JSON: `{success: false, error: {code, message}}`, whoever made them.

use std::any::Any;

use axum::{
    Json,
    extract::Request,
    http::{
        HeaderValue, StatusCode,
        header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::messages::{Locale, http as say};
use serde_json::json;

/// An error's answer.
pub(super) fn error(status: StatusCode, message: &str) -> Response {
    let answer = json!({ "success": false, "error": { "code": code(status), "message": message } });
    (status, Json(answer)).into_response()
}

/// The answer where no route is.
pub(super) async fn not_found(locale: Locale, request: Request) -> Response {
    // The path is not repeated: it may hold what somebody pasted there by mistake.
    let message = say::NOTHING_HERE.fill(locale, &[("method", request.method())]).to_string();
    error(StatusCode::NOT_FOUND, &message)
}

/// The answer when a handler panicked. The panic itself is logged here, and told to nobody.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
pub(super) fn from_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&'static str>().copied()).unwrap_or("no message");
    tracing::error!(panic = said, "a handler panicked");
    error(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on this side")
}

/// Gives errors that a library answered (a method that a route does not take, a body that is none) the same
/// form as our own.
pub(super) async fn as_json(locale: Locale, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = next.run(request).await;
    let status = response.status();
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, _) = response.into_parts();
    let message = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            say::METHOD_NOT_ALLOWED.fill(locale, &[("method", &method)]).to_string()
        }
        _ => status.canonical_reason().unwrap_or("failed").to_lowercase(),
    };
    let mut ours = error(status, &message);
    for (name, value) in &parts.headers {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            ours.headers_mut().insert(name, value.clone());
        }
    }
    ours
}

/// Closes the connection behind an answer, where what follows on it cannot be trusted to be a request.
pub(super) fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The contract's codes; other statuses share the one of their kind.
pub(super) fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "AUTH001",
        StatusCode::FORBIDDEN => "AUTH003",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::CONFLICT => "CONFLICT",
        StatusCode::TOO_MANY_REQUESTS => "RATE_LIMIT",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        status if status.is_server_error() => "INTERNAL",
        _ => "VALIDATION_ERROR",
    }
}
