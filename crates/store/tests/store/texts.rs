//! Every text that comes from outside: stored as it is, or refused as what it is, and never a program of anybody's.

use domain::Tenant;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::{Error, ProfileChange, Revocation, Revoked, Store};

use crate::on_every_backend;
use crate::support::{Backend, LATER, NOW, all_revocations, enter, hash, id, unique, user};

const ODD: [&str; 14] = [
    "",
    " ",
    "'; DROP TABLE users; --",
    "\" OR \"\"=\"",
    "$1",
    "?",
    "{rows}",
    "\\x00",
    "%_\\",
    "\u{1}\u{7f}\u{85}",
    "\u{feff}\u{202e}\u{200d}",
    "\u{fffd}\u{fffe}\u{10ffff}",
    "e\u{301} é ß İ ı",
    "👩‍👩‍👧 한국어",
];

on_every_backend! {
    async fn odd_texts_come_back_as_they_went_in(store: Fresh) {
        for (number, odd) in ODD.into_iter().enumerate() {
            let mut given = user(&format!("user{number}"));
            given.email = format!("{number}{odd}");
            given.name = odd.to_owned();
            given.avatar = Some(odd.to_owned());
            given.password_hash = hash(odd);
            store.create_user(&given).await.unwrap();
            assert_eq!(store.user(&given.id).await, Ok(Some(given.clone())), "{odd:?}");
            assert_eq!(store.user_by_email(&given.email).await, Ok(Some(given.clone())), "{odd:?}");

            let change = ProfileChange { name: Some(format!("x{odd}")), avatar: Some(Some(odd.to_owned())) };
            let changed = store.update_profile(&given.id, &change, NOW).await.unwrap().unwrap();
            assert_eq!((changed.name, changed.avatar), (format!("x{odd}"), Some(odd.to_owned())), "{odd:?}");
            let done = store.rehash(&given.id, &hash(odd), &hash(&format!("{odd}2")), NOW).await;
            assert_eq!(done, Ok(true), "{odd:?}");

            let revocation = Revocation {
                tenant: Tenant::default(),
                what: Revoked::Token(odd.to_owned()),
                revoked_at_ms: NOW,
                expires_at_ms: LATER,
            };
            store.revoke(&revocation).await.unwrap();
            assert_eq!(all_revocations(&*store).await.last(), Some(&revocation), "{odd:?}");
        }
        assert_eq!(store.list_users(None, 100).await.unwrap().len(), ODD.len());
    }

    async fn text_with_nul_is_refused_where_it_was_to_be_stored_and_found_nowhere(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        let refused = |field| Err(Error::Invalid { field });
        for field in ["email", "name", "avatar", "password hash"] {
            let mut given = user("bob");
            match field {
                "email" => given.email.push('\0'),
                "name" => given.name.insert(0, '\0'),
                "avatar" => given.avatar = Some("a\0b".to_owned()),
                _ => given.password_hash = hash("\0"),
            }
            assert_eq!(store.create_user(&given).await, refused(field));
        }
        let name = ProfileChange { name: Some("\0".to_owned()), avatar: None };
        let avatar = ProfileChange { name: None, avatar: Some(Some("\0".to_owned())) };
        let of = &alice.id;
        assert_eq!(store.update_profile(of, &name, NOW).await, Err(Error::Invalid { field: "name" }));
        assert_eq!(store.update_profile(of, &avatar, NOW).await, Err(Error::Invalid { field: "avatar" }));
        let nul = hash("a\0");
        let no_hash = Err(Error::Invalid { field: "password hash" });
        assert_eq!(store.rehash(of, &alice.password_hash, &nul, NOW).await, no_hash);
        assert_eq!(store.set_password(of, &alice.password_hash, &nul, None, NOW, LATER).await, no_hash);
        assert_eq!(store.rehash(of, &nul, &hash("new"), NOW).await, Ok(false));
        assert_eq!(store.set_password(of, &nul, &hash("new"), None, NOW, LATER).await, Ok(false));
        let family = crate::support::family(1, "alice");
        let opened = store.open_family(&family, &crate::support::token(1), &nul).await;
        assert_eq!(opened, Err(Error::Conflict));
        let what = Revoked::Token("\0".to_owned());
        let token = Revocation { tenant: Tenant::default(), what, revoked_at_ms: NOW, expires_at_ms: LATER };
        assert_eq!(store.revoke(&token).await, refused("token id"));

        assert_eq!(store.user_by_email("alice@example.org\0").await, Ok(None));
        assert_eq!(store.search_users("ali\0", 9).await, Ok(vec![]));
        assert_eq!(store.list_users(None, 9).await, Ok(vec![alice]));
        assert_eq!(all_revocations(&*store).await, []);
    }

    async fn times_that_no_clock_shows_are_kept_as_far_as_they_go(store: Fresh) {
        let mut alice = user("alice");
        (alice.created_at_ms, alice.updated_at_ms) = (0, i64::MAX as u64);
        store.create_user(&alice).await.unwrap();
        assert_eq!(store.user(&alice.id).await, Ok(Some(alice.clone())));
        store.beat(crate::support::node(1), u64::MAX).await.unwrap();
        assert_eq!(store.close_orphans(u64::MAX, u64::MAX).await, Ok(0));
        assert_eq!(store.purge(u64::MAX).await, Ok(0));
        assert_eq!(store.user(&id("alice")).await, Ok(Some(alice)));
    }
}

/// What any text may come to.
async fn store_and_find(store: &dyn Store, text: &str) {
    let mut given = user(&format!("user{}", unique()));
    given.name = text.to_owned();
    given.avatar = Some(text.to_owned());
    let made = store.create_user(&given).await;
    if text.contains('\0') {
        assert!(matches!(made, Err(Error::Invalid { .. })), "{text:?}: {made:?}");
    } else {
        assert_eq!(made, Ok(()), "{text:?}");
        assert_eq!(store.user(&given.id).await, Ok(Some(given)), "{text:?}");
    }
    store.user_by_email(text).await.unwrap();
    let found = store.search_users(text, 1_000).await.unwrap();
    let can_be_found = !text.contains('\0') && !text.trim().is_empty();
    assert!(!can_be_found || found.iter().any(|user| user.name == text), "{text:?}: {found:?}");
}

fn any_text_does(backend: Backend) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(backend.fresh());
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&any::<String>(), |text| {
        runtime.block_on(store_and_find(&*store, &text));
        Ok(())
    });
    outcome.unwrap_or_else(|problem| panic!("{problem}"));
    runtime.block_on(async { drop(store) });
}

#[test]
fn any_text_is_stored_and_found_or_refused_in_memory() {
    any_text_does(Backend::Memory);
}

#[test]
fn any_text_is_stored_and_found_or_refused_on_sqlite() {
    any_text_does(Backend::Sqlite);
}

#[test]
fn any_text_is_stored_and_found_or_refused_on_postgres() {
    any_text_does(Backend::Postgres);
}
