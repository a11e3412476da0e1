//! What to do when the system cannot hand out another connection.

use std::{io, time::Duration};

use tokio::time::Instant;

const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Keeps count of an exhaustion: waits that grow, and one log line at its begin and end.
#[derive(Debug, Default)]
pub(super) struct Exhaustion {
    /// The wait at the last failure; zero when all is well.
    wait: Duration,
}

impl Exhaustion {
    /// After a failed accept: until when to wait for things to get better; `None`: try again at once,
    /// because the failure was that of one connection and took that one off the queue.
    pub(super) fn wait_until(&mut self, error: &io::Error) -> Option<Instant> {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            return None;
        }
        if self.wait.is_zero() {
            tracing::warn!(%error, "cannot accept connections: waiting for others to close");
        }
        self.wait = (self.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
        Some(Instant::now() + self.wait)
    }

    /// After a successful accept.
    pub(super) fn over(&mut self) {
        if !self.wait.is_zero() {
            tracing::info!("accepting connections again");
            self.wait = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(exhaustion: &mut Exhaustion, error: &io::Error) -> Option<Duration> {
        let before = Instant::now();
        exhaustion.wait_until(error).map(|until| until - before)
    }

    #[tokio::test(start_paused = true)]
    async fn while_descriptors_are_short_the_waits_grow_to_a_bound_and_begin_anew_after_it() {
        const EMFILE: i32 = 24;
        let mut exhaustion = Exhaustion::default();
        let error = io::Error::from_raw_os_error(EMFILE);
        assert_eq!(waits(&mut exhaustion, &error), Some(FIRST_WAIT));
        assert_eq!(waits(&mut exhaustion, &error), Some(2 * FIRST_WAIT));
        for _ in 0..10 {
            exhaustion.wait_until(&error);
        }
        assert_eq!(waits(&mut exhaustion, &error), Some(LONGEST_WAIT));
        exhaustion.over();
        assert_eq!(waits(&mut exhaustion, &error), Some(FIRST_WAIT));
    }

    #[tokio::test]
    async fn a_connection_that_was_gone_before_it_was_accepted_is_no_reason_to_wait() {
        let error = io::Error::from(io::ErrorKind::ConnectionAborted);
        assert_eq!(Exhaustion::default().wait_until(&error), None);
    }
}
