//! Counts in windows of time.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::{Duration, Instant},
};

/// Counts for each of many, in windows that begin with the first count.
///
/// At most as many are remembered as the capacity says: more of them forget the oldest first, which costs the limit its
/// memory of those and nothing else.
#[derive(Debug)]
pub struct Windows<K> {
    limit: u32,
    window: Duration,
    capacity: usize,
    counts: HashMap<K, Window>,
    /// The windows in the order in which they end, which is the order in which they began.
    ending: VecDeque<(Instant, K)>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Instant,
    count: u32,
}

/// How far one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The most in a window.
    pub limit: u32,
    /// Counted so far.
    pub count: u32,
    /// Until the count begins anew; the whole window if nothing is counted.
    pub resets_in: Duration,
    /// How long a window is.
    pub window: Duration,
}

impl Level {
    /// How many more there may be.
    #[must_use]
    pub fn remaining(self) -> u32 {
        self.limit.saturating_sub(self.count)
    }

    /// Until the count begins anew, in whole seconds, at least 1.
    #[must_use]
    pub fn resets_in_s(self) -> u64 {
        u64::try_from(self.resets_in.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX).max(1)
    }
}

impl<K: Copy + Eq + Hash> Windows<K> {
    /// At most `limit` in each window of that length, for each of at most `capacity`. A limit of 0 is off.
    #[must_use]
    pub fn new(limit: u32, window: Duration, capacity: usize) -> Self {
        Self { limit, window, capacity, counts: HashMap::new(), ending: VecDeque::new() }
    }

    /// Whether there is nothing to count for.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.limit == 0
    }

    /// Counts one more, and returns how far that one is now.
    ///
    /// # Errors
    /// The limit was reached before; nothing is counted.
    pub fn take(&mut self, key: K, now: Instant) -> Result<Level, Level> {
        if self.is_off() {
            return Ok(self.level(&key, now));
        }
        self.forget_ended(now);
        if let Some(window) = self.counts.get_mut(&key) {
            if window.count >= self.limit {
                return Err(self.level(&key, now));
            }
            window.count += 1;
            return Ok(self.level(&key, now));
        }
        if self.counts.len() >= self.capacity {
            self.forget_oldest();
        }
        let ends = now + self.window;
        self.counts.insert(key, Window { ends, count: 1 });
        self.ending.push_back((ends, key));
        Ok(self.level(&key, now))
    }

    /// How far that one is, without counting.
    #[must_use]
    pub fn level(&self, key: &K, now: Instant) -> Level {
        let window = self.counts.get(key).filter(|window| window.ends > now);
        let (count, resets_in) =
            window.map_or((0, self.window), |window| (window.count, window.ends.duration_since(now)));
        Level { limit: self.limit, count, resets_in, window: self.window }
    }

    /// How many are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.counts.len()
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

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_window_begins_with_the_first_count_and_says_how_far_one_is() {
        let mut windows = Windows::new(3, MINUTE, 8);
        let start = Instant::now();
        assert_eq!(windows.level(&'a', start).remaining(), 3);
        let first = windows.take('a', start).unwrap();
        assert_eq!((first.remaining(), first.resets_in_s()), (2, 60));
        let later = start + Duration::from_millis(20_500);
        assert!(windows.take('a', later).is_ok());
        assert_eq!(windows.take('a', later).unwrap().remaining(), 0);
        let over = windows.take('a', later).unwrap_err();
        assert_eq!((over.count, over.remaining(), over.resets_in_s()), (3, 0, 40));
        assert_eq!(windows.take('b', later).unwrap().count, 1, "another one has a count of its own");
        assert_eq!(windows.level(&'a', start + MINUTE).count, 0);
        assert_eq!(windows.take('a', start + MINUTE).unwrap().count, 1);
    }

    #[test]
    fn zero_is_off_and_remembers_nobody() {
        let mut windows = Windows::new(0, MINUTE, 8);
        assert!((0..100).all(|key| windows.take(key, Instant::now()).is_ok()));
        assert!(windows.is_off());
        assert_eq!(windows.remembered(), 0);
    }

    #[test]
    fn a_flood_is_bounded_forgets_the_oldest_and_gives_its_memory_back() {
        let mut windows = Windows::new(1, MINUTE, 10_000);
        let start = Instant::now();
        assert!((0..10_001).all(|key| windows.take(key, start).is_ok()));
        assert_eq!(windows.remembered(), 10_000);
        assert!(windows.take(0, start).is_ok(), "the oldest was forgotten");
        assert!(windows.take(10_000, start).is_err(), "the newest was not");
        assert!(windows.take(7, start + MINUTE).is_ok());
        assert_eq!(windows.remembered(), 1);
        assert!(windows.counts.capacity() < 1_024, "{}", windows.counts.capacity());
    }
}
