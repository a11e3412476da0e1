//! The schema: made once, by whoever comes first, and the same on both databases.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;

use sqlx::{AnyConnection, Connection, Row};
use store::Error;
use tokio::task::JoinSet;

use crate::support::{Backend, child, enter, order, said, settings};

const STEPS: [&str; 2] = ["0001_accounts", "0002_history"];
const BOTH: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

/// Everything in the schema, as text: tables with columns, and indexes.
async fn schema(backend: Backend, url: &str) -> BTreeSet<String> {
    let mut link = AnyConnection::connect(url).await.unwrap();
    let (columns, indexes) = match backend {
        Backend::Sqlite => (
            "SELECT m.name || '.' || c.name || ' ' || c.type || CASE WHEN c.\"notnull\" = 1 THEN ' NOT NULL' ELSE '' END
             FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'",
            "SELECT m.name || CASE WHEN l.\"unique\" = 1 THEN ' UNIQUE' ELSE '' END
                 || CASE WHEN l.partial = 1 THEN ' PARTIAL' ELSE '' END || ' ON ' || l.tbl || ' (' || l.columns || ')'
             FROM sqlite_master AS m JOIN (
                 SELECT t.name AS tbl, i.name, i.\"unique\", i.partial,
                     (SELECT group_concat(name, ', ') FROM pragma_index_info(i.name)) AS columns
                 FROM sqlite_master AS t, pragma_index_list(t.name) AS i WHERE t.type = 'table' AND i.origin = 'c'
             ) AS l ON l.name = m.name WHERE m.type = 'index'",
        ),
        Backend::Postgres => (
            "SELECT table_name || '.' || column_name || ' ' || upper(data_type)
                 || CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END
             FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT c.relname || CASE WHEN i.indisunique THEN ' UNIQUE' ELSE '' END
                 || CASE WHEN i.indpred IS NULL THEN '' ELSE ' PARTIAL' END || ' ON ' || t.relname
                 || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.n)
                     FROM unnest(i.indkey) WITH ORDINALITY AS k (number, n)
                     JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number) || ')'
             FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid
             JOIN pg_namespace AS s ON s.oid = t.relnamespace WHERE s.nspname = 'public' AND NOT i.indisprimary",
        ),
        Backend::Memory => panic!("maps have no schema"),
    };
    let mut all = BTreeSet::new();
    for text in [columns, indexes] {
        let rows = sqlx::query(text).fetch_all(&mut link).await.unwrap();
        all.extend(rows.iter().map(|row| row.get::<String, _>(0).replace(" BYTEA", " BLOB")));
    }
    all
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let [sqlite, postgres] = [Backend::Sqlite.fresh().await, Backend::Postgres.fresh().await];
    let sqlite = schema(Backend::Sqlite, &sqlite.place.url()).await;
    let postgres = schema(Backend::Postgres, &postgres.place.url()).await;
    let only_sqlite: Vec<_> = sqlite.difference(&postgres).collect();
    let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
    assert_eq!((only_sqlite, only_postgres), (vec![], vec![]));
    assert!(sqlite.contains("room_participants.duration_ms BIGINT"), "{sqlite:?}");
    assert!(sqlite.contains("users_email UNIQUE ON users (email)"), "{sqlite:?}");
    assert!(sqlite.len() > 80, "{sqlite:?}");
}

#[tokio::test]
async fn a_second_preparation_finds_nothing_to_do() {
    for backend in BOTH {
        let place = backend.place();
        let store = store::open(&settings(&place.url())).unwrap();
        assert!(matches!(store.ping().await, Err(Error::Unavailable { .. })), "it is not prepared");
        assert_eq!(store.prepare().await.unwrap(), STEPS);
        assert_eq!(store.ping().await, Ok(()));
        let alice = enter(&*store, "alice").await;
        assert_eq!(store.prepare().await.unwrap(), Vec::<String>::new());
        let another = store::open(&settings(&place.url())).unwrap();
        assert_eq!(another.prepare().await.unwrap(), Vec::<String>::new());
        assert_eq!(another.user(&alice.id).await, Ok(Some(alice)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_four_pools_that_migrate_at_once_each_step_is_applied_by_one() {
    for backend in BOTH {
        let place = Arc::new(backend.place());
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let place = Arc::clone(&place);
            tasks.spawn(async move {
                let store = store::open(&settings(&place.url())).unwrap();
                let applied = store.prepare().await.unwrap();
                store.ping().await.unwrap();
                applied
            });
        }
        let mut applied = tasks.join_all().await;
        applied.sort();
        assert_eq!(applied.concat(), STEPS, "{backend:?}");
        assert_eq!(applied[3], STEPS, "{backend:?}: one did it all");
    }
}

#[test]
fn of_four_processes_that_migrate_at_once_each_step_is_applied_by_one() {
    for backend in BOTH {
        let place = backend.place();
        let start = |_| {
            let mut child = child("migrations::as_a_child_migrates", &place.url());
            child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = (0..4).map(start).collect();
        let said: String =
            children.into_iter().map(|child| said(&child.wait_with_output().unwrap())).collect();
        for step in STEPS {
            assert_eq!(said.matches(step).count(), 1, "{backend:?}: {said}");
        }
    }
}

#[tokio::test]
async fn as_a_child_migrates() {
    let Some(url) = order() else { return };
    let store = store::open(&settings(&url)).unwrap();
    #[expect(clippy::print_stdout, reason = "how a child tells its parent")]
    {
        println!("applied {:?}", store.prepare().await.unwrap());
    }
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_left_alone() {
    for backend in BOTH {
        let fresh = backend.fresh().await;
        let mut link = AnyConnection::connect(&fresh.place.url()).await.unwrap();
        sqlx::raw_sql("INSERT INTO migrations (name) VALUES ('9999_future')")
            .execute(&mut link)
            .await
            .unwrap();
        let store = store::open(&settings(&fresh.place.url())).unwrap();
        let Err(Error::Broken { why }) = store.prepare().await else { panic!("it is refused") };
        assert!(why.contains("9999_future") && why.contains("newer"), "{why}");
        assert!(matches!(store.ping().await, Err(Error::Unavailable { .. })));
    }
}
