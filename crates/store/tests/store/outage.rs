//! A PostgreSQL that goes away, in each way that it can: every call ends in time and says so, and works again by itself.

use std::sync::Arc;
use std::time::Duration;

use domain::Tenant;
use sqlx::{AnyConnection, Connection};
use store::{Error, Settings, Store};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::postgres::{Database, Postgres};
use crate::support::{
    Folder, NOW, enter, family, node, opening, participation, room, settings, token, unique,
};

/// How long a call may take, and how much later it may be noticed on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_millis(700);

/// How soon a call works once the database is back.
const RECOVERY: Duration = Duration::from_secs(5);

/// A server to break, and a store in it.
struct Scene {
    store: Arc<dyn Store>,
    _database: Database,
    postgres: Arc<Postgres>,
}

impl Scene {
    async fn new() -> Scene {
        let postgres = Arc::new(Postgres::start());
        let database = postgres.database();
        let url = database.url();
        let store = store::open(&Settings { timeout: TIMEOUT, pool_size: 4, ..settings(&url) }).unwrap();
        store.prepare().await.unwrap();
        Scene { store, _database: database, postgres }
    }

    /// Reads and writes, more of them than there are connections: each says that the store is away, and in time.
    async fn is_away(&self) {
        let mut calls = JoinSet::new();
        for number in 0..6 {
            let store = Arc::clone(&self.store);
            calls.spawn(async move {
                let begun = Instant::now();
                let result = match number % 3 {
                    0 => store.ping().await,
                    1 => store.append(node(1), &opening(unique().into(), NOW)).await,
                    _ => store.user_by_email("alice@example.org").await.map(|_| ()),
                };
                (result, begun.elapsed())
            });
        }
        for (result, elapsed) in calls.join_all().await {
            let Err(Error::Unavailable { why }) = result else { panic!("{result:?}") };
            assert!(elapsed < TIMEOUT + GRACE, "{why}: after {elapsed:?}");
            for secret in ["127.0.0.1", "INSERT", "SELECT", "alice"] {
                assert!(!why.contains(secret), "{why}");
            }
        }
    }

    /// Everything works, at the latest some time after now.
    async fn is_back(&self) {
        let deadline = Instant::now() + RECOVERY;
        while let Err(problem) = self.store.append(node(1), &opening(unique().into(), NOW)).await {
            assert!(matches!(problem, Error::Unavailable { .. }), "{problem}");
            assert!(Instant::now() < deadline, "not back in time: {problem}");
        }
        // From then on every call does, on every connection.
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let store = Arc::clone(&self.store);
            calls.spawn(async move { store.append(node(1), &opening(unique().into(), NOW)).await });
        }
        assert_eq!(calls.join_all().await, vec![Ok(()); 20]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_was_acknowledged() {
    let scene = Scene::new().await;
    let (store, written) = (Arc::clone(&scene.store), Arc::new(std::sync::atomic::AtomicU64::new(0)));
    let count = Arc::clone(&written);
    // Writes on until the server is gone.
    let mut writer = JoinSet::new();
    writer.spawn(async move {
        for peer in 1_000_000.. {
            if store.append(node(1), &opening(peer, NOW)).await.is_err() {
                return peer;
            }
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        0
    });
    while written.load(std::sync::atomic::Ordering::Relaxed) < 50 {
        tokio::task::yield_now().await;
    }
    scene.postgres.kill();
    let lost = writer.join_next().await.unwrap().unwrap();
    scene.is_away().await;

    scene.postgres.start_again();
    scene.is_back().await;

    let rows = scene.store.participations(&Tenant::default(), &room("standup"), 1_000_000).await.unwrap();
    let is_there = |peer: u128| rows.iter().any(|row| row.id == participation(peer).to_string());
    for peer in 1_000_000..lost {
        assert!(is_there(peer), "{peer} of {lost} was acknowledged, and is lost");
    }
    // Nobody knows of the last one, so it is told again.
    scene.store.append(node(1), &opening(lost, NOW)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_server_is_noticed_and_taken_up_again() {
    let scene = Scene::new().await;
    scene.is_back().await;
    for _ in 0..2 {
        scene.postgres.pause();
        scene.is_away().await;
        scene.is_away().await;
        scene.postgres.resume();
        scene.is_back().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_server_is_found_again_with_everything_in_it() {
    let scene = Scene::new().await;
    let alice = enter(&*scene.store, "alice").await;
    scene.postgres.stop();
    scene.is_away().await;
    scene.postgres.start_again();
    scene.is_back().await;
    assert_eq!(scene.store.user(&alice.id).await, Ok(Some(alice)));
}

#[tokio::test]
async fn a_start_without_a_database_says_so_at_once_and_can_be_repeated() {
    let postgres = Arc::new(Postgres::start());
    let url = postgres.database().url();
    postgres.stop();
    let store = store::open(&Settings { timeout: TIMEOUT, ..settings(&url) }).unwrap();
    let begun = Instant::now();
    assert!(matches!(store.prepare().await, Err(Error::Unavailable { .. })));
    assert!(begun.elapsed() < TIMEOUT + GRACE, "{:?}", begun.elapsed());
    assert!(matches!(store.ping().await, Err(Error::Unavailable { .. })));

    postgres.start_again();
    let deadline = Instant::now() + RECOVERY;
    while let Err(problem) = store.prepare().await {
        assert!(Instant::now() < deadline, "{problem}");
    }
    assert_eq!(store.ping().await, Ok(()));
}

#[tokio::test]
async fn a_start_with_a_server_that_hangs_ends_in_time() {
    let postgres = Arc::new(Postgres::start());
    let url = postgres.database().url();
    postgres.pause();
    let store = store::open(&Settings { timeout: TIMEOUT, ..settings(&url) }).unwrap();
    let begun = Instant::now();
    assert!(matches!(store.prepare().await, Err(Error::Unavailable { .. })));
    assert!(begun.elapsed() < TIMEOUT * 2 + GRACE, "{:?}", begun.elapsed());
    postgres.resume();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_somebody_elses_lock_waits_no_longer_than_was_configured() {
    let scene = Scene::new().await;
    let alice = enter(&*scene.store, "alice").await;
    let mut other = AnyConnection::connect(&scene._database.url()).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE").execute(&mut other).await.unwrap();

    let begun = Instant::now();
    let opened = scene.store.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await;
    assert!(matches!(opened, Err(Error::Unavailable { .. })), "{opened:?}");
    assert!(begun.elapsed() < TIMEOUT + GRACE, "{:?}", begun.elapsed());
    // The server gave up too: what it was to do does not happen later.
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(scene.store.family_of(&token(1)).await, Ok(None));
    scene.is_back().await;
}

#[tokio::test]
async fn what_will_never_work_is_broken_and_says_what_to_do() {
    let shared = Postgres::shared();
    let missing = shared.url().replace("/postgres?", "/no_such_database?");
    let folder = Folder::new();
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "this is no database, and never was one; what is it, then? ".repeat(100))
        .unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for (url, advice) in [
        (missing, "create it"),
        (format!("sqlite:{}", garbage.display()), "no SQLite database"),
        (format!("sqlite:{}/in/a/file.db", file.display()), "look at the folder"),
        (format!("sqlite:{}", folder.path().display()), "look at the folder"),
    ] {
        let Err(Error::Broken { why }) = store::open(&settings(&url)).unwrap().prepare().await else {
            panic!("{url} is refused");
        };
        assert!(why.contains(advice), "{why}");
    }
    for url in ["mysql://host/db", "sqlite:", "", "postgres://[::bad/db"] {
        let Err(Error::Broken { why }) = store::open(&settings(url)) else { panic!("{url} is refused") };
        assert!(why.contains("write sqlite:<path>"), "{why}");
    }
}
