//! Which sessions there are: those that began by polling, by their secret id, and all of them, to be ended together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use slab::Slab;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, error::SendError},
};

use super::polling::Request;
use crate::{
    endpoint::Reason,
    id::SessionId,
    limits::Limits,
    outbox::{Format, Outbox},
};

/// The sessions of one server. A session over WebSocket alone is not to be found by its id: there is nothing that
/// another request could want of it.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    listed: Mutex<HashMap<SessionId, Listed>>,
    living: Mutex<Living>,
}

/// What a request that knows a session's id finds.
#[derive(Debug, Clone)]
pub(crate) enum Listed {
    /// It polls, and takes requests.
    Polling(Line),
    /// It has gone over to a WebSocket, and takes none any more.
    Upgraded,
}

/// The way to the task of a session that polls.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    requests: mpsc::Sender<Request>,
    /// One permit: a POST has it from its first byte to its answer.
    posting: Arc<Semaphore>,
}

impl Line {
    pub(crate) fn new(requests: mpsc::Sender<Request>) -> Self {
        Self { requests, posting: Arc::new(Semaphore::new(1)) }
    }

    /// Hands a request to the session; an error if it has ended meanwhile.
    pub(crate) async fn ask(&self, request: Request) -> Result<(), SendError<Request>> {
        self.requests.send(request).await
    }

    /// None while another POST is under way.
    pub(crate) fn begin_post(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.posting).try_acquire_owned().ok()
    }
}

#[derive(Debug, Default)]
struct Living {
    outboxes: Slab<Arc<Outbox>>,
    /// Set once; after that nobody is admitted.
    ended: Option<Reason>,
}

impl Registry {
    /// Counts a new session among the living.
    pub(crate) fn admit(self: &Arc<Self>, format: Format, limits: &Limits) -> Result<Admission, NotAdmitted> {
        let mut living = lock(&self.living);
        if living.ended.is_some() {
            return Err(NotAdmitted::Ending);
        }
        if living.outboxes.len() >= limits.max_sessions {
            return Err(NotAdmitted::Full);
        }
        let outbox = Arc::new(Outbox::new(format, limits.max_outbound_bytes));
        let key = living.outboxes.insert(Arc::clone(&outbox));
        Ok(Admission { registry: Arc::clone(self), key, outbox })
    }

    /// How many sessions live.
    pub(crate) fn count(&self) -> usize {
        lock(&self.living).outboxes.len()
    }

    /// Ends every session, and admits no more.
    pub(crate) fn end(&self, reason: Reason) {
        let mut living = lock(&self.living);
        living.ended.get_or_insert(reason);
        let outboxes: Vec<_> = living.outboxes.iter().map(|(_, outbox)| Arc::clone(outbox)).collect();
        // Closing wakes, and what is woken may end on the spot and want the lock.
        drop(living);
        for outbox in outboxes {
            outbox.close(reason);
        }
    }

    pub(crate) fn find(&self, id: SessionId) -> Option<Listed> {
        lock(&self.listed).get(&id).cloned()
    }

    /// Makes a session that polls known by its id for as long as the listing lives.
    pub(crate) fn list(self: &Arc<Self>, id: SessionId, line: Line) -> Listing {
        lock(&self.listed).insert(id, Listed::Polling(line));
        Listing { registry: Arc::clone(self), id }
    }
}

/// Why there is no place for a new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// The server is going away.
    Ending,
    /// There are as many as there may be.
    Full,
}

/// A session's place among the living.
#[derive(Debug)]
pub(crate) struct Admission {
    registry: Arc<Registry>,
    key: usize,
    outbox: Arc<Outbox>,
}

impl Admission {
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        lock(&self.registry.living).outboxes.remove(self.key);
    }
}

/// A session's entry under its id.
#[derive(Debug)]
pub(crate) struct Listing {
    registry: Arc<Registry>,
    id: SessionId,
}

impl Listing {
    /// From here on the session is found, and takes no requests.
    pub(crate) fn upgraded(&self) {
        lock(&self.registry.listed).insert(self.id, Listed::Upgraded);
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        lock(&self.registry.listed).remove(&self.id);
    }
}

/// Both maps are whole after every step, so a holder that panicked left nothing broken.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
