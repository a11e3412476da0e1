//! New connections a minute from one address.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{AddressKey, Level, Windows};
use crate::config::Environment;

const WINDOW: Duration = Duration::from_secs(60);

/// Addresses remembered at once: about 8 MiB.
const MAX_ADDRESSES: usize = 1 << 16;

/// Counts new connections in windows of a minute that begin with an address's first connection.
#[derive(Debug)]
pub struct ConnectionRate {
    environment: Environment,
    windows: Windows<AddressKey>,
}

impl ConnectionRate {
    /// At most `per_minute` connections a minute for each address; 0 is off. In development, loopback is
    /// exempt: a page reloaded by its author is no flood.
    #[must_use]
    pub fn new(per_minute: u32, environment: Environment) -> Self {
        Self { environment, windows: Windows::new(per_minute, WINDOW, MAX_ADDRESSES) }
    }

    /// Counts a new connection from the address.
    ///
    /// # Errors
    /// The limit is reached: the whole seconds after which to try again, at least 1.
    pub fn admit(&mut self, address: IpAddr, now: Instant) -> Result<(), u64> {
        if self.is_exempt(address) {
            return Ok(());
        }
        self.windows.take(AddressKey::from(address), now).map(drop).map_err(Level::resets_in_s)
    }

    /// How many addresses are remembered.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.windows.remembered()
    }

    fn is_exempt(&self, address: IpAddr) -> bool {
        match self.environment {
            Environment::Development => address.to_canonical().is_loopback(),
            Environment::Production => false,
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
    }
}
