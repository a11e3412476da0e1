//! The record: what the core tells as facts goes to the store, soon and in order, each once.
//!
//! The hub never waits for the store: [`Facts::save`] puts a fact into a queue. One task, [`FactsTask`], takes what came
//! within 50 ms, at most 1,000 facts, and writes it at once, so a fact is durable 100 ms after it happened, if the store
//! answers. While it does not, the task tries again, ever more slowly up to once in 2 s, and the queue takes what
//! happens: [`QUEUE`] facts, some hundreds for each second of an outage of minutes. What comes beyond is lost, and counted.
//! A batch whose answer was lost is written again: the store knows facts by their ids.
//!
//! # Whoever dies leaves rooms open
//!
//! The task says every 5 s that its *node* lives, a node being one hub of one process. Rows that a dead node left open
//! are closed by the others, as of its last sign of life: at the start and every 15 s, of nodes that were silent for
//! 15 s; so also of the process that crashed a moment before this one started. A hub that was dropped after a bug is a dead node too, so its successor is another one ([`Facts::start_over`]).
//! After an outage of the store nobody could say that they live, so the living get 15 s to do so.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use domain::{Fact, Tenant, UserId};
use store::{Error, NodeId, Store};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::{Instant, sleep_until, timeout_at},
};
use uuid::Uuid;

use crate::{clock, telemetry::FactMetrics};

/// Facts that may wait for the store.
pub const QUEUE: usize = 65_536;
/// Facts that are written at once.
const BATCH: usize = 1_000;
/// How long the first fact of a batch waits for others. Half of the 100 ms: the other half is the store's.
const GATHER_LIMIT: Duration = Duration::from_millis(50);
/// How often the node says that it lives.
const BEAT_PERIOD: Duration = Duration::from_secs(5);
/// How soon it tries again when the store did not hear it.
const BEAT_PAUSE: Duration = Duration::from_secs(1);
/// After how much silence a node is dead.
const SILENCE_LIMIT: Duration = Duration::from_secs(15);
/// How often rows of dead nodes are closed.
const ORPHANS_PERIOD: Duration = Duration::from_secs(15);
/// The pause after a first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often a batch is tried that the store refuses, before the facts in it are tried one by one.
const MAX_REFUSALS: u32 = 5;

/// The way to the record. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Facts {
    queue: mpsc::Sender<Told>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    metrics: FactMetrics,
    /// Which hub of this process the facts are of.
    hub: AtomicU32,
    /// Facts that found no place in the queue since the store last caught up.
    lost: AtomicU64,
    unwritten: Unwritten,
    writing: Writing,
}

/// Whether the store took what was last written to it. A database can answer questions and take nothing, as with a full
/// disk: a sign of life is written every few seconds in any case, so this knows. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Writing(Arc<AtomicBool>);

impl Default for Writing {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Writing {
    /// Whether it did; true until something was written.
    #[must_use]
    pub fn works(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// Who was seen, and is not in the store yet: whoever asks the store about an id asks here first, or a guest could take
/// it in the moment between. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Unwritten(Arc<Mutex<HashMap<(Tenant, UserId), u32>>>);

impl Unwritten {
    /// Whether this user was seen, and the store may not know it.
    #[must_use]
    pub fn has(&self, tenant: &Tenant, user: &UserId) -> bool {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !users.is_empty() && users.contains_key(&(tenant.clone(), user.clone()))
    }

    fn add(&self, fact: &Fact) {
        if let Fact::Seen { tenant, user, .. } = fact {
            let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *users.entry((tenant.clone(), user.clone())).or_default() += 1;
        }
    }

    fn remove(&self, fact: &Fact) {
        if let Fact::Seen { tenant, user, .. } = fact {
            let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (tenant.clone(), user.clone());
            match users.get_mut(&key) {
                Some(facts) if *facts > 1 => *facts -= 1,
                Some(_) | None => {
                    users.remove(&key);
                }
            }
        }
    }
}

#[derive(Debug)]
struct Told {
    hub: u32,
    fact: Fact,
}

impl Facts {
    /// Takes a fact for the record. Never waits: beyond [`QUEUE`] it is lost, counted, and the first of these logged.
    pub fn save(&self, fact: Fact) {
        self.shared.unwritten.add(&fact);
        match self.queue.try_send(Told { hub: self.shared.hub.load(SeqCst), fact }) {
            Ok(()) => {}
            Err(TrySendError::Full(Told { fact, .. }) | TrySendError::Closed(Told { fact, .. })) => {
                self.shared.unwritten.remove(&fact);
                self.shared.metrics.dropped.inc();
                if self.shared.lost.fetch_add(1, SeqCst) == 0 {
                    tracing::error!(
                        waiting = QUEUE,
                        "the record loses facts: the store has been away for too long"
                    );
                }
            }
        }
    }

    /// Who was seen and is not in the store yet.
    #[must_use]
    pub fn unwritten(&self) -> &Unwritten {
        &self.shared.unwritten
    }

    /// Whether the store takes what is written.
    #[must_use]
    pub fn writing(&self) -> &Writing {
        &self.shared.writing
    }

    /// The hub was dropped: what it left open will be closed as if its process had died, and what is saved from now
    /// on is another's.
    pub fn start_over(&self) {
        self.shared.hub.fetch_add(1, SeqCst);
    }
}

/// The task that writes, before it runs.
#[derive(Debug)]
pub struct FactsTask {
    queue: mpsc::Receiver<Told>,
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    /// Which hub the node is of.
    hub: u32,
    node: NodeId,
    beat_due: Instant,
    orphans_due: Instant,
    reach: Reach,
    /// Facts that left the queue and are not settled.
    in_hand: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    There,
    Away,
}

/// A record in this store, and the way to it.
#[must_use]
pub fn facts(store: Arc<dyn Store>, metrics: FactMetrics) -> (Facts, FactsTask) {
    let (sender, queue) = mpsc::channel(QUEUE);
    let (hub, lost) = (AtomicU32::new(0), AtomicU64::new(0));
    let shared =
        Arc::new(Shared { metrics, hub, lost, unwritten: Unwritten::default(), writing: Writing::default() });
    let now = Instant::now();
    let task = FactsTask {
        queue,
        shared: Arc::clone(&shared),
        store,
        hub: 0,
        node: new_node(),
        beat_due: now,
        orphans_due: now,
        reach: Reach::There,
        in_hand: 0,
    };
    (Facts { queue: sender, shared }, task)
}

impl FactsTask {
    /// Runs until every [`Facts`] is gone and all that they saved is written, however long the store is away: whoever
    /// ends the process says how long that may take.
    pub async fn run(mut self) {
        let mut told = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                () = sleep_until(self.beat_due) => {
                    self.succeed_hub();
                    // A failure is told where it is noticed, and the next beat comes in any case.
                    let _ = self.beat().await;
                }
                taken = self.queue.recv_many(&mut told, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                    self.in_hand = taken;
                    self.gather(&mut told).await;
                    while let Some(first) = told.first() {
                        self.be_node_of(first.hub);
                        let of_this_hub = told.iter().take_while(|told| told.hub == self.hub).count();
                        let batch: Vec<Fact> = told.drain(..of_this_hub).map(|told| told.fact).collect();
                        self.write(&batch).await;
                        batch.iter().for_each(|fact| self.shared.unwritten.remove(fact));
                    }
                }
            }
        }
    }

    /// Waits for more facts, for a moment, up to a full batch.
    async fn gather(&mut self, told: &mut Vec<Told>) {
        let end = Instant::now() + GATHER_LIMIT;
        while told.len() < BATCH {
            let room = BATCH - told.len();
            match timeout_at(end, self.queue.recv_many(told, room)).await {
                Ok(more @ 1..) => self.in_hand += more,
                Ok(0) | Err(_) => return,
            }
        }
    }

    /// Writes a batch, as often as it takes.
    async fn write(&mut self, facts: &[Fact]) {
        let (mut pause, mut refusals) = (FIRST_PAUSE, 0);
        loop {
            match self.append(facts).await {
                Ok(()) => return,
                Err(Error::Unavailable { .. }) => {}
                Err(Error::Conflict | Error::Invalid { .. } | Error::Broken { .. }) => {
                    refusals += 1;
                    if refusals == MAX_REFUSALS {
                        return self.write_apart(facts).await;
                    }
                }
            }
            sleep_until(Instant::now() + pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Writes facts one by one, without those that the store refuses: one that it cannot take shall not keep all others back.
    async fn write_apart(&mut self, facts: &[Fact]) {
        let mut refused = None;
        for fact in facts {
            let mut pause = FIRST_PAUSE;
            while let Err(error) = self.append(std::slice::from_ref(fact)).await {
                match error {
                    Error::Unavailable { .. } => {
                        sleep_until(Instant::now() + pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                    Error::Conflict | Error::Invalid { .. } | Error::Broken { .. } => {
                        self.shared.metrics.dropped.inc();
                        self.in_hand -= 1;
                        let (count, _) = refused.get_or_insert((0_usize, error));
                        *count += 1;
                        break;
                    }
                }
            }
        }
        if let Some((facts, error)) = refused {
            tracing::error!(facts, %error, "the store refused facts: they are lost to the record");
        }
    }

    /// Writes a batch once, after a sign of life if one is due.
    async fn append(&mut self, facts: &[Fact]) -> Result<(), Error> {
        if self.beat_due <= Instant::now() {
            self.beat().await?;
        }
        let started = Instant::now();
        let appended = self.store.append(self.node, facts).await;
        self.shared.metrics.append.observe(started.elapsed());
        self.notice(&appended);
        if appended.is_ok() {
            self.shared.metrics.written.inc_by(facts.len() as u64);
            self.in_hand -= facts.len();
            self.tell_of_losses();
        }
        appended
    }

    /// Says that this node lives, and closes what dead ones left open, when that is due.
    async fn beat(&mut self) -> Result<(), Error> {
        let wall_ms = clock::wall_ms();
        let beaten = self.store.beat(self.node, wall_ms).await;
        self.notice(&beaten);
        let now = Instant::now();
        self.beat_due = now + if beaten.is_ok() { BEAT_PERIOD } else { BEAT_PAUSE };
        beaten?;
        if self.orphans_due <= now {
            let silent_since_ms = wall_ms.saturating_sub(SILENCE_LIMIT.as_millis() as u64);
            let closed = self.store.close_orphans(wall_ms, silent_since_ms).await;
            self.notice(&closed);
            let rows = closed?;
            if rows > 0 {
                tracing::info!(rows, "closed what nodes that are gone had left open");
            }
            self.orphans_due = now + ORPHANS_PERIOD;
        }
        Ok(())
    }

    /// Logs that the store goes and comes back, once each.
    fn notice<T>(&mut self, answer: &Result<T, Error>) {
        self.shared.writing.0.store(answer.is_ok(), SeqCst);
        match (answer, self.reach) {
            (Err(error), Reach::There) => {
                tracing::warn!(%error, "the store does not answer: facts wait in memory");
                self.reach = Reach::Away;
            }
            (Ok(_), Reach::Away) => {
                tracing::info!(waiting = self.queue.len(), "the store answers again");
                self.reach = Reach::There;
                self.orphans_due = self.orphans_due.max(Instant::now() + SILENCE_LIMIT);
            }
            (Err(_), Reach::Away) | (Ok(_), Reach::There) => {}
        }
    }

    fn tell_of_losses(&self) {
        if self.queue.len() < QUEUE / 2 {
            let facts = self.shared.lost.swap(0, SeqCst);
            if facts > 0 {
                tracing::error!(facts, "the record has a gap: these facts found no place in memory");
            }
        }
    }

    /// Becomes the node of a hub that took over, once nothing of the one before waits to be written.
    fn succeed_hub(&mut self) {
        if self.queue.is_empty() {
            self.be_node_of(self.shared.hub.load(SeqCst));
        }
    }

    fn be_node_of(&mut self, hub: u32) {
        if hub != self.hub {
            self.hub = hub;
            self.node = new_node();
            self.beat_due = Instant::now();
        }
    }
}

impl Drop for FactsTask {
    /// The process ends before the store has taken what waits. A warning, as the end that did not wait is one too.
    fn drop(&mut self) {
        let facts = self.in_hand + self.queue.len();
        if facts > 0 {
            self.shared.metrics.dropped.inc_by(facts as u64);
            tracing::warn!(
                facts,
                "the process ends with facts that the store has not taken: the record lacks them"
            );
        }
    }
}

fn new_node() -> NodeId {
    NodeId::new(Uuid::now_v7())
}
