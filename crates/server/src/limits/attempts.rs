//! Failed attempts to prove who one is.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, Semaphore},
    time::timeout_at,
};

use super::{AddressKey, Level, Windows};

/// One address may fail at so many accounts to the limit: whoever tries one password on many accounts stops there,
/// and a household or an office behind one address does not get so far.
pub const ACCOUNTS_PER_ADDRESS: u32 = 10;

/// Accounts, and addresses, remembered at once: a few MiB.
const CAPACITY: usize = 1 << 16;

/// Attempts that wait for the verdict on others of the same account.
const MAX_WAITING: usize = 256;

/// How long they wait at most.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Counts failed attempts in windows: for each account from one address, and for each address.
///
/// Never for an account alone: whoever knows an email address could lock its owner out. What succeeds does not count.
/// An attempt whose verdict is open holds a place, so that a thousand guesses at once are no more than one after the
/// other; who finds all places held waits for one. Cloning shares the counts.
#[derive(Debug, Clone)]
pub struct Attempts(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    counts: Mutex<Counts>,
    settled: Notify,
    waiting: Semaphore,
    hasher: RandomState,
}

#[derive(Debug)]
struct Counts {
    by_account: Counter<(u64, AddressKey)>,
    by_address: Counter<AddressKey>,
}

/// An attempt whose verdict is open. Dropped without one (the caller went away, something broke) it does not count.
#[derive(Debug)]
pub struct Attempt {
    of: Attempts,
    account: (u64, AddressKey),
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Open,
    Failed,
}

/// Why an attempt is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too many have failed.
    Exceeded(Level),
    /// Too many others wait for their verdict.
    Busy,
}

impl Attempts {
    /// At most `limit` failures in a window of that length for an account from one address, and
    /// [`ACCOUNTS_PER_ADDRESS`] times that for an address. 0 is off.
    #[must_use]
    pub fn new(limit: u32, window: Duration) -> Self {
        let by_account = Counter::new(limit, window);
        let by_address = Counter::new(limit.saturating_mul(ACCOUNTS_PER_ADDRESS), window);
        Self(Arc::new(Shared {
            counts: Mutex::new(Counts { by_account, by_address }),
            settled: Notify::new(),
            waiting: Semaphore::new(MAX_WAITING),
            hasher: RandomState::new(),
        }))
    }

    /// Begins an attempt at this account from this address.
    ///
    /// # Errors
    /// The limit is reached, or too many wait.
    pub async fn begin(&self, account: &str, address: IpAddr) -> Result<Attempt, Refused> {
        let address = AddressKey::from(address);
        let account = (self.0.hasher.hash_one(account), address);
        let deadline = Instant::now() + MAX_WAIT;
        let mut place = None;
        loop {
            let settled = self.0.settled.notified();
            match self.counts().hold(account, Instant::now()) {
                Hold::Held => return Ok(Attempt { of: self.clone(), account, outcome: Outcome::Open }),
                Hold::Exceeded(level) => return Err(Refused::Exceeded(level)),
                Hold::AllHeld => {}
            }
            if place.is_none() {
                place = Some(self.0.waiting.try_acquire().map_err(|_| Refused::Busy)?);
            }
            timeout_at(deadline.into(), settled).await.map_err(|_| Refused::Busy)?;
        }
    }

    /// How far this account is from this address; the address itself, if that is nearer to its limit. `None` if the
    /// limit is off.
    #[must_use]
    pub fn level(&self, account: &str, address: IpAddr) -> Option<Level> {
        let address = AddressKey::from(address);
        let account = (self.0.hasher.hash_one(account), address);
        let (counts, now) = (self.counts(), Instant::now());
        if counts.by_account.failed.is_off() {
            return None;
        }
        let levels =
            [counts.by_account.failed.level(&account, now), counts.by_address.failed.level(&address, now)];
        levels.into_iter().min_by_key(|level| level.remaining())
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// It failed, and counts.
    pub fn failed(mut self) {
        self.outcome = Outcome::Failed;
    }

    /// It succeeded, or was never looked at, and does not count.
    pub fn forget(self) {
        drop(self);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.of.counts().settle(self.account, self.outcome, Instant::now());
        self.of.0.settled.notify_waiters();
    }
}

enum Hold {
    Held,
    AllHeld,
    Exceeded(Level),
}

impl Counts {
    fn hold(&mut self, account: (u64, AddressKey), now: Instant) -> Hold {
        for hold in [self.by_account.look(&account, now), self.by_address.look(&account.1, now)] {
            match hold {
                Hold::Held => {}
                Hold::AllHeld | Hold::Exceeded(_) => return hold,
            }
        }
        self.by_account.hold(account);
        self.by_address.hold(account.1);
        Hold::Held
    }

    fn settle(&mut self, account: (u64, AddressKey), outcome: Outcome, now: Instant) {
        self.by_account.settle(account, outcome, now);
        self.by_address.settle(account.1, outcome, now);
    }
}

#[derive(Debug)]
struct Counter<K> {
    failed: Windows<K>,
    /// As many as there are requests under way, and not one longer.
    open: HashMap<K, u32>,
}

impl<K: Copy + Eq + Hash> Counter<K> {
    fn new(limit: u32, window: Duration) -> Self {
        Self { failed: Windows::new(limit, window, CAPACITY), open: HashMap::new() }
    }

    fn look(&self, key: &K, now: Instant) -> Hold {
        if self.failed.is_off() {
            return Hold::Held;
        }
        let level = self.failed.level(key, now);
        if level.remaining() == 0 {
            return Hold::Exceeded(level);
        }
        let open = self.open.get(key).copied().unwrap_or(0);
        if open >= level.remaining() { Hold::AllHeld } else { Hold::Held }
    }

    fn hold(&mut self, key: K) {
        *self.open.entry(key).or_insert(0) += 1;
    }

    fn settle(&mut self, key: K, outcome: Outcome, now: Instant) {
        if let Some(open) = self.open.get_mut(&key) {
            *open -= 1;
            if *open == 0 {
                self.open.remove(&key);
            }
        }
        match outcome {
            // Over the limit there is nothing left to count.
            Outcome::Failed => drop(self.failed.take(key, now)),
            Outcome::Open => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(900);
    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    async fn fail(attempts: &Attempts, account: &str, address: IpAddr, times: u32) {
        for _ in 0..times {
            attempts.begin(account, address).await.unwrap().failed();
        }
    }

    #[tokio::test]
    async fn after_five_failures_an_account_is_closed_to_that_address_and_to_no_other() {
        let attempts = Attempts::new(5, WINDOW);
        fail(&attempts, "ada", HOME, 5).await;
        let Err(Refused::Exceeded(level)) = attempts.begin("ada", HOME).await else { panic!("let in") };
        assert_eq!((level.limit, level.remaining()), (5, 0));
        assert!(attempts.begin("ada", AWAY).await.is_ok(), "the owner elsewhere");
        assert!(attempts.begin("bob", HOME).await.is_ok(), "another account");
    }

    #[tokio::test]
    async fn what_succeeds_or_is_abandoned_does_not_count() {
        let attempts = Attempts::new(2, WINDOW);
        for _ in 0..20 {
            attempts.begin("ada", HOME).await.unwrap().forget();
            drop(attempts.begin("ada", HOME).await.unwrap());
        }
        assert_eq!(attempts.level("ada", HOME).unwrap().count, 0);
    }

    #[tokio::test]
    async fn one_password_for_many_accounts_ends_at_the_limit_of_the_address() {
        let attempts = Attempts::new(5, WINDOW);
        for account in 0..50 {
            fail(&attempts, &account.to_string(), HOME, 1).await;
        }
        let refused = attempts.begin("fresh", HOME).await.unwrap_err();
        assert!(matches!(refused, Refused::Exceeded(level) if level.limit == 50), "{refused:?}");
        assert!(attempts.begin("fresh", AWAY).await.is_ok());
    }

    #[tokio::test]
    async fn guesses_at_once_are_no_more_than_one_after_the_other() {
        let attempts = Attempts::new(5, WINDOW);
        let mut open = Vec::new();
        for _ in 0..5 {
            open.push(attempts.begin("ada", HOME).await.unwrap());
        }
        let sixth = attempts.begin("ada", HOME);
        tokio::pin!(sixth);
        assert!(futures_util::poll!(&mut sixth).is_pending());
        open.pop().unwrap().forget();
        let sixth = sixth.await.unwrap();
        for attempt in open.into_iter().chain([sixth]) {
            attempt.failed();
        }
        assert!(matches!(attempts.begin("ada", HOME).await, Err(Refused::Exceeded(_))));
    }

    #[tokio::test]
    async fn no_more_than_so_many_wait() {
        let attempts = Attempts::new(1, WINDOW);
        let _open = attempts.begin("ada", HOME).await.unwrap();
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(attempts.begin("ada", HOME))).collect();
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }
        assert_eq!(attempts.begin("ada", HOME).await.unwrap_err(), Refused::Busy);
    }

    #[tokio::test]
    async fn zero_is_off() {
        let attempts = Attempts::new(0, WINDOW);
        fail(&attempts, "ada", HOME, 1_000).await;
        assert!(attempts.begin("ada", HOME).await.is_ok());
        assert_eq!(attempts.level("ada", HOME), None);
    }
}
