//! Accounts.

use domain::Tenant;
use store::{Error, ProfileChange, Revoked, Role, Standing};

use crate::on_every_backend;
use crate::support::{LATER, NOW, all_revocations, enter, family, family_id, hash, id, token, user};

on_every_backend! {
    async fn an_account_is_found_by_its_id_and_by_its_address(store: Fresh) {
        let mut alice = user("alice");
        alice.avatar = Some("https://example.org/a.png".to_owned());
        alice.role = Role::Admin;
        store.create_user(&alice).await.unwrap();

        assert_eq!(store.user(&alice.id).await, Ok(Some(alice.clone())));
        assert_eq!(store.user_by_email("alice@example.org").await, Ok(Some(alice)));
        assert_eq!(store.user(&id("bob")).await, Ok(None));
        assert_eq!(store.user_by_email("Alice@example.org").await, Ok(None), "bytes are compared");
    }

    async fn an_id_and_an_address_are_taken_once(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        let mut same_id = user("bob");
        same_id.id = alice.id.clone();
        let mut same_address = user("carol");
        same_address.email = alice.email.clone();

        assert_eq!(store.create_user(&same_id).await, Err(Error::Conflict));
        assert_eq!(store.create_user(&same_address).await, Err(Error::Conflict));

        assert_eq!(store.list_users(None, 10).await, Ok(vec![alice]));
        assert_eq!(store.search_users("carol", 10).await, Ok(vec![]));
    }

    async fn accounts_are_listed_by_id_a_page_at_a_time(store: Fresh) {
        for name in ["b", "Z", "a", "é", "10", "9"] {
            enter(&*store, name).await;
        }
        let names = |page: Vec<store::User>| page.into_iter().map(|user| user.name).collect::<Vec<_>>();
        assert_eq!(names(store.list_users(None, 4).await.unwrap()), ["10", "9", "Z", "a"], "by bytes");
        assert_eq!(names(store.list_users(Some(&id("a")), 4).await.unwrap()), ["b", "é"]);
        assert_eq!(names(store.list_users(Some(&id("é")), 4).await.unwrap()), Vec::<String>::new());
        assert_eq!(names(store.list_users(None, 0).await.unwrap()), Vec::<String>::new());
    }

    async fn of_a_profile_changes_what_is_said_to_change(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        let nothing = ProfileChange::default();
        let name = ProfileChange { name: Some("Alicia".to_owned()), ..nothing.clone() };
        let avatar = ProfileChange { avatar: Some(Some("https://a".to_owned())), ..nothing.clone() };
        let no_avatar = ProfileChange { avatar: Some(None), ..nothing.clone() };

        let mut expected = store::User { name: "Alicia".to_owned(), updated_at_ms: NOW + 1, ..alice.clone() };
        assert_eq!(store.update_profile(&alice.id, &name, NOW + 1).await, Ok(Some(expected.clone())));
        expected.avatar = Some("https://a".to_owned());
        assert_eq!(store.update_profile(&alice.id, &avatar, NOW + 1).await, Ok(Some(expected.clone())));
        expected.updated_at_ms = NOW + 2;
        assert_eq!(store.update_profile(&alice.id, &nothing, NOW + 2).await, Ok(Some(expected.clone())));
        expected.avatar = None;
        assert_eq!(store.update_profile(&alice.id, &no_avatar, NOW + 2).await, Ok(Some(expected.clone())));
        assert_eq!(store.user(&alice.id).await, Ok(Some(expected)));
        assert_eq!(store.update_profile(&id("bob"), &name, NOW).await, Ok(None));
    }

    async fn a_new_password_ends_all_other_log_ins(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        for number in 1..=3 {
            let family = family(number.into(), "alice");
            store.open_family(&family, &token(number), &alice.password_hash).await.unwrap();
        }

        let keep = family_id(2);
        let done = store.set_password(&alice.id, &hash("old"), &hash("new"), Some(&keep), NOW + 1, LATER).await;
        assert_eq!(done, Ok(true));

        let changed = store.user(&alice.id).await.unwrap().unwrap();
        assert_eq!((changed.password_hash, changed.updated_at_ms), (hash("new"), NOW + 1));
        let revoked = all_revocations(&*store).await;
        let what: Vec<_> = revoked.iter().map(|row| row.what.clone()).collect();
        assert_eq!(what, [Revoked::Family(family_id(1)), Revoked::Family(family_id(3))]);
        assert!(revoked.iter().all(|row| row.revoked_at_ms == NOW + 1 && row.expires_at_ms == LATER));
    }

    async fn a_password_that_somebody_else_has_changed_stays_theirs(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        store.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await.unwrap();

        let late = store.set_password(&alice.id, &hash("older"), &hash("new"), None, NOW, LATER).await;
        assert_eq!(late, Ok(false));
        assert_eq!(store.rehash(&alice.id, &hash("older"), &hash("new"), NOW).await, Ok(false));
        let nobody = store.set_password(&id("bob"), &hash("old"), &hash("new"), None, NOW, LATER).await;
        assert_eq!(nobody, Ok(false));

        assert_eq!(store.user(&alice.id).await, Ok(Some(alice)));
        assert_eq!(all_revocations(&*store).await, []);
    }

    async fn another_hash_of_the_same_password_ends_nothing(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        store.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await.unwrap();

        assert_eq!(store.rehash(&alice.id, &hash("old"), &hash("stronger"), NOW + 1).await, Ok(true));

        assert_eq!(store.user(&alice.id).await.unwrap().unwrap().password_hash, hash("stronger"));
        assert_eq!(all_revocations(&*store).await, []);
    }

    async fn who_is_disabled_is_told_off_everywhere_at_once(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        enter(&*store, "bob").await;
        store.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await.unwrap();
        store.open_family(&family(2, "bob"), &token(2), &alice.password_hash).await.unwrap();

        assert_eq!(store.set_standing(&alice.id, Standing::Disabled, NOW + 1, LATER).await, Ok(true));

        let now = store.user(&alice.id).await.unwrap().unwrap();
        assert_eq!((now.standing, now.updated_at_ms), (Standing::Disabled, NOW + 1));
        let what: Vec<_> = all_revocations(&*store).await.into_iter().map(|row| row.what).collect();
        let everything = Revoked::User { user: alice.id.clone(), issued_before_ms: NOW + 1 };
        assert_eq!(what, [Revoked::Family(family_id(1)), everything]);
        let again = store.open_family(&family(3, "alice"), &token(3), &alice.password_hash).await;
        assert_eq!(again, Err(Error::Conflict));

        assert_eq!(store.set_standing(&alice.id, Standing::Active, NOW + 2, LATER).await, Ok(true));
        store.open_family(&family(3, "alice"), &token(3), &alice.password_hash).await.unwrap();
        assert_eq!(all_revocations(&*store).await.len(), 2);
        assert_eq!(store.set_standing(&id("carol"), Standing::Disabled, NOW, LATER).await, Ok(false));
    }

    async fn an_id_is_known_once_it_is_an_account_or_was_seen_in_that_world(store: Fresh) {
        let here = Tenant::default();
        let there = Tenant::try_from("acme").unwrap();
        enter(&*store, "alice").await;
        let seen = domain::Fact::Seen { tenant: there.clone(), user: id("bob"), at_ms: NOW };
        store.append(crate::support::node(1), &[seen]).await.unwrap();

        for (tenant, name, is_known) in [
            (&here, "alice", true),
            (&there, "alice", false),
            (&here, "bob", false),
            (&there, "bob", true),
            (&here, "carol", false),
        ] {
            assert_eq!(store.is_known(tenant, &id(name)).await, Ok(is_known), "{tenant:?} {name}");
        }
    }
}
