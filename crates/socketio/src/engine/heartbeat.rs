//! The heartbeat of a session, as a pure machine. Source: Engine.IO protocol, revision 4, "Heartbeat".

use std::time::{Duration, Instant};

use crate::{endpoint::Reason, limits::Limits};

/// Says when to send a PING and when to give up waiting for its PONG.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    next: Next,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Ping(Instant),
    GiveUp(Instant),
}

impl Heartbeat {
    pub(crate) fn new(now: Instant, limits: &Limits) -> Self {
        Self {
            interval: limits.ping_interval,
            timeout: limits.ping_timeout,
            next: Next::Ping(now + limits.ping_interval),
        }
    }

    /// A PONG came. One that nobody asked for changes nothing: it cannot put off a PING.
    pub(crate) fn pong(&mut self, now: Instant) {
        if let Next::GiveUp(_) = self.next {
            self.next = Next::Ping(now + self.interval);
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        match self.next {
            Next::Ping(at) | Next::GiveUp(at) => at,
        }
    }

    /// True when a PING is to be sent now. Deadlines follow from deadlines, not from the time of the call, so that
    /// a late call does not lengthen a dead client's life. But a client has half of the time at least, from the moment
    /// in which the PING is sent: a server that was held up closes nobody for it.
    pub(crate) fn timeout(&mut self, now: Instant) -> Result<bool, Reason> {
        match self.next {
            Next::Ping(at) if now >= at => {
                self.next = Next::GiveUp((at + self.timeout).max(now + self.timeout / 2));
                Ok(true)
            }
            Next::GiveUp(at) if now >= at => Err(Reason::PingTimeout),
            Next::Ping(_) | Next::GiveUp(_) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ping_comes_after_the_interval_and_a_late_pong_ends_the_session() {
        let start = Instant::now();
        let limits = Limits::default();
        let mut heartbeat = Heartbeat::new(start, &limits);
        let at = |seconds| start + Duration::from_secs(seconds);

        assert_eq!(heartbeat.timeout(at(24)), Ok(false));
        assert_eq!(heartbeat.deadline(), at(25));
        assert_eq!(heartbeat.timeout(at(25)), Ok(true));
        assert_eq!(heartbeat.deadline(), at(45));
        heartbeat.pong(at(30));
        assert_eq!(heartbeat.deadline(), at(55));
        heartbeat.pong(at(40));
        assert_eq!(heartbeat.deadline(), at(55), "an unasked pong puts nothing off");
        assert_eq!(heartbeat.timeout(at(60)), Ok(true));
        assert_eq!(heartbeat.timeout(at(74)), Ok(false));
        assert_eq!(heartbeat.timeout(at(75)), Err(Reason::PingTimeout));
    }

    #[test]
    fn a_server_that_was_held_up_closes_nobody_for_it() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start, &Limits::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(heartbeat.timeout(at(3600)), Ok(true));
        assert_eq!(heartbeat.timeout(at(3609)), Ok(false));
        assert_eq!(heartbeat.timeout(at(3610)), Err(Reason::PingTimeout));
    }
}
