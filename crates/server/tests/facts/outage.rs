//! The record over a real PostgreSQL that is killed, and one that is stopped in the middle of what it does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use domain::{Fact, Participation, PeerId, RoomId, Sitting, Standing, Tenant, UserId};
use server::{facts, telemetry::FactMetrics};
use store::Settings;
use testkit::{DEADLINE, Postgres};
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::task::TaskTracker;

/// How long there is no database.
const OUTAGE: Duration = Duration::from_secs(5);
/// How often someone joins or leaves.
const PERIOD: Duration = Duration::from_millis(5);

/// How a database goes away and comes back.
#[derive(Clone, Copy)]
enum Outage {
    Killed,
    Paused,
}

impl Outage {
    fn begin(self, postgres: &Postgres) {
        match self {
            Outage::Killed => postgres.kill(),
            Outage::Paused => postgres.pause(),
        }
    }

    fn end(self, postgres: &Postgres) {
        match self {
            Outage::Killed => postgres.start_again(),
            Outage::Paused => postgres.resume(),
        }
    }
}

fn room() -> RoomId {
    RoomId::try_from("standup").unwrap()
}

fn time(number: u32) -> Participation {
    Participation { peer: PeerId::from_bits(7), number }
}

/// One room that many enter and leave: the second fact of each is its end.
fn fact(number: u32) -> Fact {
    let (participation, sitting) = (time(number / 2), Sitting(time(0)));
    match number {
        0 => Fact::RoomOpened { sitting, tenant: Tenant::default(), room: room(), opened_at_ms: 0 },
        number if number % 2 == 0 => Fact::Joined {
            participation,
            sitting,
            tenant: Tenant::default(),
            room: room(),
            user: UserId::try_from("alice").unwrap(),
            username: None,
            standing: Standing::Guest,
            joined_at_ms: u64::from(number),
        },
        number => Fact::Left { participation, left_at_ms: u64::from(number) },
    }
}

async fn survives(outage: Outage) {
    let postgres = Arc::new(spawn_blocking(Postgres::start).await.unwrap());
    let settings =
        Settings { url: postgres.url(), pool_size: 4, timeout: Duration::from_secs(2), slow_query: DEADLINE };
    let store = store::open(&settings).unwrap();
    store.prepare().await.unwrap();
    let metrics = FactMetrics::default();
    let (facts, task) = facts::facts(Arc::clone(&store), metrics.clone());
    let task = TaskTracker::new().spawn(task.run());

    let outage_steps = (OUTAGE.as_millis() / PERIOD.as_millis()) as u32;
    let (begin, end) = (200, 200 + outage_steps);
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut saved = BTreeSet::new();
    let mut changing = None;
    for number in 0..end + 400 {
        ticks.tick().await;
        saved.insert(fact(number).id());
        facts.save(fact(number));
        let other = Arc::clone(&postgres);
        if number == begin {
            changing = Some(spawn_blocking(move || outage.begin(&other)));
        } else if number == end {
            changing.take().unwrap().await.unwrap();
            assert!(metrics.written.get() < u64::from(end), "it was away");
            changing = Some(spawn_blocking(move || outage.end(&other)));
        }
    }
    changing.take().unwrap().await.unwrap();
    drop(facts);
    timeout(DEADLINE, task).await.expect("all is written").unwrap();

    let count = saved.len() as u64;
    assert_eq!((metrics.written.get(), metrics.dropped.get()), (count, 0));
    let rows = store.participations(&Tenant::default(), &room(), 100_000).await.unwrap();
    let times: BTreeMap<&str, (u64, Option<u64>)> =
        rows.iter().map(|row| (row.id.as_str(), (row.joined_at_ms, row.left_at_ms))).collect();
    assert_eq!(rows.len(), times.len(), "each once");
    let expected = (1..count as u32 / 2).map(|number| (time(number).to_string(), number));
    for (id, number) in expected {
        let joined_at_ms = u64::from(number * 2);
        assert_eq!(times[id.as_str()], (joined_at_ms, Some(joined_at_ms + 1)), "{id}");
    }
    assert_eq!(times.len(), count as usize / 2 - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_of_five_seconds_without_a_database_are_all_there_afterwards_in_order_and_once_each() {
    survives(Outage::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_of_five_seconds_with_a_database_that_stands_still_are_all_there_afterwards() {
    survives(Outage::Paused).await;
}
