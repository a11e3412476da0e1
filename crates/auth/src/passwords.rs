//! Hashing passwords, without letting it take the machine.
//!
//! A hash costs tens of milliseconds of a core and tens of megabytes, on purpose. So at most `threads` are computed at
//! once, at most `queue` wait, and whoever comes then is told [`Busy`]: a login storm slows logins down, and nothing
//! else. The work runs on threads of its own, which yield to all others (`nice 19`), so that a machine with one core
//! relays first and hashes then.
//!
//! To make hashes dearer, raise the [`Cost`]: stored ones stay valid, are found [`Verdict::RightButWeak`] at the next
//! login, and can be replaced then.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::password::Password;
use crate::password_threads::PasswordThreads;
use crate::stored_hash::StoredHash;

/// What one hash of Argon2id costs (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes: they are computed one after the other here, and are part of the hash all the same.
    pub lanes: u32,
}

impl Cost {
    /// The least that this server offers: what OWASP asks for.
    pub const DEFAULT: Cost = Cost { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// The dearest that is computed, so that a row in the store cannot take the machine down.
    pub const MAX: Cost = Cost { memory_kib: 256 * 1024, passes: 16, lanes: 16 };

    /// Whether a hash can be computed at this cost, and within [`Cost::MAX`].
    pub fn is_sane(&self) -> bool {
        self.memory_kib <= Cost::MAX.memory_kib
            && self.passes <= Cost::MAX.passes
            && self.lanes <= Cost::MAX.lanes
            && self.params().is_some()
    }

    fn params(&self) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, None).ok()
    }

    /// The cost of the work by which a hash at this cost is less than one at `wanted`; none if it is not, or by too little to
    /// be computed.
    fn short_of(&self, wanted: &Cost) -> Option<Cost> {
        let blocks = |cost: &Cost| u64::from(cost.memory_kib) * u64::from(cost.passes);
        let missing = blocks(wanted).checked_sub(blocks(self))?;
        let memory_kib = u32::try_from(missing / u64::from(wanted.passes)).ok()?;
        let rest = Cost { memory_kib, ..*wanted };
        rest.params().is_some().then_some(rest)
    }

    /// Whether a hash made at this cost is cheaper to attack than one made at `wanted`.
    fn is_weaker_than(&self, wanted: &Cost) -> bool {
        self.memory_kib < wanted.memory_kib || self.passes < wanted.passes
    }
}

/// What [`Passwords::verify`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right,
    /// It is the password, and its stored hash was made at a lower cost than is wanted now: hash it again with
    /// [`Passwords::hash`] and store that.
    RightButWeak,
    /// It is not; or there is no such account, which looks the same and costs the same.
    Wrong,
}

/// No hash was computed. The caller answers 503 with `Retry-After: 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// As many hashes are waited for as may be.
    #[error("too many passwords are being checked at once: try again in a second")]
    Full,
    /// The machine has no memory or no randomness left.
    #[error("no password can be checked now: the machine gave no memory or no randomness")]
    Failed,
}

/// What the queue does and has done; the totals count from the start of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordStats {
    /// Hashes being computed now.
    pub running: usize,
    /// Callers that wait for a thread now.
    pub waiting: usize,
    /// Hashes begun.
    pub hashes: u64,
    /// Blocks of 1 KiB that were filled for them: memory times passes, the work that an attacker must do too.
    pub blocks: u64,
    /// Callers that were told [`Busy`].
    pub refused: u64,
}

/// Hashes and verifies passwords, a bounded number at once.
#[derive(Debug)]
pub struct Passwords {
    cost: Cost,
    threads: usize,
    queue: usize,
    /// One for each hash that runs or is waited for.
    places: Arc<Semaphore>,
    /// One for each hash that runs.
    cores: Arc<Semaphore>,
    dummy: StoredHash,
    counters: Counters,
    workers: PasswordThreads,
}

#[derive(Debug, Default)]
struct Counters {
    hashes: AtomicU64,
    blocks: AtomicU64,
    refused: AtomicU64,
}

/// A cost or a size that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordsError {
    /// The cost is no cost of Argon2id, or above [`Cost::MAX`].
    #[error("Argon2id cannot have {0}: memory from 8 KiB a lane to {max}", max = Cost::MAX)]
    Cost(Cost),
    /// No thread at all, or more than any machine has cores for.
    #[error("passwords need at least one thread to be hashed on, and at most {max}", max = Passwords::MAX_THREADS)]
    Threads,
    /// The machine gave no thread.
    #[error("the machine gives no thread to hash passwords on")]
    Refused,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB, {} passes, {} lanes", self.memory_kib, self.passes, self.lanes)
    }
}

impl Passwords {
    /// The most threads: each may take as much memory as [`Cost::MAX`] says.
    pub const MAX_THREADS: usize = 64;

    /// At most `threads` hashes at once, and `queue` callers that wait for them.
    ///
    /// # Errors
    /// The cost is not sane, or there are no threads.
    pub fn new(cost: Cost, threads: usize, queue: usize) -> Result<Passwords, PasswordsError> {
        if !cost.is_sane() {
            return Err(PasswordsError::Cost(cost));
        }
        if !(1..=Passwords::MAX_THREADS).contains(&threads) {
            return Err(PasswordsError::Threads);
        }
        let queue = queue.min(Semaphore::MAX_PERMITS / 2);
        Ok(Passwords {
            cost,
            threads,
            queue,
            places: Arc::new(Semaphore::new(threads + queue)),
            cores: Arc::new(Semaphore::new(threads)),
            dummy: StoredHash::dummy(cost),
            counters: Counters::default(),
            workers: PasswordThreads::start(threads).map_err(|_| PasswordsError::Refused)?,
        })
    }

    /// The hash to store, in PHC form: `$argon2id$v=19$m=..,t=..,p=..$salt$hash`, with a salt of its own.
    ///
    /// A caller that goes away while it waits leaves the queue; one that goes away while its hash is computed keeps
    /// its place until that is done, so that connecting and hanging up cannot start more work than the threads have.
    ///
    /// # Errors
    /// The queue is full, or the machine has no memory or randomness left.
    pub async fn hash(&self, password: &Password) -> Result<String, Busy> {
        let mut salt = [0; StoredHash::SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| Busy::Failed)?;
        let output = self.compute(password, self.cost, salt.to_vec(), StoredHash::HASH_BYTES).await?;
        Ok(StoredHash::new(self.cost, salt.to_vec(), output).to_string())
    }

    /// Holds a password against a stored hash. With none (there is no such account) or one that cannot be read, the
    /// same work is done on a hash that no password has.
    ///
    /// Hashes of Argon2id made at another cost are verified at their own, up to [`Cost::MAX`].
    ///
    /// # Errors
    /// The queue is full, or the machine has no memory left. A stored hash that cannot be read is logged as an error.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict, Busy> {
        let read = stored.and_then(|text| {
            let read = StoredHash::parse(text);
            if read.is_none() {
                tracing::error!(
                    "a stored password hash cannot be read: its owner cannot log in until it is set anew"
                );
            }
            read
        });
        let held = read.as_ref().unwrap_or(&self.dummy);
        let output = self.compute(password, held.cost, held.salt.clone(), held.output.len()).await?;
        let equal = aws_lc_rs::constant_time::verify_slices_are_equal(&output, &held.output).is_ok();
        // After the comparison: the dummy takes the same path to its end.
        if !equal && let Some(rest) = held.cost.short_of(&self.cost) {
            // A hash that was made when they were cheaper would be told from no account by its time.
            self.compute(password, rest, self.dummy.salt.clone(), StoredHash::HASH_BYTES).await?;
        }
        Ok(match (equal && read.is_some(), held.cost.is_weaker_than(&self.cost)) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::RightButWeak,
            (true, false) => Verdict::Right,
        })
    }

    /// What the queue does and has done, for metrics.
    pub fn stats(&self) -> PasswordStats {
        let taken = (self.threads + self.queue).saturating_sub(self.places.available_permits());
        let running = self.threads.saturating_sub(self.cores.available_permits());
        PasswordStats {
            running,
            waiting: taken.saturating_sub(running),
            hashes: self.counters.hashes.load(Ordering::Relaxed),
            blocks: self.counters.blocks.load(Ordering::Relaxed),
            refused: self.counters.refused.load(Ordering::Relaxed),
        }
    }

    async fn compute(
        &self,
        password: &Password,
        cost: Cost,
        salt: Vec<u8>,
        bytes: usize,
    ) -> Result<Vec<u8>, Busy> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Busy::Full);
        };
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| Busy::Failed)?;
        let work = Work { password: password.clone(), cost, salt, bytes, _held: [core, place] };
        self.counters.hashes.fetch_add(1, Ordering::Relaxed);
        self.counters
            .blocks
            .fetch_add(u64::from(cost.memory_kib) * u64::from(cost.passes), Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        // Nobody may wait for it any more: the work ends all the same, and then its place is free.
        self.workers.run(Box::new(move || drop(answer.send(work.run()))));
        answered.await.map_err(|_| Busy::Failed)?
    }
}

/// One hash to be computed. It owns its place in the queue: that is free when the work has ended, whether anybody still
/// waits for it or not.
struct Work {
    password: Password,
    cost: Cost,
    salt: Vec<u8>,
    bytes: usize,
    _held: [OwnedSemaphorePermit; 2],
}

impl Work {
    fn run(self) -> Result<Vec<u8>, Busy> {
        let params = self.cost.params().ok_or(Busy::Failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut output = vec![0; self.bytes];
        argon2
            .hash_password_into(self.password.as_bytes(), &self.salt, &mut output)
            .map_err(|_| Busy::Failed)?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests;
