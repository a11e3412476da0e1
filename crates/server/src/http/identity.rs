//! Who a request is from, as far as addresses tell, and the id by which logs know it.

use std::{
    fmt::Write as _,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::{
    extract::{ConnectInfo, Request, State as Extract},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

use super::State;
use crate::{config::Network, listener::Carriage};

/// The header that carries a request's id, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The client's address: the peer's, or behind trusted proxies the one that they name.
    pub address: IpAddr,
    /// How the client speaks to the service.
    pub scheme: Scheme,
}

/// How a client speaks to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Under TLS, which ends here or at a trusted proxy.
    Https,
}

impl Scheme {
    /// As it stands in front of a URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The id of a request, in its extensions.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) HeaderValue);

/// Gives the request its [`Client`] and its id, and the answer the same id.
pub(super) async fn identify(Extract(state): Extract<State>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
    let scheme = match request.extensions().get::<Carriage>() {
        Some(Carriage::Tls) => Scheme::Https,
        Some(Carriage::Clear) | None => Scheme::Http,
    };
    let client = client(Client { address: peer, scheme }, request.headers(), &state.trusted_proxies);
    let id = request.headers().get(REQUEST_ID).filter(|id| is_sane(id)).cloned().unwrap_or_else(new_id);
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// What proxies say counts only as far as each one that says it is trusted: the list is read from its end,
/// which our own proxy wrote, up to the first address that is none of ours.
fn client(peer: Client, headers: &HeaderMap, trusted: &[Network]) -> Client {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer.address) {
        return Client { address: peer.address.to_canonical(), ..peer };
    }
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|v| v.to_str().ok()).collect();
    let mut address = peer.address;
    for named in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Ok(named) = named.trim().parse::<IpAddr>() else { break };
        address = named;
        if !is_trusted(named) {
            break;
        }
    }
    let scheme = match headers.get(FORWARDED_PROTO).map(HeaderValue::as_bytes) {
        Some(b"https") => Scheme::Https,
        Some(_) => Scheme::Http,
        None => peer.scheme,
    };
    Client { address: address.to_canonical(), scheme }
}

/// Whether a client's id may stand in our logs: short, and of harmless characters.
fn is_sane(id: &HeaderValue) -> bool {
    let harmless = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    (1..=64).contains(&id.len()) && id.as_bytes().iter().all(harmless)
}

/// A new id: the process's own random number, so that two processes differ, and a count.
fn new_id() -> HeaderValue {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0_u8));
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let mut id = String::with_capacity(32);
    // Writing to a String does not fail, and hexadecimal digits are a header's value.
    let _ = write!(id, "{:016x}-{:x}", *PROCESS, COUNT.fetch_add(1, Relaxed));
    HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 9));

    fn over(address: IpAddr, scheme: Scheme) -> Client {
        Client { address, scheme }
    }

    fn address(peer: IpAddr, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        client(over(peer, Scheme::Http), &headers, &[Network::parse("10.0.0.0/8").unwrap()])
            .address
            .to_string()
    }

    #[test]
    fn the_word_of_a_stranger_on_its_address_does_not_count() {
        assert_eq!(address(STRANGER, &["192.0.2.1"]), "198.51.100.9");
    }

    #[test]
    fn behind_a_trusted_proxy_the_last_address_that_is_no_proxy_is_the_client() {
        assert_eq!(address(PROXY, &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(address(PROXY, &["203.0.113.5, 192.0.2.1, 10.0.0.7"]), "192.0.2.1");
        assert_eq!(address(PROXY, &["203.0.113.5", "192.0.2.1"]), "192.0.2.1");
        assert_eq!(address(PROXY, &["192.0.2.1, garbage"]), "10.0.0.1");
        assert_eq!(address(PROXY, &[]), "10.0.0.1");
    }

    #[test]
    fn only_a_trusted_proxy_can_say_that_the_client_speaks_tls() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
        let trusted = [Network::parse("10.0.0.1").unwrap()];
        assert_eq!(client(over(PROXY, Scheme::Http), &headers, &trusted).scheme, Scheme::Https);
        assert_eq!(client(over(STRANGER, Scheme::Http), &headers, &trusted).scheme, Scheme::Http);
    }

    #[test]
    fn tls_that_ends_here_counts_unless_a_trusted_proxy_says_that_it_was_spoken_to_in_the_clear() {
        let trusted = [Network::parse("10.0.0.1").unwrap()];
        let silent = HeaderMap::new();
        let mut clear = HeaderMap::new();
        clear.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
        for (peer, headers, scheme) in [
            (PROXY, &silent, Scheme::Https),
            (STRANGER, &silent, Scheme::Https),
            (STRANGER, &clear, Scheme::Https),
            (PROXY, &clear, Scheme::Http),
        ] {
            assert_eq!(client(over(peer, Scheme::Https), headers, &trusted).scheme, scheme, "{peer}");
        }
    }

    #[test]
    fn ids_are_sane_when_short_and_harmless_and_new_ones_are_so_and_differ() {
        for sane in ["a", "4bf92f35-77b3_4da6.1"] {
            assert!(is_sane(&HeaderValue::from_static(sane)), "{sane}");
        }
        let long = "x".repeat(65);
        for strange in ["", "a b", "a\"b", "<script>", "a;b", long.as_str()] {
            assert!(!is_sane(&HeaderValue::from_str(strange).unwrap()), "{strange}");
        }
        assert!(is_sane(&new_id()));
        assert_ne!(new_id(), new_id());
    }
}
