//! A PostgreSQL whose rows others hold: who waits gets there in the end, and nobody waits for each other in a circle.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use store::{Error, FAMILIES_OF_A_USER, Families, Revoked, Settings, Standing};
use tokio::task::JoinSet;

use crate::log::Log;
use crate::support::{
    Backend, LATER, NOW, all_revocations, enter, family, family_id, node, opening, settings, token, unique,
};

async fn run(link: &mut AnyConnection, text: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(text.into())).execute(link).await.unwrap();
}

/// Somebody has locked a table or a row, lets go, and takes it again: each time for less than a call may take.
#[tokio::test]
async fn a_database_that_answers_slowly_answers_all_of_many_calls_and_the_log_names_the_slow_ones() {
    const SLOW: Duration = Duration::from_millis(100);
    const HOLDS: [&str; 2] = [
        "BEGIN; LOCK TABLE users, rooms IN ACCESS EXCLUSIVE MODE",
        "BEGIN; UPDATE counters SET value = value WHERE name = 'revocations'",
    ];
    let place = Backend::Postgres.place();
    let store = store::open(&Settings { pool_size: 4, slow_query: SLOW, ..settings(&place.url()) }).unwrap();
    store.prepare().await.unwrap();
    let alice = enter(&*store, "alice").await;
    let mut other = AnyConnection::connect(&place.url()).await.unwrap();
    let log = Log::default();
    let _kept = log.keep();

    run(&mut other, HOLDS[0]).await;
    let mut calls = JoinSet::new();
    for number in 1..=40_u8 {
        let (store, alice) = (Arc::clone(&store), alice.clone());
        calls.spawn(async move {
            match number % 4 {
                0 => store.append(node(1), &opening(unique().into(), NOW)).await,
                1 => store.user(&alice.id).await.map(|_| ()),
                2 => {
                    store
                        .open_family(&family(number.into(), "alice"), &token(number), &alice.password_hash)
                        .await
                }
                _ => store.revoke_families(&Families::OfUser(alice.id), NOW, LATER).await,
            }
        });
    }
    let mut results: Vec<Result<(), Error>> = Vec::new();
    for hold in HOLDS.iter().cycle().skip(1) {
        run(&mut other, "SELECT pg_sleep(0.15); COMMIT").await;
        while let Some(result) = calls.try_join_next() {
            results.push(result.unwrap());
        }
        if calls.is_empty() {
            break;
        }
        run(&mut other, *hold).await;
    }

    assert_eq!(results, [const { Ok(()) }; 40]);
    for operation in ["append", "user", "open_family", "revoke_families"] {
        let name = format!("operation=\"{operation}\" elapsed_ms=");
        assert!(log.text().contains(&name), "{operation}: {}", log.text());
    }
}

/// A transaction that ends one of the families, and then takes the counter, as a token that is used twice does.
#[tokio::test]
async fn a_log_in_that_ends_several_others_takes_the_counter_when_it_has_them_all() {
    let fresh = Backend::Postgres.fresh().await;
    let alice = enter(&*fresh, "alice").await;
    let mut other = AnyConnection::connect(&fresh.place.url()).await.unwrap();
    // More than the limit lets live, as a version with a higher one may have left them.
    let old = u128::from(FAMILIES_OF_A_USER) + 2;
    for number in 1..=old {
        let (id, at_ms) = (family_id(number), NOW - 1_000 + u64::try_from(number).unwrap());
        let values = format!("'{id}', 'alice', {at_ms}, {LATER}");
        run(
            &mut other,
            format!(
                "INSERT INTO refresh_families (id, user_id, created_at_ms, expires_at_ms) VALUES ({values})"
            ),
        )
        .await;
    }
    run(
        &mut other,
        format!("BEGIN; UPDATE refresh_families SET revoked_at_ms = {NOW} WHERE id = '{}'", family_id(3)),
    )
    .await;

    let store = Arc::clone(&fresh.store);
    let mut opening = JoinSet::new();
    opening.spawn(async move {
        store.open_family(&family(1_000, "alice"), &token(1), &alice.password_hash).await
    });
    somebody_waits(&fresh.place.url()).await;
    run(&mut other, "UPDATE counters SET value = value WHERE name = 'revocations'; COMMIT").await;

    assert_eq!(opening.join_all().await, [Ok(())]);
    let what: Vec<_> = all_revocations(&*fresh).await.into_iter().map(|row| row.what).collect();
    assert_eq!(
        what,
        [1, 2].map(|number| Revoked::Family(family_id(number))),
        "the third was ended by the other one"
    );
}

/// Two who hold what the other needs: PostgreSQL ends the one that notices first.
#[tokio::test]
async fn a_transaction_that_is_ended_for_a_circle_of_locks_is_run_again() {
    let fresh = Backend::Postgres.fresh().await;
    let alice = enter(&*fresh, "alice").await;
    fresh.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await.unwrap();
    let mut other = AnyConnection::connect(&fresh.place.url()).await.unwrap();
    let id = family_id(1);
    // So that it is not this one that notices.
    let hold = format!(
        "SET deadlock_timeout = '1min'; BEGIN; UPDATE refresh_families SET created_at_ms = created_at_ms WHERE id = '{id}'"
    );
    run(&mut other, hold).await;

    let store = Arc::clone(&fresh.store);
    let mut disabling = JoinSet::new();
    disabling.spawn(async move { store.set_standing(&alice.id, Standing::Disabled, NOW, LATER).await });
    somebody_waits(&fresh.place.url()).await;
    run(&mut other, "UPDATE users SET name = name WHERE id = 'alice'; COMMIT").await;

    assert_eq!(disabling.join_all().await, [Ok(true)]);
    assert_eq!(all_revocations(&*fresh).await.len(), 2, "the user and the family, once each");
}

/// Waits until a transaction waits for a lock.
async fn somebody_waits(url: &str) {
    let waiting = "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()";
    let mut watcher = AnyConnection::connect(url).await.unwrap();
    while sqlx::raw_sql(waiting).fetch_all(&mut watcher).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}
