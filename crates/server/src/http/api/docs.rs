//! The OpenAPI document, made from the handlers, and a page that shows it and needs no other host.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::Path,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::get,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Content, Ref, RefOr, ResponseBuilder,
        path::{Operation, Parameter, ParameterIn},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_swagger_ui::Config;

use super::answers::Refusal;

/// The page, which fits a phone.
const PAGE: &str = include_str!("docs.html");

/// Where the document is.
const DOCUMENT: &str = "/api/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(title = "Paraclete", description = "Accounts, and who is who. The signaling itself speaks Socket.IO.", license(name = "MIT", identifier = "MIT")),
    tags(
        (name = "auth", description = "Tokens, and how one gets and loses them. At most five attempts at an account may fail in a quarter of an hour from one address."),
        (name = "users", description = "Who is who."),
    ),
    components(schemas(Refusal)),
    modifiers(&Token),
)]
struct Head;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme =
            SecurityScheme::Http(Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build());
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The document without its calls.
pub(super) fn head() -> openapi::OpenApi {
    Head::openapi()
}

/// Answers that any call may get, or any that is marked so.
const SHARED: [(u16, Of, &str); 9] = [
    (
        400,
        Of::Input,
        "`VALIDATION_ERROR`: the request is not as it must be; `details` has each member that is wrong.",
    ),
    (401, Of::Token, "`AUTH001`: there is no good token. `AUTH002`: it has expired."),
    (403, Of::Token, "`AUTH003`: the token is not for this."),
    (408, Of::Body, "`VALIDATION_ERROR`: the body did not come to its end within 30 s."),
    (413, Of::Body, "`VALIDATION_ERROR`: a body may have 1 MiB."),
    (415, Of::Body, "`VALIDATION_ERROR`: bodies are JSON."),
    (
        429,
        Of::Any,
        "`RATE_LIMIT`: too many requests, or too many failed attempts; `Retry-After` says how many seconds to wait.",
    ),
    (500, Of::Any, "`INTERNAL`: the server is at fault."),
    (
        503,
        Of::Any,
        "`UNAVAILABLE`: something that is needed is away or has too much to do; `Retry-After` says how many seconds to wait. What was asked for may have happened.",
    ),
];

/// Which calls get such an answer.
#[derive(Clone, Copy)]
enum Of {
    /// All.
    Any,
    /// Those that take a body or a query.
    Input,
    /// Those that take a body.
    Body,
    /// Those that need a token.
    Token,
}

/// Adds the answers that calls share, where a call has no words of its own.
fn share(call: &mut Operation) {
    let has_body = call.request_body.is_some();
    let is_query =
        |one: &RefOr<Parameter>| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Query);
    let has_query = call.parameters.iter().flatten().any(is_query);
    for (status, of, description) in SHARED {
        let applies = match of {
            Of::Any => true,
            Of::Input => has_body || has_query,
            Of::Body => has_body,
            Of::Token => call.security.is_some(),
        };
        if applies {
            let refusal = Content::new(Some(Ref::from_schema_name("Refusal")));
            let answer = ResponseBuilder::new().description(description).content("application/json", refusal);
            call.responses.responses.entry(status.to_string()).or_insert_with(|| RefOr::T(answer.build()));
        }
    }
}

/// The document, and the page.
pub(super) fn router(mut document: openapi::OpenApi) -> Router {
    // The calls are nested under /api; so are their paths.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (format!("/api{path}"), item)).collect();
    for item in document.paths.paths.values_mut() {
        for call in [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete] {
            call.iter_mut().for_each(share);
        }
    }
    Router::new()
        .route(DOCUMENT, get(|| async move { Json(document) }))
        .route("/api/docs", get(|| async { Redirect::to("/api/docs/") }))
        .route("/api/docs/", get(|| async { Html(PAGE) }))
        .route("/api/docs/{*file}", get(file))
}

/// What the page needs, from inside the binary.
async fn file(Path(file): Path<String>) -> Response {
    // Without this the page would show the document's address to a validator on the internet.
    let config =
        Config::from(DOCUMENT).validator_url("none").try_it_out_enabled(true).persist_authorization(false);
    match utoipa_swagger_ui::serve(&file, Arc::new(config)) {
        Ok(Some(file)) => ([(CONTENT_TYPE, file.content_type)], file.bytes).into_response(),
        Ok(None) | Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
