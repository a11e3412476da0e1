//! How many facts a second the store writes, and how long a batch takes, as the server's writer makes them: one batch after
//! the other, each a mix of rooms that open and close and people who come and go.
//!
//! `DURABLE=on scripts/with-postgres.sh cargo run --release -p store --example throughput`
//!
//! SQLite is in a folder of its own among the temporary ones: set `TMPDIR` where those are in memory. PostgreSQL is the server of
//! `PARACLETE_TEST_POSTGRES`, in a database of its own; without that it is left out. Prints a line of JSON for each.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool that prints what it measured, or stops"
)]

use std::fs;
use std::process;
use std::time::{Duration, Instant};

use domain::{Fact, Participation, PeerId, RoomId, Sitting, Standing, Tenant, UserId};
use sqlx::{Connection, PgConnection, Row};
use store::{NodeId, Settings, Store};
use uuid::Uuid;

/// How many facts a batch has.
const BATCHES: [usize; 2] = [1_000, 100];

/// How long each is measured, after a while that is not.
const MEASURED: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(1);

/// How many people a room has, and how many rooms are open at once.
const MEMBERS: u128 = 4;
const OPEN_ROOMS: u128 = 100;

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("paraclete-throughput-{}", process::id()));
    measure("SQLite", &format!("sqlite:{}", folder.join("facts.db").display())).await;
    fs::remove_dir_all(folder).expect("the folder is ours");

    let Some(server) = std::env::var_os("PARACLETE_TEST_POSTGRES") else { return };
    let server = server.into_string().expect("a URL is text");
    let database = format!("throughput_{}", process::id());
    let mut link = PgConnection::connect(&server).await.expect("the server answers");
    let version =
        sqlx::query("SHOW server_version_num").fetch_one(&mut link).await.expect("it has a version");
    let version = version.get::<String, _>(0).parse::<u32>().expect("a number") / 10_000;
    administer(&mut link, format!("CREATE DATABASE {database}")).await;

    let (base, options) = server.split_once('?').unwrap_or((&server, ""));
    let (host, _) = base.rsplit_once('/').expect("the URL names a database");
    measure(&format!("PostgreSQL {version}"), &format!("{host}/{database}?{options}")).await;
    administer(&mut link, format!("DROP DATABASE {database} WITH (FORCE)")).await;
}

async fn administer(link: &mut PgConnection, text: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(link).await.expect("the server lets us");
}

async fn measure(backend: &str, url: &str) {
    let wait = Duration::from_secs(30);
    let settings = Settings { url: url.to_owned(), pool_size: 4, timeout: wait, slow_query: wait };
    let store = store::open(&settings).expect("the URL is good");
    store.prepare().await.expect("the database answers");
    let node = NodeId::new(Uuid::from_u128(1));
    let mut life = Life { rooms: 0, waiting: Vec::new() };
    for batch in BATCHES {
        run(&*store, node, &mut life, batch, WARM_UP).await;
        let begun = Instant::now();
        let mut times = run(&*store, node, &mut life, batch, MEASURED).await;
        let facts_per_second = (times.len() * batch) as f64 / begun.elapsed().as_secs_f64();
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        println!(
            r#"{{"backend":"{backend}","batch":{batch},"facts_per_second":{facts_per_second:.0},"p50_ms":{:.2},"p99_ms":{:.2}}}"#,
            at(0.5),
            at(0.99)
        );
    }
}

/// Returns how long each batch took.
async fn run(
    store: &dyn Store,
    node: NodeId,
    life: &mut Life,
    batch: usize,
    time: Duration,
) -> Vec<Duration> {
    let mut times = Vec::new();
    let end = Instant::now() + time;
    while Instant::now() < end {
        let facts = life.next(batch);
        let begun = Instant::now();
        store.append(node, &facts).await.expect("the batch is written");
        times.push(begun.elapsed());
    }
    times
}

/// What goes on: a room opens and fills, and one that opened before empties and closes.
struct Life {
    rooms: u128,
    waiting: Vec<Fact>,
}

impl Life {
    fn next(&mut self, count: usize) -> Vec<Fact> {
        while self.waiting.len() < count {
            self.rooms += 1;
            self.open(self.rooms);
            if let Some(old) = self.rooms.checked_sub(OPEN_ROOMS).filter(|room| *room > 0) {
                self.close(old);
            }
        }
        self.waiting.drain(..count).collect()
    }

    fn open(&mut self, number: u128) {
        let (tenant, sitting) = (Tenant::default(), Sitting(member(number, 0)));
        let room = RoomId::try_from(format!("room-{}", number % 5_000).as_str()).expect("a good name");
        let at_ms = now_ms(number);
        self.waiting.push(Fact::RoomOpened {
            sitting,
            tenant: tenant.clone(),
            room: room.clone(),
            opened_at_ms: at_ms,
        });
        self.waiting.extend((0..MEMBERS).map(|index| Fact::Joined {
            participation: member(number, index),
            sitting,
            tenant: tenant.clone(),
            room: room.clone(),
            user: UserId::try_from(format!("user-{}", number * MEMBERS + index).as_str()).expect("a good id"),
            username: None,
            standing: Standing::Guest,
            joined_at_ms: at_ms,
        }));
    }

    fn close(&mut self, number: u128) {
        let at_ms = now_ms(number + OPEN_ROOMS);
        let left = |index| Fact::Left { participation: member(number, index), left_at_ms: at_ms };
        self.waiting.extend((0..MEMBERS).map(left));
        self.waiting.push(Fact::RoomClosed { sitting: Sitting(member(number, 0)), closed_at_ms: at_ms });
    }
}

/// A connection's time in a room. Ids of connections are random, so neighbours in time are none in the index.
fn member(room: u128, index: u128) -> Participation {
    let random = (room * MEMBERS + index).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    Participation { peer: PeerId::from_bits(random), number: 1 }
}

fn now_ms(room: u128) -> u64 {
    1_750_000_000_000 + room as u64
}
