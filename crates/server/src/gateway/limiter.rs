//! How often a connection may ask: relays apart from everything else, and guests of one address together.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use dialects::Class;
use domain::TokenBucket;

use crate::{config::Config, limits::AddressKey};

/// Guests of one address together may do so many times what one of them may.
const ADDRESS_FACTOR: u32 = 10;

/// Addresses whose guests are counted at once; about 6 MiB. Past it, those that have rested longest are forgotten.
const MAX_ADDRESSES: usize = 1 << 16;

/// A connection that goes on after so many refusals with nothing let through between is a flood.
const FLOOD_REFUSALS: u32 = 1_000;

/// The configured rates, and what the connections of an address share.
#[derive(Debug)]
pub(super) struct EventLimiter {
    relays: TokenBucket,
    events: TokenBucket,
    of_address: TokenBucket,
    addresses: Mutex<HashMap<AddressKey, TokenBucket>>,
}

/// What is counted for one connection.
#[derive(Debug)]
pub(super) struct Limiter {
    relays: TokenBucket,
    events: TokenBucket,
    address: AddressKey,
    refusals: u32,
}

/// Whether an event may pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    TooMany {
        retry_after_ms: u64,
    },
    /// Far beyond being told.
    Flood,
}

impl EventLimiter {
    pub(super) fn new(config: &Config) -> Self {
        let of_address = TokenBucket::new(
            config.events_per_second.saturating_mul(ADDRESS_FACTOR),
            config.event_burst.saturating_mul(ADDRESS_FACTOR),
        );
        Self {
            relays: TokenBucket::new(config.relays_per_second, config.relay_burst),
            events: TokenBucket::new(config.events_per_second, config.event_burst),
            of_address,
            addresses: Mutex::default(),
        }
    }

    /// Full buckets for a connection from this address.
    pub(super) fn connection(&self, address: IpAddr) -> Limiter {
        Limiter { relays: self.relays, events: self.events, address: address.into(), refusals: 0 }
    }

    fn take_for_address(&self, address: AddressKey, now: Instant) -> Result<(), u64> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= MAX_ADDRESSES && !addresses.contains_key(&address) {
            addresses.retain(|_, bucket| !bucket.is_full(now));
            if addresses.len() >= MAX_ADDRESSES {
                addresses.clear();
            }
            addresses.shrink_to_fit();
        }
        addresses.entry(address).or_insert(self.of_address).take(now)
    }
}

impl Limiter {
    pub(super) fn take(&mut self, shared: &EventLimiter, class: Class, now: Instant) -> Verdict {
        let taken = match class {
            Class::Relay => self.relays.take(now),
            Class::Other => match self.events.take(now) {
                Ok(()) => shared.take_for_address(self.address, now),
                refused => refused,
            },
        };
        match taken {
            Ok(()) => {
                self.refusals = 0;
                Verdict::Pass
            }
            Err(_) if self.refusals >= FLOOD_REFUSALS => Verdict::Flood,
            Err(retry_after_ms) => {
                self.refusals += 1;
                Verdict::TooMany { retry_after_ms }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Environment;

    fn limiter() -> EventLimiter {
        EventLimiter::new(&Config::defaults(Environment::Development))
    }

    #[test]
    fn relays_and_other_events_are_counted_apart() {
        let (shared, now) = (limiter(), Instant::now());
        let mut one = shared.connection(IpAddr::from([10, 0, 0, 1]));
        assert!((0..300).all(|_| one.take(&shared, Class::Relay, now) == Verdict::Pass));
        assert_eq!(one.take(&shared, Class::Relay, now), Verdict::TooMany { retry_after_ms: 20 });
        assert!((0..50).all(|_| one.take(&shared, Class::Other, now) == Verdict::Pass));
        assert_eq!(one.take(&shared, Class::Other, now), Verdict::TooMany { retry_after_ms: 100 });
        let later = now + Duration::from_millis(100);
        assert_eq!(one.take(&shared, Class::Other, later), Verdict::Pass);
    }

    #[test]
    fn guests_of_one_address_together_may_do_ten_times_as_much() {
        let (shared, now) = (limiter(), Instant::now());
        let events = |address, count| {
            let mut one = shared.connection(IpAddr::from([10, 0, 0, address]));
            (0..count).filter(|_| one.take(&shared, Class::Other, now) == Verdict::Pass).count()
        };
        assert_eq!((0..12).map(|_| events(1, 50)).sum::<usize>(), 500);
        assert_eq!(events(2, 50), 50);
    }

    #[test]
    fn a_connection_that_never_rests_is_a_flood() {
        let (shared, now) = (limiter(), Instant::now());
        let mut one = shared.connection(IpAddr::from([10, 0, 0, 1]));
        let told = (0..1_300).filter(|_| one.take(&shared, Class::Relay, now) != Verdict::Flood).count();
        assert_eq!(told, 1_300);
        assert_eq!(one.take(&shared, Class::Relay, now), Verdict::Flood);
    }
}
