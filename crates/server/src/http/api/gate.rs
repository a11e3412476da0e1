//! Who asks, and how often they have.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, LazyLock, PoisonError},
    time::Instant,
};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::Tenant;

use super::{super::failure::Failure, Api};
use crate::{
    http::Client,
    identity::{Caller, Refused},
    limits::{AddressKey, Level},
};

/// Headers of the IETF's draft on rate limits (draft-ietf-httpapi-ratelimit-headers-06), as most libraries read them.
pub(in crate::http) const RATE_LIMIT: [HeaderName; 4] = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
    HeaderName::from_static("ratelimit-policy"),
];

/// Somebody whose token is good.
#[derive(Debug, Clone)]
pub(super) struct Bearer(pub(super) Arc<Caller>);

/// Where the request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address(pub(super) IpAddr);

/// What became of the request's token.
#[derive(Debug, Clone)]
struct Verified(Result<Arc<Caller>, Refused>);

/// Whose requests are counted together: those of a user, and those of an address without a good token or for those who need none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    /// A hash of the user's id and tenant.
    User(u64),
    /// An address.
    Address(AddressKey),
}

/// Verifies the token, counts the request, and tells in the answer how many more there may be.
pub(super) async fn pass(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let address =
        request.extensions().get::<Client>().map_or(Ipv4Addr::UNSPECIFIED.into(), |client| client.address);
    let verified = match bearer(request.headers()) {
        Ok(token) => api.0.authenticator.verify(&Tenant::default(), token).await.map(Arc::new),
        Err(refused) => Err(refused),
    };
    let counted = match &verified {
        Ok(caller) if !is_for_strangers(request.uri().path()) => Counted::of(caller),
        Ok(_) | Err(_) => Counted::Address(address.into()),
    };
    let level = {
        let mut requests = api.0.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.is_off() { Ok(None) } else { requests.take(counted, Instant::now()).map(Some) }
    };
    let (mut response, level) = match level {
        Err(level) => (Failure::RateLimited(level).into_response(), Some(level)),
        Ok(level) => {
            request.extensions_mut().insert(Verified(verified));
            request.extensions_mut().insert(Address(address));
            (next.run(request).await, level)
        }
    };
    // What a handler knows of failed attempts is nearer.
    let near = response.extensions_mut().remove::<Level>();
    tell(response.headers_mut(), near.or(level));
    response
}

/// Whether the call is for those who have no token. One that is shown all the same buys no more of these: each account
/// made would pay for the next.
fn is_for_strangers(path: &str) -> bool {
    ["/auth/register", "/auth/login", "/auth/refresh"].iter().any(|call| path.ends_with(call))
}

impl Counted {
    fn of(caller: &Caller) -> Self {
        static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self::User(HASHER.hash_one((&caller.tenant, &caller.user)))
    }
}

fn tell(headers: &mut HeaderMap, level: Option<Level>) {
    let Some(level) = level else { return };
    let window_s = level.window.as_secs();
    let policy = HeaderValue::try_from(format!("{};w={window_s}", level.limit));
    let [limit, remaining, reset, policy_name] = RATE_LIMIT;
    headers.insert(limit, HeaderValue::from(level.limit));
    headers.insert(remaining, HeaderValue::from(level.remaining()));
    headers.insert(reset, HeaderValue::from(level.resets_in_s()));
    if let Ok(policy) = policy {
        headers.insert(policy_name, policy);
    }
}

/// The token of `Authorization: Bearer`; there may be one such header.
fn bearer(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refused::NoToken)?;
    if values.next().is_some() {
        return Err(Refused::Invalid);
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Refused::Invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(Refused::Invalid) }
}

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let verified =
            parts.extensions.get::<Verified>().map_or(Err(Refused::NoToken), |verified| verified.0.clone());
        verified.map(Self).map_err(Failure::Token)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Bearer {
    type Rejection = Failure;

    /// No good token is no obstacle: there are other ways to show who one is.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Failure> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(bearer) => Ok(Some(bearer)),
            Err(_) => Ok(None),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(Ipv4Addr::UNSPECIFIED.into())))
    }
}
