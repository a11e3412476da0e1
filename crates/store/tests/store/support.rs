//! A fresh store for each test, and short words for what is put into it.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use domain::{Fact, Participation, PeerId, RoomId, Sitting, Tenant, UserId};
use store::{
    Cursor, Family, FamilyId, Memory, NodeId, PasswordHash, Revocation, Role, Settings, Standing, Store,
    TokenHash, User,
};
use uuid::Uuid;

use crate::postgres::{Database, Postgres};

/// Some time, in milliseconds since 1970, and far later.
pub(crate) const NOW: u64 = 1_750_000_000_000;
pub(crate) const LATER: u64 = NOW + 7 * 24 * 3_600_000;

/// One of the backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Memory,
    Sqlite,
    Postgres,
}

/// Makes one test for each backend of a body.
#[macro_export]
macro_rules! on_every_backend {
    ($(async fn $name:ident($store:ident: Fresh) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn story($store: $crate::support::Fresh) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_memory() {
                story($crate::support::Backend::Memory.fresh().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                story($crate::support::Backend::Sqlite.fresh().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                story($crate::support::Backend::Postgres.fresh().await).await;
            }
        }
    )+};
}

/// A store with nothing in it, and where its data is.
pub(crate) struct Fresh {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) place: Place,
}

/// Where the data of a store is. It is gone when this is dropped.
pub(crate) enum Place {
    Nowhere,
    File(Folder),
    Server(Database),
}

impl Place {
    pub(crate) fn url(&self) -> String {
        match self {
            Place::Nowhere => panic!("maps have no URL"),
            Place::File(folder) => format!("sqlite:{}", folder.database().display()),
            Place::Server(database) => database.url(),
        }
    }
}

impl Backend {
    pub(crate) fn place(self) -> Place {
        match self {
            Backend::Memory => Place::Nowhere,
            Backend::Sqlite => Place::File(Folder::new()),
            Backend::Postgres => Place::Server(Postgres::shared().database()),
        }
    }

    pub(crate) async fn fresh(self) -> Fresh {
        let place = self.place();
        let store: Arc<dyn Store> = match self {
            Backend::Memory => Arc::new(Memory::new()),
            Backend::Sqlite | Backend::Postgres => store::open(&settings(&place.url())).unwrap(),
        };
        store.prepare().await.unwrap();
        Fresh { store, place }
    }
}

impl Deref for Fresh {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

/// What a busy machine needs, and more.
pub(crate) fn settings(url: &str) -> Settings {
    let timeout = Duration::from_secs(20);
    Settings { url: url.to_owned(), pool_size: 8, timeout, slow_query: timeout }
}

/// A folder that is removed when this is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("store test {}-{count}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("a.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// This program again, as another process that runs the test of that name alone. What it is told comes in [`ORDER`].
pub(crate) fn child(test: &str, order: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(ORDER, order);
    command
}

/// What a test finds that runs in a child; elsewhere there is none, and nothing to do.
pub(crate) fn order() -> Option<String> {
    std::env::var_os(ORDER).map(|order| order.into_string().unwrap())
}

const ORDER: &str = "STORE_TEST_ORDER";

/// What a child said, if all went well.
pub(crate) fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

pub(crate) fn id(text: &str) -> UserId {
    UserId::try_from(text).unwrap()
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(text.to_owned())
}

pub(crate) fn user(name: &str) -> User {
    User {
        id: id(name),
        email: format!("{name}@example.org"),
        name: name.to_owned(),
        avatar: None,
        role: Role::User,
        standing: Standing::Active,
        password_hash: hash("old"),
        created_at_ms: NOW,
        updated_at_ms: NOW,
    }
}

/// Puts an account in.
pub(crate) async fn enter(store: &dyn Store, name: &str) -> User {
    let user = user(name);
    store.create_user(&user).await.unwrap();
    user
}

pub(crate) fn token(number: u8) -> TokenHash {
    TokenHash::new([number; 32])
}

pub(crate) fn family(number: u128, user: &str) -> Family {
    Family { id: family_id(number), user: id(user), created_at_ms: NOW, expires_at_ms: LATER }
}

pub(crate) fn family_id(number: u128) -> FamilyId {
    FamilyId::new(Uuid::from_u128(number))
}

pub(crate) fn node(number: u128) -> NodeId {
    NodeId::new(Uuid::from_u128(number))
}

/// All revocations that count now.
pub(crate) async fn all_revocations(store: &dyn Store) -> Vec<Revocation> {
    store.revocations(Cursor::default(), NOW).await.unwrap().0
}

pub(crate) fn room(name: &str) -> RoomId {
    RoomId::try_from(name).unwrap()
}

/// A connection's first time in a room.
pub(crate) fn participation(peer: u128) -> Participation {
    Participation { peer: PeerId::from_bits(peer), number: 1 }
}

/// Someone opens the room `standup` and enters.
pub(crate) fn opening(peer: u128, at_ms: u64) -> Vec<Fact> {
    let (tenant, room) = (Tenant::default(), room("standup"));
    let sitting = Sitting(participation(peer));
    let opened =
        Fact::RoomOpened { sitting, tenant: tenant.clone(), room: room.clone(), opened_at_ms: at_ms };
    let joined = Fact::Joined {
        participation: participation(peer),
        sitting,
        tenant,
        room,
        user: id(&format!("user-{peer}")),
        username: None,
        standing: domain::Standing::Guest,
        joined_at_ms: at_ms,
    };
    vec![opened, joined]
}

/// They leave it, and it closes.
pub(crate) fn closing(peer: u128, at_ms: u64) -> Vec<Fact> {
    let left = Fact::Left { participation: participation(peer), left_at_ms: at_ms };
    vec![left, Fact::RoomClosed { sitting: Sitting(participation(peer)), closed_at_ms: at_ms }]
}

/// A number that no other call in this process returns.
pub(crate) fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
