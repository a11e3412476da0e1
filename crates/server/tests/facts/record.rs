//! What becomes of facts: a rule a test. Time is virtual: it jumps to the next deadline.

use std::{sync::Arc, time::Duration};

use domain::{Fact, Participation, PeerId, RoomId, Sitting, Standing, Tenant, UserId};
use server::{
    facts::{self, Facts, QUEUE},
    telemetry::FactMetrics,
};
use store::{NodeId, Reach, Store};
use testkit::{Fate, FaultyStore};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::task::TaskTracker;

struct Stage {
    store: Arc<FaultyStore>,
    facts: Facts,
    metrics: FactMetrics,
    task: JoinHandle<()>,
    saved: Vec<String>,
}

impl Stage {
    fn new() -> Self {
        Self::over(Arc::default())
    }

    fn over(store: Arc<FaultyStore>) -> Self {
        let metrics = FactMetrics::default();
        let (facts, task) = facts::facts(Arc::clone(&store) as Arc<dyn Store>, metrics.clone());
        let task = TaskTracker::new().spawn(task.run());
        Self { store, facts, metrics, task, saved: Vec::new() }
    }

    /// Someone joins: the fact of that number.
    fn save(&mut self, number: u32) {
        let fact = joined(number);
        self.saved.push(fact.id());
        self.facts.save(fact);
    }

    fn taken(&self) -> Vec<String> {
        self.store.log().taken.clone()
    }

    /// Lets the task run until there is nothing to write, and it has ended.
    async fn end(self) -> (Arc<FaultyStore>, FactMetrics, Vec<String>) {
        drop(self.facts);
        timeout(Duration::from_secs(600), self.task).await.expect("it ends").unwrap();
        (self.store, self.metrics, self.saved)
    }
}

fn joined(number: u32) -> Fact {
    let participation = Participation { peer: PeerId::from_bits(7), number };
    Fact::Joined {
        participation,
        sitting: Sitting(Participation { number: 1, ..participation }),
        tenant: Tenant::default(),
        room: RoomId::try_from("standup").unwrap(),
        user: UserId::try_from("alice").unwrap(),
        username: None,
        standing: Standing::Guest,
        joined_at_ms: u64::from(number),
    }
}

async fn pass(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[tokio::test(start_paused = true)]
async fn what_happens_within_a_moment_is_one_batch_and_is_written_long_before_100_ms() {
    let mut stage = Stage::new();
    pass(ms(1)).await;
    stage.save(1);
    pass(ms(30)).await;
    stage.save(2);
    assert_eq!(stage.taken(), Vec::<String>::new());

    pass(ms(25)).await;

    assert_eq!(stage.taken(), stage.saved);
    assert_eq!(stage.store.log().batches, [2]);
    assert_eq!((stage.metrics.written.get(), stage.metrics.dropped.get()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_facts_wait_for_nobody_and_more_are_another_batch() {
    let mut stage = Stage::new();
    pass(ms(1)).await;
    (1..=2_500).for_each(|number| stage.save(number));

    pass(ms(1)).await;
    assert_eq!(stage.store.log().batches, [1_000, 1_000]);

    pass(ms(50)).await;
    assert_eq!(stage.store.log().batches, [1_000, 1_000, 500]);
    assert_eq!(stage.taken(), stage.saved);
}

#[tokio::test(start_paused = true)]
async fn facts_of_an_outage_are_all_there_afterwards_in_order_and_once_each() {
    let mut stage = Stage::new();
    stage.save(1);
    pass(ms(200)).await;
    stage.store.set_reach(Reach::Away);
    for number in 2..=5_000 {
        stage.save(number);
        pass(ms(1)).await;
    }
    assert_eq!(stage.taken().len(), 1);

    stage.store.set_reach(Reach::There);
    pass(ms(6_000)).await;

    assert_eq!(stage.taken(), stage.saved);
    let (_, metrics, saved) = stage.end().await;
    assert_eq!((metrics.written.get(), metrics.dropped.get()), (saved.len() as u64, 0));
}

#[tokio::test(start_paused = true)]
async fn whether_the_store_takes_what_is_written_is_told_while_nothing_happens_too() {
    let stage = Stage::new();
    assert!(stage.facts.writing().works());
    stage.store.set_reach(Reach::Away);
    pass(Duration::from_secs(6)).await;
    assert!(!stage.facts.writing().works());
    stage.store.set_reach(Reach::There);
    pass(Duration::from_secs(2)).await;
    assert!(stage.facts.writing().works());
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_answer_was_lost_is_written_again_and_kept_once() {
    let mut stage = Stage::new();
    stage.store.decide(&[Fate::AnswerLost, Fate::Away, Fate::AnswerLost]);
    (1..=10).for_each(|number| stage.save(number));

    pass(ms(1_000)).await;

    assert_eq!(stage.taken(), stage.saved);
    assert_eq!(stage.store.log().batches, [10, 10, 10]);
    assert_eq!((stage.metrics.written.get(), stage.metrics.dropped.get()), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_it_is_asked_ever_less_often() {
    let mut stage = Stage::new();
    pass(ms(1)).await;
    stage.store.decide(&[Fate::Away; 100]);
    stage.save(1);

    pass(Duration::from_secs(10)).await;
    assert_eq!(stage.store.offered(), 9, "at 50 ms, then after 100, 200, 400, 800, 1600, and every 2000 ms");

    pass(Duration::from_secs(50)).await;
    assert_eq!(stage.store.offered(), 34, "every 2 s");
}

#[tokio::test(start_paused = true)]
async fn beyond_the_queue_facts_are_lost_and_counted_and_the_others_are_written() {
    let mut stage = Stage::new();
    stage.store.set_reach(Reach::Away);
    stage.save(1);
    pass(ms(100)).await;

    let most = QUEUE as u32;
    (2..=most + 11).for_each(|number| stage.save(number));
    assert_eq!(stage.metrics.dropped.get(), 10);

    stage.store.set_reach(Reach::There);
    let (store, metrics, mut saved) = stage.end().await;
    saved.truncate(QUEUE + 1);
    assert_eq!(store.log().taken, saved);
    assert_eq!((metrics.written.get(), metrics.dropped.get()), (saved.len() as u64, 10));
}

#[tokio::test(start_paused = true)]
async fn a_fact_that_the_store_refuses_is_lost_alone() {
    let mut stage = Stage::new();
    stage.store.poison(&joined(5));
    (1..=10).for_each(|number| stage.save(number));

    let (store, metrics, mut saved) = stage.end().await;

    saved.remove(4);
    assert_eq!(store.log().taken, saved);
    assert_eq!((metrics.written.get(), metrics.dropped.get()), (9, 1));
    assert_eq!(store.offered(), 5 + 10, "five times together, then one by one");
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nobody_has_anything_to_say_and_all_is_written_however_long_that_takes() {
    let mut stage = Stage::new();
    stage.store.set_reach(Reach::Away);
    (1..=1_500).for_each(|number| stage.save(number));
    let (store, saved) = (Arc::clone(&stage.store), stage.saved.clone());
    let end = TaskTracker::new().spawn(stage.end());

    pass(Duration::from_secs(100)).await;
    assert!(!end.is_finished());

    store.set_reach(Reach::There);
    end.await.unwrap();
    assert_eq!(store.log().taken, saved);
}

#[tokio::test(start_paused = true)]
async fn the_node_says_that_it_lives_at_once_and_every_five_seconds() {
    let stage = Stage::new();
    pass(ms(1)).await;
    let first = stage.store.log().beats.clone();
    assert_eq!(first.len(), 1);

    pass(Duration::from_secs(60)).await;

    let beats = stage.store.log().beats.clone();
    assert_eq!(beats, vec![first[0]; 13]);
}

#[tokio::test(start_paused = true)]
async fn the_node_is_heard_before_the_facts_it_writes_and_soon_after_an_outage() {
    let store = Arc::new(FaultyStore::default());
    store.set_reach(Reach::Away);
    let mut stage = Stage::over(store);
    stage.save(1);
    pass(Duration::from_secs(20)).await;
    assert_eq!(stage.store.log().beats.len(), 0);

    stage.store.set_reach(Reach::There);
    pass(ms(5_200)).await;

    assert_eq!(stage.taken(), stage.saved);
    let log = stage.store.log();
    assert_eq!(log.beats[0], log.nodes[&stage.saved[0]]);
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_takes_over_is_another_node_and_the_one_before_falls_silent() {
    let mut stage = Stage::new();
    stage.save(1);
    stage.facts.start_over();
    stage.save(2);
    pass(ms(100)).await;

    let (before, after) = {
        let log = stage.store.log();
        (log.nodes[&stage.saved[0]], log.nodes[&stage.saved[1]])
    };
    assert_ne!(before, after);
    pass(Duration::from_secs(30)).await;
    let beats = stage.store.log().beats.clone();
    assert!(beats.len() >= 7 && beats[1..].iter().all(|node| *node == after), "{beats:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_takes_over_and_has_nothing_to_say_is_another_node_too() {
    let stage = Stage::new();
    pass(ms(1)).await;
    let before = stage.store.log().beats[0];
    stage.facts.start_over();

    pass(Duration::from_secs(11)).await;

    let beats: Vec<NodeId> = stage.store.log().beats[1..].to_vec();
    assert!(!beats.is_empty() && !beats.contains(&before), "{beats:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_node_left_open_is_closed_at_the_start_with_its_last_sign_of_life() {
    let store = Arc::new(FaultyStore::default());
    let dead = NodeId::new(uuid::Uuid::nil());
    let opened = Fact::RoomOpened {
        sitting: Sitting(Participation { peer: PeerId::from_bits(7), number: 1 }),
        tenant: Tenant::default(),
        room: RoomId::try_from("standup").unwrap(),
        opened_at_ms: 1_000,
    };
    store.inner.append(dead, &[opened, joined(1)]).await.unwrap();
    store.inner.beat(dead, 9_000).await.unwrap();

    let stage = Stage::over(store);
    pass(ms(1)).await;

    let (tenant, room) = (Tenant::default(), RoomId::try_from("standup").unwrap());
    let rooms = stage.store.inner.rooms(&tenant, &room, 10).await.unwrap();
    let times = stage.store.inner.participations(&tenant, &room, 10).await.unwrap();
    assert_eq!((rooms.len(), rooms[0].ended_at_ms), (1, Some(9_000)));
    assert_eq!((times.len(), times[0].left_at_ms), (1, Some(9_000)));
}

#[tokio::test(start_paused = true)]
async fn facts_that_wait_when_the_process_ends_are_counted_as_lost() {
    let mut stage = Stage::new();
    stage.save(1);
    pass(ms(100)).await;
    stage.store.set_reach(Reach::Away);
    (2..=4).for_each(|number| stage.save(number));
    pass(ms(200)).await;
    (5..=6).for_each(|number| stage.save(number));

    stage.task.abort();
    assert!(stage.task.await.unwrap_err().is_cancelled());

    assert_eq!((stage.metrics.written.get(), stage.metrics.dropped.get()), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn who_was_seen_is_told_until_the_store_knows_it_or_never_will() {
    let stage = Stage::new();
    let (tenant, user) = (Tenant::default(), UserId::try_from("carol").unwrap());
    let seen = |at_ms| Fact::Seen { tenant: tenant.clone(), user: user.clone(), at_ms };
    let unwritten = stage.facts.unwritten().clone();
    assert!(!unwritten.has(&tenant, &user));

    stage.store.set_reach(Reach::Away);
    stage.facts.save(seen(1));
    pass(ms(100)).await;
    stage.facts.save(seen(2));
    assert!(unwritten.has(&tenant, &user));
    assert!(!unwritten.has(&Tenant::try_from("acme").unwrap(), &user));

    stage.store.set_reach(Reach::There);
    pass(ms(5_000)).await;
    assert!(stage.store.inner.is_known(&tenant, &user).await.unwrap());
    assert!(!unwritten.has(&tenant, &user));

    stage.store.poison(&seen(3));
    stage.facts.save(seen(3));
    assert!(unwritten.has(&tenant, &user));
    pass(ms(10_000)).await;
    assert!(!unwritten.has(&tenant, &user));
}

#[tokio::test(start_paused = true)]
async fn what_dead_nodes_left_open_is_looked_for_every_15_s_but_not_right_after_an_outage() {
    let stage = Stage::new();
    pass(Duration::from_secs(46)).await;
    assert_eq!(stage.store.log().sweeps, 4, "at the start, and after 15, 30 and 45 s");

    stage.store.set_reach(Reach::Away);
    pass(Duration::from_secs(60)).await;
    stage.store.set_reach(Reach::There);
    pass(Duration::from_secs(15)).await;
    assert_eq!(stage.store.log().sweeps, 4, "others that live get 15 s to say so");

    pass(Duration::from_secs(6)).await;
    assert_eq!(stage.store.log().sweeps, 5);
}
