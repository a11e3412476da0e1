//! The pages and the client library, from inside the binary.
//!
//! A debug build reads them from `web/dist` at each request instead, so that a page can be worked on
//! without compiling anything.

use axum::{
    Router,
    extract::Request,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, ETAG},
    },
    middleware::{Next, from_fn},
    response::Response,
};
use memory_serve::CacheControl;

/// `/` and everything else that `npm run build` left in `web/dist`, each with an ETag.
#[expect(unused_qualifications, reason = "the list that the embedder writes spells its types out")]
pub(super) fn router() -> Router {
    memory_serve::load!()
        .index_file(Some("/index.html"))
        // Kept, but asked after each time: the name stays the same when the content changes.
        .html_cache_control(CacheControl::NoCache)
        .cache_control(CacheControl::NoCache)
        .into_router()
        .layer(from_fn(keep_hashed))
        .layer(from_fn(weaken_tag))
}

/// Files under `/assets/` carry a hash of their content in their name: they never change.
async fn keep_hashed(request: Request, next: Next) -> Response {
    let is_hashed = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    if is_hashed && matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED) {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(CACHE_CONTROL, forever);
    }
    response
}

/// One tag stands for a page whether it is compressed or not, so it may not claim that the bytes are the same.
/// `If-None-Match` compares weakly and is answered as before.
async fn weaken_tag(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let strong = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).filter(|tag| tag.starts_with('"'));
    if let Some(weak) = strong.and_then(|tag| HeaderValue::try_from(format!("W/{tag}")).ok()) {
        headers.insert(ETAG, weak);
    }
    response
}
