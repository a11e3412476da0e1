//! Whether the store is there, for all who ask at once.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use store::Store;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::facts::Writing;

/// How long the store may take to say that it is there.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long its answer counts. Anybody may ask for readiness, and each question takes a connection to the database from
/// those who log in.
const ANSWER_LIFETIME: Duration = Duration::from_secs(1);

/// What readiness knows of the store. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Arc<dyn Store>,
    writing: Writing,
    /// One asks the store, the others wait for what it says.
    turn: Semaphore,
    last: Mutex<Option<Answer>>,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    is_there: bool,
    at: Instant,
}

impl Readiness {
    /// Of this store, and of whether it takes what is written: a store that answers may still take nothing.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, writing: Writing) -> Self {
        Self(Arc::new(Shared { store, writing, turn: Semaphore::new(1), last: Mutex::default() }))
    }

    /// Whether the store answers and takes what is written. It is asked once a second at most, however many want to know.
    pub(super) async fn has_store(&self) -> bool {
        self.answers().await && self.0.writing.works()
    }

    async fn answers(&self) -> bool {
        // It is never closed. Whoever goes away while it asks lets the next one ask.
        let _turn = self.0.turn.acquire().await;
        if let Some(answer) = *self.last()
            && answer.at.elapsed() < ANSWER_LIFETIME
        {
            return answer.is_there;
        }
        let is_there = matches!(timeout(STORE_TIMEOUT, self.0.store.ping()).await, Ok(Ok(())));
        *self.last() = Some(Answer { is_there, at: Instant::now() });
        is_there
    }

    fn last(&self) -> MutexGuard<'_, Option<Answer>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
