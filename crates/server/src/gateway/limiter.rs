//! How often one may ask. Relays are counted for each connection. Everything else is counted for each user whose token was verified,
//! over all their connections; for a guest, for the connection, and for all guests of an address together.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use dialects::Class;
use domain::{Tenant, TokenBucket, UserId};

use crate::{config::Config, limits::AddressKey};

/// Guests of one address together may do so many times what one of them may.
const ADDRESS_FACTOR: u32 = 10;

/// Addresses, or users, that are counted at once; about 6 MiB of addresses. Past it, those that have rested are forgotten, and if
/// that makes no room, all of them.
const MAX_COUNTED: usize = 1 << 16;

/// A connection that goes on after so many refusals with nothing let through between is a flood.
const FLOOD_REFUSALS: u32 = 1_000;

/// The configured rates, and what the connections of an address share.
#[derive(Debug)]
pub(super) struct EventLimiter {
    relays: TokenBucket,
    relay_bytes: TokenBucket,
    events: TokenBucket,
    addresses: Buckets<AddressKey>,
    users: Buckets<(Tenant, UserId)>,
}

/// What connections share: a bucket for each of them who is counted together.
#[derive(Debug)]
struct Buckets<K> {
    full: TokenBucket,
    counted: Mutex<HashMap<K, TokenBucket>>,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asker<'a> {
    /// A guest, who is counted by connection and address.
    Guest,
    /// A user whose token was verified.
    User(&'a (Tenant, UserId)),
}

/// What is counted for one connection.
#[derive(Debug)]
pub(super) struct Limiter {
    relays: TokenBucket,
    /// Few large signals fill a reader's queue as well as many small ones do.
    relay_bytes: TokenBucket,
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
            relay_bytes: TokenBucket::new(config.relay_bytes_per_second, config.relay_byte_burst),
            events: TokenBucket::new(config.events_per_second, config.event_burst),
            addresses: Buckets::new(of_address),
            users: Buckets::new(TokenBucket::new(config.events_per_second, config.event_burst)),
        }
    }

    /// Full buckets for a connection from this address.
    pub(super) fn connection(&self, address: IpAddr) -> Limiter {
        let (relays, relay_bytes) = (self.relays, self.relay_bytes);
        Limiter { relays, relay_bytes, events: self.events, address: address.into(), refusals: 0 }
    }
}

impl<K: Eq + Hash + Clone> Buckets<K> {
    fn new(full: TokenBucket) -> Self {
        Self { full, counted: Mutex::default() }
    }

    fn take(&self, of: &K, now: Instant) -> Result<(), u64> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = counted.get_mut(of) {
            return bucket.take(now);
        }
        if counted.len() >= MAX_COUNTED {
            counted.retain(|_, bucket| !bucket.is_full(now));
            if counted.len() >= MAX_COUNTED {
                counted.clear();
            }
            counted.shrink_to_fit();
        }
        counted.entry(of.clone()).or_insert(self.full).take(now)
    }
}

impl Limiter {
    /// Counts an event of so many bytes. One that may not pass takes nothing.
    pub(super) fn take(
        &mut self,
        shared: &EventLimiter,
        asker: Asker<'_>,
        class: Class,
        bytes: u32,
        now: Instant,
    ) -> Verdict {
        let taken = match (class, asker) {
            (Class::Relay, _) => self.take_relay(bytes, now),
            (Class::Other, Asker::Guest) => self.take_other(shared, now),
            (Class::Other, Asker::User(user)) => shared.users.take(user, now),
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

    fn take_relay(&mut self, bytes: u32, now: Instant) -> Result<(), u64> {
        let mut relays = self.relays;
        relays.take(now)?;
        self.relay_bytes.take_many(now, bytes)?;
        self.relays = relays;
        Ok(())
    }

    fn take_other(&mut self, shared: &EventLimiter, now: Instant) -> Result<(), u64> {
        let mut events = self.events;
        events.take(now)?;
        shared.addresses.take(&self.address, now)?;
        self.events = events;
        Ok(())
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
        assert!((0..300).all(|_| one.take(&shared, Asker::Guest, Class::Relay, 100, now) == Verdict::Pass));
        assert_eq!(
            one.take(&shared, Asker::Guest, Class::Relay, 100, now),
            Verdict::TooMany { retry_after_ms: 20 }
        );
        assert!((0..50).all(|_| one.take(&shared, Asker::Guest, Class::Other, 100, now) == Verdict::Pass));
        assert_eq!(
            one.take(&shared, Asker::Guest, Class::Other, 100, now),
            Verdict::TooMany { retry_after_ms: 100 }
        );
        let later = now + Duration::from_millis(100);
        assert_eq!(one.take(&shared, Asker::Guest, Class::Other, 100, later), Verdict::Pass);
    }

    #[test]
    fn the_bytes_of_relays_are_counted_too_and_a_refused_one_takes_nothing() {
        let (shared, now) = (limiter(), Instant::now());
        let mut one = shared.connection(IpAddr::from([10, 0, 0, 1]));
        let large = 128 << 10;
        assert!((0..8).all(|_| one.take(&shared, Asker::Guest, Class::Relay, large, now) == Verdict::Pass));
        assert!((0..300).all(|_| one.take(&shared, Asker::Guest, Class::Relay, 1_000, now) != Verdict::Pass));
        let later = now + Duration::from_millis(1_001);
        assert_eq!(one.take(&shared, Asker::Guest, Class::Relay, large, later), Verdict::Pass);
        assert_eq!(one.take(&shared, Asker::Guest, Class::Other, large, later), Verdict::Pass);
    }

    #[test]
    fn a_room_of_others_cannot_fill_the_queue_of_one_who_reads() {
        let config = Config::defaults(Environment::Development);
        let others = config.max_peers_per_room - 1;
        assert!(others * config.relay_byte_burst as usize <= crate::app::MAX_OUTBOUND_BYTES);
    }

    #[test]
    fn guests_of_one_address_together_may_do_ten_times_as_much() {
        let (shared, now) = (limiter(), Instant::now());
        let events = |address, count| {
            let mut one = shared.connection(IpAddr::from([10, 0, 0, address]));
            (0..count)
                .filter(|_| one.take(&shared, Asker::Guest, Class::Other, 100, now) == Verdict::Pass)
                .count()
        };
        assert_eq!((0..12).map(|_| events(1, 50)).sum::<usize>(), 500);
        assert_eq!(events(2, 50), 50);
    }

    #[test]
    fn a_user_has_one_bucket_for_all_connections_and_relays_are_counted_for_each() {
        let (shared, now) = (limiter(), Instant::now());
        let [ann, bob] = ["ann", "bob"].map(|name| (Tenant::default(), UserId::try_from(name).unwrap()));
        let taken = |user, class| {
            let mut one = shared.connection(IpAddr::from([10, 0, 0, 1]));
            let passes = |_: &i32| one.take(&shared, Asker::User(user), class, 100, now) == Verdict::Pass;
            (0..400).filter(passes).count()
        };
        assert_eq!(
            [taken(&ann, Class::Other), taken(&ann, Class::Other), taken(&bob, Class::Other)],
            [50, 0, 50]
        );
        assert_eq!([taken(&ann, Class::Relay), taken(&ann, Class::Relay)], [300, 300]);
        let mut guest = shared.connection(IpAddr::from([10, 0, 0, 1]));
        assert_eq!(guest.take(&shared, Asker::Guest, Class::Other, 100, now), Verdict::Pass);
    }

    #[test]
    fn who_is_counted_is_bounded() {
        let (buckets, now) = (Buckets::new(TokenBucket::new(1, 1)), Instant::now());
        assert!((0..MAX_COUNTED + 10).all(|number| buckets.take(&number, now).is_ok()));
        assert!(buckets.counted.lock().unwrap().len() <= MAX_COUNTED);
        assert!(buckets.take(&(MAX_COUNTED + 9), now).is_err(), "the newest are counted on");
    }

    #[test]
    fn a_connection_that_is_let_through_now_and_then_is_no_flood_however_long_it_lasts() {
        let (shared, mut now) = (limiter(), Instant::now());
        let mut one = shared.connection(IpAddr::from([10, 0, 0, 1]));
        assert!((0..300).all(|_| one.take(&shared, Asker::Guest, Class::Relay, 100, now) == Verdict::Pass));
        for _ in 0..1_000 {
            for _ in 0..3 {
                assert_eq!(
                    one.take(&shared, Asker::Guest, Class::Relay, 100, now),
                    Verdict::TooMany { retry_after_ms: 20 }
                );
            }
            now += Duration::from_millis(20);
            assert_eq!(one.take(&shared, Asker::Guest, Class::Relay, 100, now), Verdict::Pass);
        }
    }

    #[test]
    fn a_connection_that_never_rests_is_a_flood() {
        let (shared, now) = (limiter(), Instant::now());
        let mut one = shared.connection(IpAddr::from([10, 0, 0, 1]));
        let told = (0..1_300)
            .filter(|_| one.take(&shared, Asker::Guest, Class::Relay, 100, now) != Verdict::Flood)
            .count();
        assert_eq!(told, 1_300);
        assert_eq!(one.take(&shared, Asker::Guest, Class::Relay, 100, now), Verdict::Flood);
    }
}
