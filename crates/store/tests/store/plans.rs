//! What both databases say of how they find rows: by an index, in every statement that looks for some.

use std::fs;

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};
use store::STATEMENTS;

use crate::support::Backend;

/// Tables that grow, filled with so many rows that reading them all would be foolish.
const FILL: &str = "
    CREATE TABLE numbers (n BIGINT);
    INSERT INTO numbers WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 5000) SELECT n FROM up;
    INSERT INTO users SELECT 'u' || n, 'e' || n, 'n' || n, NULL, 'user', 'active', 'h', n, n FROM numbers;
    INSERT INTO user_words SELECT 'w' || n, 'u' || n FROM numbers;
    INSERT INTO refresh_families SELECT 'f' || n, 'u' || n, n, n, NULL FROM numbers;
    INSERT INTO refresh_tokens SELECT CAST('t' || n AS {bytes}), 'f' || n, n, NULL FROM numbers;
    INSERT INTO revocations SELECT n, '', 'token', 's' || n, NULL, n, n FROM numbers;
    INSERT INTO subjects SELECT '', 'u' || n, n FROM numbers;
    INSERT INTO rooms SELECT 's' || n, '', 'r' || n, NULL, NULL, NULL, 'n' || n, 'open', n, NULL FROM numbers;
    INSERT INTO room_participants
        SELECT 'p' || n, 's' || n, '', 'r' || n, 'u' || n, NULL, 'guest', 'n' || n, n, NULL, NULL FROM numbers;
    DROP TABLE numbers;
    ANALYZE;";

const GROWING: [&str; 8] = [
    "users",
    "user_words",
    "refresh_families",
    "refresh_tokens",
    "revocations",
    "subjects",
    "rooms",
    "room_participants",
];

async fn filled(url: &str, bytes: &str) -> AnyConnection {
    let mut link = AnyConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(FILL.replace("{bytes}", bytes))).execute(&mut link).await.unwrap();
    link
}

async fn lines(link: &mut AnyConnection, text: String, column: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(link).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(column)).collect()
}

#[tokio::test]
async fn sqlite_finds_by_an_index_whatever_it_looks_for() {
    let fresh = Backend::Sqlite.fresh().await;
    let mut link = filled(&fresh.place.url(), "BLOB").await;
    for (name, text) in STATEMENTS {
        let text = text.replace("{rows}", "($1, $2), ($3, $4)");
        let plan = lines(&mut link, format!("EXPLAIN QUERY PLAN {text}"), "detail").await;
        for table in GROWING {
            let scan = format!("SCAN {table}");
            let is_scanned = plan.iter().any(|line| *line == scan || line.starts_with(&format!("{scan} ")));
            assert!(!is_scanned, "{name}: {plan:#?}");
        }
    }
}

#[tokio::test]
async fn postgres_finds_by_an_index_whatever_it_looks_for() {
    let fresh = Backend::Postgres.fresh().await;
    let mut link = filled(&fresh.place.url(), "BYTEA").await;
    for (name, text) in STATEMENTS {
        let text = text.replace("{rows}", "($1, CAST($2 AS BIGINT)), ($3, CAST($4 AS BIGINT))");
        let values = (1..).take_while(|number| text.contains(&format!("${number}"))).map(|_| "'10'");
        let values = values.collect::<Vec<_>>().join(", ");
        let values = if values.is_empty() { values } else { format!("({values})") };
        sqlx::raw_sql(AssertSqlSafe(format!("PREPARE {name} AS {text}"))).execute(&mut link).await.unwrap();
        let plan = lines(&mut link, format!("EXPLAIN EXECUTE {name} {values}"), "QUERY PLAN").await;
        for table in GROWING {
            let is_scanned = plan.iter().any(|line| line.contains(&format!("Seq Scan on {table}")));
            assert!(!is_scanned, "{name}: {plan:#?}");
        }
    }
}

#[test]
fn no_statement_looks_for_rows_that_is_not_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sql");
    let mut problems = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let is_list = path.ends_with("texts.rs") || path.ends_with("migrations.rs");
        let looks =
            |line: &&str| ["\"SELECT ", "\"UPDATE ", "\"DELETE "].iter().any(|verb| line.contains(verb));
        let found = text.lines().filter(looks).filter(|line| !line.contains("\"SELECT 1\""));
        problems.extend(found.filter(|_| !is_list).map(|line| format!("{}: {line}", path.display())));
    }
    assert_eq!(problems, Vec::<String>::new(), "put these into texts.rs");
}
