//! What concerns SQLite alone: the file, the disk under it, and other processes that hold it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use domain::Tenant;
use sqlx::{AnyConnection, Connection, Row};
use store::{Error, Settings, Store};
use tokio::time::Instant;

use crate::support::{Backend, Folder, NOW, child, enter, node, opening, order, room, said, settings, user};

async fn text_of(link: &mut AnyConnection, text: &'static str) -> String {
    let row = sqlx::query(text).fetch_one(link).await.unwrap();
    row.try_get::<String, _>(0).unwrap_or_else(|_| row.get::<i64, _>(0).to_string())
}

async fn is_whole(path: &Path) {
    let url = format!("sqlite:{}", path.display());
    let mut link = AnyConnection::connect(&url).await.unwrap();
    assert_eq!(text_of(&mut link, "PRAGMA integrity_check").await, "ok");
    assert_eq!(text_of(&mut link, "SELECT count(*) FROM pragma_foreign_key_check").await, "0");
}

#[tokio::test]
async fn the_file_is_for_its_owner_alone_and_its_log_too() {
    let fresh = Backend::Sqlite.fresh().await;
    enter(&*fresh, "alice").await;
    let crate::support::Place::File(folder) = &fresh.place else { panic!("it is a file") };
    let mut count = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        count += 1;
    }
    assert_eq!(count, 3, "the database, its log and the index of that");
}

/// These are the driver's defaults: the store sets the first alone, and relies on the others.
#[tokio::test]
async fn what_is_acknowledged_is_on_the_disk_and_references_are_held() {
    let fresh = Backend::Sqlite.fresh().await;
    let mut link = AnyConnection::connect(&fresh.place.url()).await.unwrap();
    assert_eq!(text_of(&mut link, "PRAGMA journal_mode").await, "wal");
    assert_eq!(text_of(&mut link, "PRAGMA synchronous").await, "2", "FULL: the log is synced at each commit");
    assert_eq!(text_of(&mut link, "PRAGMA foreign_keys").await, "1");
    assert_eq!(text_of(&mut link, "PRAGMA busy_timeout").await, "5000");
}

#[tokio::test]
async fn folders_on_the_way_to_the_file_are_made_whatever_they_are_called() {
    let folder = Folder::new();
    let path = folder.path().join("deep/er &?#%ü/a.db");
    let store = store::open(&settings(&format!("sqlite:{}", path.display()))).unwrap();
    store.prepare().await.unwrap();
    assert!(path.is_file());
}

#[tokio::test]
async fn another_writer_that_holds_on_makes_calls_unavailable_and_no_longer_than_that() {
    let fresh = Backend::Sqlite.fresh().await;
    let timeout = Duration::from_secs(1);
    let store = store::open(&Settings { timeout, ..settings(&fresh.place.url()) }).unwrap();
    store.prepare().await.unwrap();
    let mut other = AnyConnection::connect(&fresh.place.url()).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

    let begun = Instant::now();
    let result = store.create_user(&user("alice")).await;
    assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
    assert!(begun.elapsed() < timeout + Duration::from_millis(700), "{:?}", begun.elapsed());
    assert_eq!(store.user(&user("alice").id).await, Ok(None), "reading goes on");

    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while let Err(problem) = store.create_user(&user("bob")).await {
        assert!(Instant::now() < deadline, "{problem}");
    }
}

#[tokio::test]
async fn two_processes_write_one_file_side_by_side() {
    let fresh = Backend::Sqlite.fresh().await;
    let mut child = child("sqlite::as_a_child_writes", &fresh.place.url());
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for peer in 1..=BATCHES {
        fresh.append(node(1), &opening(peer, NOW)).await.unwrap();
    }
    said(&child.wait_with_output().unwrap());
    let rows = fresh.participations(&Tenant::default(), &room("standup"), 10_000).await.unwrap();
    assert_eq!(rows.len() as u128, 2 * BATCHES);
    let crate::support::Place::File(folder) = &fresh.place else { panic!("it is a file") };
    is_whole(&folder.database()).await;
}

const BATCHES: u128 = 150;

#[tokio::test]
async fn as_a_child_writes() {
    let Some(url) = order() else { return };
    let store = store::open(&settings(&url)).unwrap();
    store.prepare().await.unwrap();
    for peer in 1..=BATCHES {
        store.append(node(2), &opening(1_000_000 + peer, NOW)).await.unwrap();
    }
}

/// The child has a small disk of its own, which nobody else sees.
#[test]
fn on_a_full_disk_the_caller_is_told_and_nothing_is_damaged() {
    let folder = Folder::new();
    let mounted = "mount -t tmpfs -o size=3m tmpfs \"$STORE_TEST_ORDER\" && exec \"$0\" \"$@\"";
    let child = child("sqlite::as_a_child_fills_its_disk", &folder.path().display().to_string());
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", mounted]).arg(child.get_program());
    command.args(child.get_args());
    command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = said(&command.output().unwrap());
    assert!(said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn as_a_child_fills_its_disk() {
    let Some(folder) = order() else { return };
    let folder = Path::new(&folder);
    let path = folder.join("a.db");
    let store = store::open(&settings(&format!("sqlite:{}", path.display()))).unwrap();
    store.prepare().await.unwrap();
    let alice = enter(&*store, "alice").await;

    // Leave no byte.
    let filler = folder.join("filler");
    let mut file = File::create(&filler).unwrap();
    while file.write_all(&[7; 4096]).is_ok() {}
    drop(file);

    let mut written = 0;
    let problem = loop {
        match store.append(node(1), &opening(written + 1, NOW)).await {
            Ok(()) => written += 1,
            Err(problem) => break problem,
        }
        assert!(written < 10_000, "the disk is not full");
    };
    let Error::Unavailable { why } = problem else { panic!("{problem}") };
    assert!(why.contains("the disk is full"), "{why}");
    assert_eq!(store.user(&alice.id).await, Ok(Some(alice.clone())), "reading goes on");
    assert_eq!(count(&*store).await, written, "what was acknowledged is there, and nothing else");

    fs::remove_file(&filler).unwrap();
    store.append(node(1), &opening(written + 1, NOW)).await.unwrap();
    store.create_user(&user("bob")).await.unwrap();
    assert_eq!(count(&*store).await, written + 1);
    drop(store);
    is_whole(&path).await;
}

async fn count(store: &dyn Store) -> u128 {
    let rows = store.participations(&Tenant::default(), &room("standup"), 100_000).await.unwrap();
    rows.len() as u128
}
