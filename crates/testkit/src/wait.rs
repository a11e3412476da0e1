//! Waiting, with an end to it.

use std::{fmt::Display, future::Future, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long anything may take. Generous: a busy machine must not fail a test, and a test that fails may take its time.
pub const DEADLINE: Duration = Duration::from_secs(20);

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Waits for what must come.
pub async fn within<T>(what: impl Display, wait: impl Future<Output = T>) -> T {
    match timeout(DEADLINE, wait).await {
        Ok(came) => came,
        Err(_) => panic!("waited {DEADLINE:?} for {what}"),
    }
}

/// Looks again and again until it is `wanted`, for what nobody tells when it changes.
pub async fn eventually<T: std::fmt::Debug>(
    what: impl Display,
    mut look: impl AsyncFnMut() -> T,
    wanted: impl Fn(&T) -> bool,
) -> T {
    let mut looks = interval(BETWEEN_LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    let found = timeout(DEADLINE, async {
        loop {
            looks.tick().await;
            let seen = look().await;
            if wanted(&seen) {
                return seen;
            }
            last = Some(seen);
        }
    });
    match found.await {
        Ok(found) => found,
        Err(_) => panic!("waited {DEADLINE:?} for {what}; the last look found {last:?}"),
    }
}
