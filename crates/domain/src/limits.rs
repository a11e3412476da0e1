//! The bounds of the core, and the bucket by which the shell bounds how often it is asked.

use std::time::{Duration, Instant};

/// How much of each thing there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many connections a room holds. 10 by default; at least 1.
    pub max_peers_per_room: usize,
    /// How many rooms a connection may be in at once. 64 by default; at least 1.
    pub max_rooms_per_connection: usize,
    /// How many commands of a connection may wait for the answer to an earlier one. 64 by default.
    pub max_held_commands: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_peers_per_room: 10, max_rooms_per_connection: 64, max_held_commands: 64 }
    }
}

/// Lets so many events a second pass, and so many at once after a pause.
///
/// A full bucket holds `burst` tokens, an event takes one, and tokens come back evenly. Kept as the
/// time at which the bucket will be full again, so that it needs no timer and 24 bytes beside its rate.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    /// How long one token takes to come back; zero lets everything pass.
    token_period: Duration,
    /// How long an empty bucket takes to be full.
    refill_period: Duration,
    /// `None` while it has never been used.
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// A full bucket. A rate of 0 is off: everything passes. A burst of 0 counts as 1.
    pub fn new(rate_per_second: u32, burst: u32) -> TokenBucket {
        let token_period = Duration::from_secs(1).checked_div(rate_per_second).unwrap_or(Duration::ZERO);
        TokenBucket { token_period, refill_period: token_period * burst.max(1), full_at: None }
    }

    /// Takes a token, as [`TokenBucket::take_many`] takes one.
    ///
    /// # Errors
    /// The milliseconds to wait.
    pub fn take(&mut self, now: Instant) -> Result<(), u64> {
        self.take_many(now, 1)
    }

    /// Takes so many tokens, or says after how many milliseconds (at least 1) there will be one.
    ///
    /// A refused event takes nothing, so whoever waits as told is let through.
    ///
    /// # Errors
    /// The milliseconds to wait. More tokens than the bucket holds never pass.
    pub fn take_many(&mut self, now: Instant, tokens: u32) -> Result<(), u64> {
        let taking_period = self.token_period * tokens;
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now));
        let full_again_after = full_at - now + taking_period;
        if let Some(too_early) = full_again_after.checked_sub(self.refill_period)
            && too_early > Duration::ZERO
        {
            return Err(too_early.as_nanos().div_ceil(1_000_000) as u64);
        }
        self.full_at = Some(full_at + taking_period);
        Ok(())
    }

    /// Whether it is as good as new: whoever keeps buckets by a key may forget this one.
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|full_at| full_at <= now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_passes_at_once_and_the_next_waits_for_one_token() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(50, 300);

        assert!((0..300).all(|_| bucket.take(start) == Ok(())));
        assert_eq!(bucket.take(start), Err(20));
        assert_eq!(bucket.take(start + Duration::from_micros(19_999)), Err(1));
        assert_eq!(bucket.take(start + Duration::from_millis(20)), Ok(()));
        assert_eq!(bucket.take(start + Duration::from_millis(20)), Err(20));
    }

    #[test]
    fn a_long_pause_fills_the_bucket_to_its_burst_and_no_further() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(10, 5);
        assert!((0..5).all(|_| bucket.take(start) == Ok(())));

        assert!(!bucket.is_full(start + Duration::from_millis(499)));
        assert!(bucket.is_full(start + Duration::from_millis(500)));

        let later = start + Duration::from_secs(86_400);
        assert!((0..5).all(|_| bucket.take(later) == Ok(())));
        assert_eq!(bucket.take(later), Err(100));
    }

    #[test]
    fn a_rate_of_zero_is_off_and_a_burst_of_zero_is_one() {
        let start = Instant::now();
        let mut off = TokenBucket::new(0, 0);
        assert!((0..10_000).all(|_| off.take(start) == Ok(())));

        let mut single = TokenBucket::new(1, 0);
        assert_eq!(single.take(start), Ok(()));
        assert_eq!(single.take(start), Err(1_000));
    }

    #[test]
    fn a_clock_that_stands_or_goes_back_gives_no_tokens() {
        let start = Instant::now() + Duration::from_secs(10);
        let mut bucket = TokenBucket::new(1, 1);
        assert_eq!(bucket.take(start), Ok(()));
        assert_eq!(bucket.take(start), Err(1_000));
        assert_eq!(bucket.take(start - Duration::from_secs(5)), Err(6_000));
    }

    proptest! {
        #[test]
        fn no_more_pass_than_the_burst_and_what_came_back_and_who_waits_passes(
            rate in 1u32..2_000,
            burst in 1u32..50,
            pauses_us in proptest::collection::vec(0u64..100_000, 1..200),
        ) {
            let start = Instant::now();
            let (mut now, mut passed) = (start, 0u64);
            let mut bucket = TokenBucket::new(rate, burst);
            for pause_us in pauses_us {
                now += Duration::from_micros(pause_us);
                match bucket.take(now) {
                    Ok(()) => passed += 1,
                    Err(retry_after_ms) => {
                        let mut waited = bucket;
                        prop_assert_eq!(waited.take(now + Duration::from_millis(retry_after_ms)), Ok(()));
                        prop_assert!(bucket.take(now + Duration::from_millis(retry_after_ms - 1)).is_err());
                    }
                }
                let token_period_ns = u128::from(1_000_000_000 / rate);
                let most = u128::from(burst) + (now - start).as_nanos() / token_period_ns;
                prop_assert!(u128::from(passed) <= most, "{} passed of {}", passed, most);
            }
        }
    }
}
