//! The loop that owns the [`domain::Hub`]: one task that takes what connections ask, and carries out what the core decides.
//!
//! Nothing else reaches the core's state, so there is no lock, and what one connection asks is done in the order in
//! which it asked. The queue is bounded by the [`Credit`] of each connection.
//!
//! What the core asks the store is asked in tasks of their own, whose answers come in by the same queue.
//!
//! A panic in the core is a bug of ours. Its state can then not be trusted: it is dropped, the connections it knew are
//! closed, so that they come back fresh, and the loop goes on.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use dialects::{Class, Dialect};
use domain::{Answer, Command, Hub, Identity, Input, Key, LOAD_LIMIT, Limits, Locale, Now, PeerId, Tenant};
use socketio::{Reason, Socket};
use store::Store;
use tokio::{sync::mpsc, time::timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock,
    effects::Effects,
    facts::{Facts, Unwritten},
    gateway::Credit,
    status::{HubStats, Published},
    telemetry::{EventIndex, Metrics},
};

/// What is taken from the queue at once.
const BATCH: usize = 256;

/// The way to the hub, for the tasks of connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HubHandle {
    queue: mpsc::UnboundedSender<Told>,
}

/// What the answer to a command needs to know of the question.
#[derive(Debug, Clone)]
pub struct Question {
    /// The event's name.
    pub event: &'static str,
    /// Its place among the metrics.
    pub index: EventIndex,
    /// The id under which an acknowledgement was asked for.
    pub ack: Option<u64>,
    /// The dialect in which it was asked.
    pub dialect: &'static dyn Dialect,
    /// Which kind of event it is.
    pub class: Class,
    /// When it was read.
    pub asked: Instant,
}

/// What connections, and the store, tell the hub.
#[derive(Debug)]
enum Told {
    Connected { peer: PeerId, tenant: Tenant, identity: Identity, socket: Socket, credit: Arc<Credit> },
    Command { peer: PeerId, question: Question, command: Command },
    Renewed { peer: PeerId, identity: Identity },
    Disconnected { peer: PeerId },
    Loaded { key: Key, answer: Answer },
}

impl HubHandle {
    /// A socket has come into its namespace. Told first, once for each peer.
    pub fn connected(
        &self,
        peer: PeerId,
        tenant: Tenant,
        identity: Identity,
        socket: Socket,
        credit: Arc<Credit>,
    ) {
        self.tell(Told::Connected { peer, tenant, identity, socket, credit });
    }

    /// The peer asks for something. It is answered through its socket, and its credit is given back.
    pub fn command(&self, peer: PeerId, question: Question, command: Command) {
        self.tell(Told::Command { peer, question, command });
    }

    /// A verified peer has shown another token, of the same user: from now on the grants of that one hold.
    pub fn renewed(&self, peer: PeerId, identity: Identity) {
        self.tell(Told::Renewed { peer, identity });
    }

    /// The socket has left its namespace. Told last, once for each peer.
    pub fn disconnected(&self, peer: PeerId) {
        self.tell(Told::Disconnected { peer });
    }

    fn tell(&self, told: Told) {
        // The loop ends last, when nobody is connected any more; after it there is nobody to answer to.
        let _ = self.queue.send(told);
    }
}

/// The hub's task, before it runs.
#[derive(Debug)]
pub struct HubTask {
    queue: mpsc::UnboundedReceiver<Told>,
    limits: Limits,
    hub: Hub,
    effects: Effects,
    published: Arc<Published>,
    /// Numbers of hubs that were dropped.
    rooms_created_before: u64,
}

/// What a hub stands on.
#[derive(Debug)]
pub struct Parts {
    /// The bounds of the core.
    pub limits: Limits,
    /// The language of messages.
    pub locale: Locale,
    /// Who knows which ids belong to someone.
    pub store: Arc<dyn Store>,
    /// Where what happens is written down.
    pub facts: Facts,
    /// Where tasks are counted that ask the store.
    pub tasks: TaskTracker,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where the numbers of rooms and peers go.
    pub published: Arc<Published>,
}

/// A hub, and the way to it.
#[must_use]
pub fn hub(parts: Parts) -> (HubHandle, HubTask) {
    let Parts { limits, locale, store, facts, tasks, metrics, published } = parts;
    let (sender, queue) = mpsc::unbounded_channel();
    // Weak, for the loop to end when nobody else can tell it anything any more.
    let loads = Loads { store, unwritten: facts.unwritten().clone(), tasks, queue: sender.downgrade() };
    let effects = Effects::new(metrics, locale, loads, facts);
    let task = HubTask { queue, limits, hub: Hub::new(limits), effects, published, rooms_created_before: 0 };
    (HubHandle { queue: sender }, task)
}

/// Asks the store for the core.
#[derive(Debug)]
pub(crate) struct Loads {
    store: Arc<dyn Store>,
    unwritten: Unwritten,
    tasks: TaskTracker,
    queue: mpsc::WeakUnboundedSender<Told>,
}

impl Loads {
    /// Asks, and hands the answer to the hub: one for each question, within [`LOAD_LIMIT`], whatever becomes of the store.
    /// There are no more of these at once than connections, as each waits for one at the most.
    pub(crate) fn begin(&self, key: Key) {
        let Key::Subject { tenant, user } = &key;
        if self.unwritten.has(tenant, user) {
            drop(Load { answer: Answer::Known, key, queue: self.queue.clone() });
            return;
        }
        let store = Arc::clone(&self.store);
        let load = Load { key, answer: Answer::Away, queue: self.queue.clone() };
        let limit = Instant::now() + LOAD_LIMIT;
        self.tasks.spawn(async move {
            // Moved as a whole: its end must be this task's.
            let mut load = load;
            let Key::Subject { tenant, user } = &load.key;
            load.answer = match timeout_at(limit.into(), store.is_known(tenant, user)).await {
                Ok(Ok(true)) => Answer::Known,
                Ok(Ok(false)) => Answer::Unknown,
                Ok(Err(_)) | Err(_) => Answer::Away,
            };
        });
    }
}

/// A question that is under way. Its end is the answer, so that there is one even if the asking panics.
struct Load {
    key: Key,
    answer: Answer,
    queue: mpsc::WeakUnboundedSender<Told>,
}

impl Drop for Load {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.upgrade() {
            // The loop ends last; after it there is nobody to answer to.
            let _ = queue.send(Told::Loaded { key: self.key.clone(), answer: self.answer });
        }
    }
}

impl HubTask {
    /// Runs until `stopping`, and from then on until nobody is connected any more.
    pub async fn run(mut self, stopping: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let deadline = self.hub.poll_timeout();
            tokio::select! {
                biased;
                taken = self.queue.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                    if taken < BATCH {
                        self.gather(&mut batch).await;
                    }
                }
                () = at(deadline) => {}
                () = stopping.cancelled(), if self.effects.seats() == 0 => return,
            }
            let instant = Instant::now();
            let now = Now { instant, wall_ms: clock::wall_ms() };
            let mut changed = false;
            if deadline.is_some_and(|deadline| deadline <= instant) {
                changed = true;
                self.handle(now, Input::Timeout);
            }
            for told in batch.drain(..) {
                changed |= !matches!(&told, Told::Command { question, .. } if question.class == Class::Relay);
                self.take(now, told);
            }
            if changed {
                self.publish();
            }
        }
    }

    /// Lets the connections that have something to read go first, and takes what they bring. Under load one turn of
    /// this task then serves dozens of relays, and wakes each target once; at rest it costs one look at the sockets.
    async fn gather(&mut self, batch: &mut Vec<Told>) {
        tokio::task::yield_now().await;
        while batch.len() < BATCH
            && let Ok(told) = self.queue.try_recv()
        {
            batch.push(told);
        }
    }

    fn take(&mut self, now: Now, told: Told) {
        match told {
            Told::Connected { peer, tenant, identity, socket, credit } => {
                self.effects.seat(peer, socket, credit);
                self.handle(now, Input::Connected { peer, tenant, identity });
            }
            Told::Command { peer, question, command } => {
                let ticket = self.effects.ask(peer, question);
                self.handle(now, Input::Command { peer, ticket, command });
            }
            Told::Renewed { peer, identity } => self.handle(now, Input::Renewed { peer, identity }),
            Told::Loaded { key, answer } => self.handle(now, Input::Loaded { key, answer }),
            Told::Disconnected { peer } => {
                self.effects.unseat(peer);
                self.handle(now, Input::Disconnected { peer });
            }
        }
    }

    fn handle(&mut self, now: Now, input: Input) {
        let Self { hub, effects, .. } = self;
        let handled = catch_unwind(AssertUnwindSafe(|| {
            hub.handle(now, input);
            while let Some(effect) = hub.poll() {
                effects.carry_out(now.instant, effect);
            }
        }));
        if let Err(panic) = handled {
            self.start_over(invariant(&*panic));
        }
    }

    /// The core is broken: nobody can say what it knows.
    fn start_over(&mut self, invariant: &str) {
        tracing::error!(invariant, "bug: the hub is dropped, its connections are closed and come back fresh");
        // The number published last has those of the hubs before in it.
        self.rooms_created_before = self.published.read().rooms_created_total;
        self.hub = Hub::new(self.limits);
        self.effects.close_all(Reason::ServerClosed);
    }

    fn publish(&self) {
        let stats = self.hub.stats();
        debug_assert_eq!(
            self.effects.seats(),
            stats.peers,
            "whom the core knows has a seat, and nobody else"
        );
        self.published.publish(HubStats {
            rooms: stats.rooms as u64,
            peers: stats.peers as u64,
            memberships: stats.memberships as u64,
            rooms_created_total: self.rooms_created_before + stats.rooms_created_total,
        });
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// What a panic said.
fn invariant(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without words")
}
