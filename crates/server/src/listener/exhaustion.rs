//! What to do when the system cannot hand out another connection.

use std::{io, time::Duration};

use tokio::time::Instant;

const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// At the edge of exhaustion successes and failures take turns, thousands of times a second when somebody
/// means it: the log hears of it this often.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

/// Keeps count of an exhaustion: waits that grow, and log lines that do not.
#[derive(Debug, Default)]
pub(super) struct Exhaustion {
    /// The wait at the last failure; zero after a success.
    wait: Duration,
    warned_at: Option<Instant>,
}

impl Exhaustion {
    /// After a failed accept: until when to wait for things to get better; `None`: try again at once,
    /// because the failure was that of one connection and took that one off the queue.
    pub(super) fn wait_until(&mut self, error: &io::Error, now: Instant) -> Option<Instant> {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            return None;
        }
        if self.is_news(now) {
            tracing::warn!(%error, "cannot accept connections: waiting for others to close");
        }
        self.wait = (self.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
        Some(now + self.wait)
    }

    /// After a successful accept: the next wait is a short one again.
    pub(super) fn over(&mut self) {
        self.wait = Duration::ZERO;
    }

    /// Whether the log has not heard of it for a while; if so, it does now.
    fn is_news(&mut self, now: Instant) -> bool {
        let is_news = self.warned_at.is_none_or(|at| now - at >= BETWEEN_WARNINGS);
        if is_news {
            self.warned_at = Some(now);
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMFILE: i32 = 24;

    #[test]
    fn while_descriptors_are_short_the_waits_grow_to_a_bound_and_begin_anew_after_it() {
        let mut exhaustion = Exhaustion::default();
        let (error, now) = (io::Error::from_raw_os_error(EMFILE), Instant::now());
        assert_eq!(exhaustion.wait_until(&error, now), Some(now + FIRST_WAIT));
        assert_eq!(exhaustion.wait_until(&error, now), Some(now + 2 * FIRST_WAIT));
        for _ in 0..10 {
            exhaustion.wait_until(&error, now);
        }
        assert_eq!(exhaustion.wait_until(&error, now), Some(now + LONGEST_WAIT));
        exhaustion.over();
        assert_eq!(exhaustion.wait_until(&error, now), Some(now + FIRST_WAIT));
    }

    #[test]
    fn successes_and_failures_that_take_turns_are_news_once_a_minute() {
        let mut exhaustion = Exhaustion::default();
        let start = Instant::now();
        let mut warnings = 0;
        for millisecond in 0..120_000 {
            warnings += u32::from(exhaustion.is_news(start + Duration::from_millis(millisecond)));
            exhaustion.over();
        }
        assert_eq!(warnings, 2);
    }

    #[test]
    fn a_connection_that_was_gone_before_it_was_accepted_is_no_reason_to_wait() {
        let error = io::Error::from(io::ErrorKind::ConnectionAborted);
        assert_eq!(Exhaustion::default().wait_until(&error, Instant::now()), None);
    }
}
