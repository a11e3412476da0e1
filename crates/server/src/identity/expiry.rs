//! When tokens of open connections expire, with `CLOSE_ON_EXPIRY`: one list of deadlines, and one task.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::sessions::{Expiry, Sessions};
use crate::clock;

/// How long before a token expires its bearer is warned.
const WARNING: Duration = Duration::from_secs(60);

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The bearer is to be told that the token expires soon.
    Warning,
    /// The token expires.
    End,
}

/// The next deadline of each session, on the clock that never jumps: two for each token, one after the other.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    order: BTreeSet<(Instant, usize)>,
    of_sessions: HashMap<usize, Deadline>,
}

#[derive(Debug, Clone, Copy)]
struct Deadline {
    next: Instant,
    due: Due,
    end: Instant,
}

impl Deadlines {
    /// The session's token expires at that time of the wall clock. Says whether this is the first of all deadlines now.
    pub(super) fn set(&mut self, key: usize, expires_at_ms: u64) -> bool {
        let left = Duration::from_millis(expires_at_ms.saturating_sub(clock::wall_ms()));
        let now = Instant::now();
        // Beyond what the clock can say is never.
        let Some(end) = now.checked_add(left) else { return false };
        self.put(
            key,
            Deadline { next: end.checked_sub(WARNING).unwrap_or(now).max(now), due: Due::Warning, end },
        )
    }

    pub(super) fn remove(&mut self, key: usize) {
        if let Some(deadline) = self.of_sessions.remove(&key) {
            self.order.remove(&(deadline.next, key));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(next, _)| *next)
    }

    /// A session whose deadline has come, and what it was for.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(usize, Due)> {
        let (_, key) = *self.order.first().filter(|(next, _)| *next <= now)?;
        let deadline = self.of_sessions.get(&key).copied()?;
        match deadline.due {
            Due::Warning => {
                self.put(key, Deadline { next: deadline.end, due: Due::End, ..deadline });
            }
            Due::End => self.remove(key),
        }
        Some((key, deadline.due))
    }

    fn put(&mut self, key: usize, deadline: Deadline) -> bool {
        self.remove(key);
        self.of_sessions.insert(key, deadline);
        self.order.insert((deadline.next, key));
        self.order.first() == Some(&(deadline.next, key))
    }
}

impl Sessions {
    /// Warns and closes those whose tokens expire, until `stopping`. Without `CLOSE_ON_EXPIRY` there is nothing to do.
    pub async fn watch_expiry(self: Arc<Self>, stopping: CancellationToken) {
        if self.expiry == Expiry::Ignored {
            return;
        }
        loop {
            let next = self.next_deadline();
            tokio::select! {
                () = stopping.cancelled() => return,
                () = self.sooner.notified() => {}
                () = at(next) => self.expire(Instant::now()).await,
            }
        }
    }
}

/// The event that warns.
pub(super) fn warning(expires_at_ms: u64) -> Vec<u8> {
    format!(r#"["token-expiring",{{"expiresAt":{expires_at_ms}}}]"#).into_bytes()
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_due_twice_a_minute_before_its_token_expires_and_when_it_does() {
        let mut deadlines = Deadlines::default();
        assert!(deadlines.set(1, clock::wall_ms() + 100_000));
        assert!(!deadlines.set(2, clock::wall_ms() + 200_000));
        assert!(deadlines.set(3, clock::wall_ms() + 1_000), "its minute has begun already");
        let start = Instant::now();
        let mut seen = Vec::new();
        for seconds in [0, 2, 39, 41, 99, 101, 139, 141, 199, 201] {
            let now = start + Duration::from_secs(seconds);
            while let Some((key, due)) = deadlines.pop(now) {
                seen.push((seconds, key, due));
            }
        }
        let (warning, end) = (Due::Warning, Due::End);
        let expected =
            [(0, 3, warning), (2, 3, end), (41, 1, warning), (101, 1, end), (141, 2, warning), (201, 2, end)];
        assert_eq!(seen, expected);
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn a_token_that_is_renewed_or_gone_is_due_no_more() {
        let mut deadlines = Deadlines::default();
        deadlines.set(1, clock::wall_ms() + 100_000);
        deadlines.set(1, clock::wall_ms() + 900_000);
        deadlines.set(2, clock::wall_ms() + 100_000);
        deadlines.remove(2);
        assert_eq!(deadlines.pop(Instant::now() + Duration::from_secs(800)), None);
        let late = Instant::now() + Duration::from_secs(901);
        assert_eq!(
            [deadlines.pop(late), deadlines.pop(late)],
            [Some((1, Due::Warning)), Some((1, Due::End))]
        );
        deadlines.set(1, u64::MAX);
        deadlines.remove(1);
        assert!(deadlines.order.is_empty() && deadlines.of_sessions.is_empty());
    }
}
