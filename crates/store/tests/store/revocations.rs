//! Revocations, and following them.

use domain::Tenant;
use store::{Cursor, Memory, REVOCATIONS_PAGE, Revocation, Revoked, Store as _};

use crate::on_every_backend;
use crate::support::{LATER, NOW, family_id, id};

fn revocation(what: Revoked, expires_at_ms: u64) -> Revocation {
    Revocation { tenant: Tenant::default(), what, revoked_at_ms: NOW, expires_at_ms }
}

fn of_token(name: &str, expires_at_ms: u64) -> Revocation {
    revocation(Revoked::Token(name.to_owned()), expires_at_ms)
}

on_every_backend! {
    async fn each_kind_comes_back_as_it_was_given_and_in_order(store: Fresh) {
        let mut elsewhere = of_token("a.b", LATER);
        elsewhere.tenant = Tenant::try_from("acme").unwrap();
        let given = [
            revocation(Revoked::All { issued_before_ms: NOW }, LATER),
            revocation(Revoked::User { user: id("alice"), issued_before_ms: 0 }, LATER),
            revocation(Revoked::Family(family_id(7)), LATER),
            elsewhere,
        ];
        for row in &given {
            store.revoke(row).await.unwrap();
        }
        let (rows, cursor) = store.revocations(Cursor::default(), NOW).await.unwrap();
        assert_eq!(rows, given);

        assert_eq!(store.revocations(cursor, NOW).await, Ok((vec![], cursor)));
        store.revoke(&of_token("late", LATER)).await.unwrap();
        let (rows, further) = store.revocations(cursor, NOW).await.unwrap();
        assert_eq!(rows, [of_token("late", LATER)]);
        assert!(further > cursor);
    }

    async fn a_reader_who_is_ahead_of_a_database_that_was_set_back_begins_again(store: Fresh) {
        let before = Memory::new();
        before.prepare().await.unwrap();
        for name in ["a", "b", "c"] {
            before.revoke(&of_token(name, LATER)).await.unwrap();
        }
        let (_, ahead) = before.revocations(Cursor::default(), NOW).await.unwrap();
        store.revoke(&of_token("anew", LATER)).await.unwrap();

        let (rows, cursor) = store.revocations(ahead, NOW).await.unwrap();
        assert_eq!((rows, cursor), (vec![], Cursor::default()));
        let (rows, cursor) = store.revocations(cursor, NOW).await.unwrap();
        assert_eq!(rows, [of_token("anew", LATER)]);
        assert_eq!(store.revocations(cursor, NOW).await, Ok((vec![], cursor)));
    }

    async fn what_has_expired_is_left_out(store: Fresh) {
        store.revoke(&of_token("short", NOW + 1)).await.unwrap();
        store.revoke(&of_token("long", NOW + 2)).await.unwrap();
        assert_eq!(store.revocations(Cursor::default(), NOW).await.unwrap().0.len(), 2);
        let rest = store.revocations(Cursor::default(), NOW + 1).await.unwrap().0;
        assert_eq!(rest, [of_token("long", NOW + 2)]);
        assert_eq!(store.revocations(Cursor::default(), NOW + 2).await.unwrap().0, []);
    }

    async fn many_come_a_page_at_a_time_and_each_once(store: Fresh) {
        let count = REVOCATIONS_PAGE as usize + 10;
        for number in 0..count {
            store.revoke(&of_token(&number.to_string(), LATER)).await.unwrap();
        }
        let (first, cursor) = store.revocations(Cursor::default(), NOW).await.unwrap();
        let (second, cursor) = store.revocations(cursor, NOW).await.unwrap();
        assert_eq!((first.len(), second.len()), (count - 10, 10));
        assert_eq!(second[9], of_token(&(count - 1).to_string(), LATER));
        assert_eq!(store.revocations(cursor, NOW).await, Ok((vec![], cursor)));
        assert_eq!(store.purge(LATER).await, Ok(count as u64), "in several batches");
    }
}
