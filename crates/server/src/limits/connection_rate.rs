//! New connections a minute from one address.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    time::{Duration, Instant},
};

use super::AddressKey;
use crate::config::Environment;

const WINDOW: Duration = Duration::from_secs(60);

/// Addresses remembered at once: about 8 MiB. A flood from more of them forgets the oldest first, which
/// costs the limit its memory of those and nothing else.
const MAX_ADDRESSES: usize = 1 << 16;

/// Counts new connections in windows of a minute that begin with an address's first connection.
#[derive(Debug)]
pub struct ConnectionRate {
    per_minute: u32,
    environment: Environment,
    counts: HashMap<AddressKey, Window>,
    /// The windows in the order in which they end, which is the order in which they began.
    ending: VecDeque<(Instant, AddressKey)>,
}

#[derive(Debug)]
struct Window {
    ends: Instant,
    connections: u32,
}

impl ConnectionRate {
    /// At most `per_minute` connections a minute for each address; 0 is off. In development, loopback is
    /// exempt: a page reloaded by its author is no flood.
    #[must_use]
    pub fn new(per_minute: u32, environment: Environment) -> Self {
        Self { per_minute, environment, counts: HashMap::new(), ending: VecDeque::new() }
    }

    /// Counts a new connection from the address.
    ///
    /// # Errors
    /// The limit is reached: the whole seconds after which to try again, at least 1.
    pub fn admit(&mut self, address: IpAddr, now: Instant) -> Result<(), u64> {
        if self.per_minute == 0 || self.is_exempt(address) {
            return Ok(());
        }
        self.forget_ended(now);
        let key = AddressKey::from(address);
        if let Some(window) = self.counts.get_mut(&key) {
            if window.connections >= self.per_minute {
                let left = window.ends.saturating_duration_since(now);
                return Err(left.as_millis().div_ceil(1_000).max(1).try_into().unwrap_or(60));
            }
            window.connections += 1;
            return Ok(());
        }
        if self.counts.len() >= MAX_ADDRESSES {
            self.forget_oldest();
        }
        let ends = now + WINDOW;
        self.counts.insert(key, Window { ends, connections: 1 });
        self.ending.push_back((ends, key));
        Ok(())
    }

    /// How many addresses are remembered.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.counts.len()
    }

    fn is_exempt(&self, address: IpAddr) -> bool {
        match self.environment {
            Environment::Development => address.to_canonical().is_loopback(),
            Environment::Production => false,
        }
    }

    fn forget_ended(&mut self, now: Instant) {
        while self.ending.front().is_some_and(|(ends, _)| *ends <= now) {
            self.forget_oldest();
        }
        // Give the memory of a flood back once it is over.
        if self.counts.capacity() > 1_024 && self.counts.len() < self.counts.capacity() / 8 {
            self.counts.shrink_to(self.counts.len() * 2);
            self.ending.shrink_to(self.counts.len() * 2);
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.ending.pop_front() {
            self.counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn the_eleventh_connection_of_a_minute_is_told_when_to_come_back_and_then_admitted() {
        let mut rate = ConnectionRate::new(10, Environment::Production);
        let start = Instant::now();
        for _ in 0..10 {
            assert_eq!(rate.admit(address(7), start), Ok(()));
        }
        assert_eq!(rate.admit(address(7), start + Duration::from_millis(500)), Err(60));
        assert_eq!(rate.admit(address(7), start + Duration::from_millis(59_999)), Err(1));
        assert_eq!(rate.admit(address(8), start), Ok(()), "another address has a count of its own");
        assert_eq!(rate.admit(address(7), start + WINDOW), Ok(()));
    }

    #[test]
    fn loopback_is_exempt_in_development_alone() {
        let now = Instant::now();
        for loopback in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let loopback: IpAddr = loopback.parse().unwrap();
            let mut development = ConnectionRate::new(1, Environment::Development);
            let mut production = ConnectionRate::new(1, Environment::Production);
            assert_eq!(
                [development.admit(loopback, now), development.admit(loopback, now)],
                [Ok(()), Ok(())]
            );
            assert_eq!([production.admit(loopback, now), production.admit(loopback, now)], [Ok(()), Err(60)]);
        }
    }

    #[test]
    fn zero_is_off() {
        let mut rate = ConnectionRate::new(0, Environment::Production);
        assert!((0..1_000).all(|_| rate.admit(address(7), Instant::now()).is_ok()));
        assert_eq!(rate.addresses(), 0);
    }

    #[test]
    fn a_flood_of_addresses_is_bounded_and_its_memory_is_given_back() {
        let mut rate = ConnectionRate::new(10, Environment::Production);
        let start = Instant::now();
        for number in 0..100_000 {
            assert_eq!(rate.admit(address(number), start), Ok(()));
        }
        assert_eq!(rate.addresses(), MAX_ADDRESSES);
        assert_eq!(rate.admit(address(7), start + WINDOW), Ok(()));
        assert_eq!(rate.addresses(), 1);
        assert!(rate.counts.capacity() < 1_024, "{}", rate.counts.capacity());
    }
}
