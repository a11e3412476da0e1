//! Several callers at the same time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::Tenant;
use sqlx::Connection;
use store::{Cursor, Error, Families, Revocation, Revoked, Rotation, Standing};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::on_every_backend;
use crate::support::{
    Backend, LATER, NOW, all_revocations, closing, enter, family, family_id, id, node, opening, room,
    settings, token, user,
};

const TASKS: u8 = 8;

on_every_backend! {
    async fn of_parallel_refreshes_exactly_one_wins(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        for round in 0..10_u8 {
            let (number, spent) = (u128::from(round) + 1, token(round * 20));
            store.open_family(&family(number, "alice"), &spent, &alice.password_hash).await.unwrap();

            let barrier = Arc::new(Barrier::new(TASKS.into()));
            let mut tasks = JoinSet::new();
            for task in 0..TASKS {
                let (store, barrier, fresh) = (Arc::clone(&store.store), Arc::clone(&barrier), token(round * 20 + 1 + task));
                tasks.spawn(async move {
                    barrier.wait().await;
                    (fresh, store.rotate(&spent, &fresh, NOW, LATER).await.unwrap())
                });
            }
            let answers = tasks.join_all().await;

            let won: Vec<_> = answers.iter().filter(|(_, answer)| matches!(answer, Rotation::Rotated { .. })).collect();
            let reused = answers.iter().filter(|(_, answer)| matches!(answer, Rotation::Reused { .. })).count();
            assert_eq!((won.len(), reused), (1, 1), "{answers:?}");
            let next = store.rotate(&won[0].0, &token(255), NOW, LATER).await;
            assert_eq!(next, Ok(Rotation::Refused), "the family is over");
            assert_eq!(all_revocations(&*store).await.len(), usize::from(round) + 1);
        }
    }

    async fn of_parallel_registrations_of_an_address_one_wins(store: Fresh) {
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let (store, mut user) = (Arc::clone(&store.store), user(&format!("user{task}")));
            user.email = "same@example.org".to_owned();
            tasks.spawn(async move { store.create_user(&user).await });
        }
        let answers = tasks.join_all().await;
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(())).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == Err(Error::Conflict)).count(), usize::from(TASKS) - 1);
        assert_eq!(store.list_users(None, 100).await.unwrap().len(), 1);
    }

    async fn a_log_in_that_races_a_disabling_leaves_nothing_alive(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        for round in 0..20_u8 {
            store.set_standing(&alice.id, Standing::Active, NOW, LATER).await.unwrap();
            let opening = async {
                let family = family(u128::from(round) + 1, "alice");
                store.open_family(&family, &token(round), &alice.password_hash).await
            };
            let disabling = store.set_standing(&alice.id, Standing::Disabled, NOW, LATER);
            let (opened, disabled) = tokio::join!(opening, disabling);
            assert_eq!(disabled, Ok(true));
            store.set_standing(&alice.id, Standing::Active, NOW, LATER).await.unwrap();
            let rotated = store.rotate(&token(round), &token(100 + round), NOW, LATER).await;
            assert_eq!(rotated, Ok(Rotation::Refused), "{opened:?}");
        }
    }

    async fn everything_at_once_ends_without_a_deadlock(store: Fresh) {
        let people: Vec<_> = ["alice", "bob"].map(user).into();
        for user in &people {
            store.create_user(user).await.unwrap();
        }
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let (store, people) = (Arc::clone(&store.store), people.clone());
            tasks.spawn(async move {
                for round in 0..10_u8 {
                    let user = &people[usize::from(round % 2)];
                    let number = u128::from(task) * 100 + u128::from(round) + 1;
                    let token = store::TokenHash::new([task, round].repeat(16).try_into().unwrap());
                    let fresh = store::TokenHash::new([task + 100, round].repeat(16).try_into().unwrap());
                    store.open_family(&family(number, user.id.as_str()), &token, &user.password_hash).await.unwrap();
                    store.rotate(&token, &fresh, NOW, LATER).await.unwrap();
                    store.rotate(&token, &token, NOW, LATER).await.unwrap();
                    store.revoke_families(&Families::OfUser(user.id.clone()), NOW, LATER).await.unwrap();
                    store.set_standing(&user.id, Standing::Active, NOW, LATER).await.unwrap();
                    store.append(node(task.into()), &opening(number, NOW)).await.unwrap();
                    store.beat(node(task.into()), NOW).await.unwrap();
                    store.close_orphans(NOW + 100, NOW + 1).await.unwrap();
                    store.append(node(task.into()), &closing(number, NOW + 1)).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        let left = store.participations(&Tenant::default(), &room("standup"), 1_000).await.unwrap();
        assert_eq!(left.len(), usize::from(TASKS) * 10);
        assert!(left.iter().all(|row| row.left_at_ms == Some(NOW + 1)));
    }

    async fn callers_that_give_up_in_the_middle_leave_a_store_that_works(store: Fresh) {
        for micros in (0..4_000_u64).step_by(100) {
            let facts = opening(micros.into(), NOW);
            timeout(Duration::from_micros(micros), store.append(node(1), &facts)).await.ok();
        }
        for number in 0..20 {
            store.append(node(1), &opening(10_000 + number, NOW)).await.unwrap();
        }
        let rows = store.participations(&Tenant::default(), &room("standup"), 100).await.unwrap();
        let opened = store.rooms(&Tenant::default(), &room("standup"), 100).await.unwrap();
        assert_eq!(rows.len(), opened.len(), "each batch as a whole, or not at all");
        assert!(rows.len() >= 20);
    }

    async fn no_reader_misses_a_revocation_however_many_add_them(store: Fresh) {
        const EACH: usize = 30;
        let mut writers = JoinSet::new();
        for task in 0..TASKS {
            let store = Arc::clone(&store.store);
            writers.spawn(async move {
                for number in 0..EACH {
                    let what = Revoked::Token(format!("{task}.{number}"));
                    let row = Revocation { tenant: Tenant::default(), what, revoked_at_ms: NOW, expires_at_ms: LATER };
                    store.revoke(&row).await.unwrap();
                }
            });
        }
        let (mut seen, mut cursor) = (Vec::new(), Cursor::default());
        // Writers get their turn on a machine of one core too.
        let mut looks = tokio::time::interval(Duration::from_millis(2));
        while seen.len() < EACH * usize::from(TASKS) {
            looks.tick().await;
            let is_last = writers.is_empty();
            let (rows, further) = store.revocations(cursor, NOW).await.unwrap();
            assert!(!is_last || !rows.is_empty(), "{} of them were missed", EACH * usize::from(TASKS) - seen.len());
            seen.extend(rows.into_iter().map(|row| row.what));
            cursor = further;
            while writers.try_join_next().is_some() {}
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "each once");
    }
}

/// On PostgreSQL two transactions can be under way: the second to begin would be the first to commit, if it were let.
#[tokio::test]
async fn a_revocation_that_is_committed_late_is_not_passed_by_those_after_it() {
    let fresh = Backend::Postgres.fresh().await;
    let url = fresh.place.url();
    let mut late = sqlx::AnyConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(
        "BEGIN; UPDATE counters SET value = value + 1 WHERE name = 'revocations';
         INSERT INTO revocations SELECT value, '', 'token', 'late', NULL, 0, 9000000000000 FROM counters",
    )
    .execute(&mut late)
    .await
    .unwrap();

    let what = Revoked::Family(family_id(1));
    let row = Revocation { tenant: Tenant::default(), what, revoked_at_ms: NOW, expires_at_ms: LATER };
    let mut early = std::pin::pin!(fresh.revoke(&row));
    assert!(timeout(Duration::from_millis(300), &mut early).await.is_err(), "it waits for the one before it");
    let (rows, cursor) = fresh.revocations(Cursor::default(), NOW).await.unwrap();
    assert_eq!(rows, []);

    sqlx::raw_sql("COMMIT").execute(&mut late).await.unwrap();
    early.await.unwrap();
    let rows = fresh.revocations(cursor, NOW).await.unwrap().0;
    assert_eq!(rows[0].what, Revoked::Token("late".to_owned()));
    assert_eq!(rows[1], row);
}

#[tokio::test]
async fn two_stores_on_one_postgres_agree_who_has_won() {
    let first = Backend::Postgres.fresh().await;
    let second = store::open(&settings(&first.place.url())).unwrap();
    second.prepare().await.unwrap();
    let alice = enter(&*first, "alice").await;
    first.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await.unwrap();
    let (spent, fresh) = (token(1), [token(2), token(3)]);
    let (ours, theirs) = tokio::join!(
        first.rotate(&spent, &fresh[0], NOW, LATER),
        second.rotate(&spent, &fresh[1], NOW, LATER)
    );
    let won = [ours.unwrap(), theirs.unwrap()]
        .into_iter()
        .filter(|answer| matches!(answer, Rotation::Rotated { .. }));
    assert_eq!(won.count(), 1);
    assert_eq!(second.user(&id("alice")).await, Ok(Some(alice)));
}
