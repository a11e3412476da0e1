//! Refresh tokens and their families.

use store::{Error, FAMILIES_OF_A_USER, Families, Family, Revoked, Rotation, Store, TokenHash};

use crate::on_every_backend;
use crate::support::{LATER, NOW, all_revocations, enter, family, family_id, hash, id, token};

async fn rotate(store: &dyn Store, spent: u8, fresh: u8) -> Rotation {
    store.rotate(&token(spent), &token(fresh), NOW, LATER).await.unwrap()
}

on_every_backend! {
    async fn a_token_is_good_once_and_the_fresh_one_follows(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        store.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await.unwrap();
        let rotated = Rotation::Rotated { user: alice.clone(), family: family_id(1) };

        assert_eq!(rotate(&*store, 1, 2).await, rotated);
        assert_eq!(rotate(&*store, 2, 3).await, rotated);

        assert_eq!(all_revocations(&*store).await, []);
        for number in 1..=3 {
            let whose = store.family_of(&token(number)).await;
            assert_eq!(whose, Ok(Some((alice.id.clone(), family_id(1)))), "{number}");
        }
        assert_eq!(store.family_of(&token(4)).await, Ok(None));
    }

    async fn a_token_that_is_used_again_ends_its_family(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        store.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await.unwrap();
        store.open_family(&family(2, "alice"), &token(9), &alice.password_hash).await.unwrap();
        rotate(&*store, 1, 2).await;

        assert_eq!(rotate(&*store, 1, 3).await, Rotation::Reused { user: alice.id.clone(), family: family_id(1) });

        let revoked = all_revocations(&*store).await;
        assert_eq!(revoked.len(), 1);
        assert_eq!((&revoked[0].what, revoked[0].expires_at_ms), (&Revoked::Family(family_id(1)), LATER));
        assert_eq!(rotate(&*store, 2, 4).await, Rotation::Refused, "the good one died with it");
        assert_eq!(rotate(&*store, 1, 4).await, Rotation::Refused);
        assert_eq!(rotate(&*store, 3, 4).await, Rotation::Refused, "it was not stored");
        assert_eq!(all_revocations(&*store).await.len(), 1, "once is enough");
        assert!(matches!(rotate(&*store, 9, 10).await, Rotation::Rotated { .. }), "others go on");
    }

    async fn a_token_that_is_unknown_or_expired_is_refused(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        store.open_family(&family(1, "alice"), &token(1), &alice.password_hash).await.unwrap();

        assert_eq!(rotate(&*store, 7, 8).await, Rotation::Refused);
        let late = store.rotate(&token(1), &token(2), LATER, LATER + 1).await;
        assert_eq!(late, Ok(Rotation::Refused));
        let in_time = store.rotate(&token(1), &token(2), LATER - 1, LATER + 5).await.unwrap();
        assert!(matches!(in_time, Rotation::Rotated { .. }));
        let prolonged = store.rotate(&token(2), &token(3), LATER + 4, LATER + 9).await.unwrap();
        assert!(matches!(prolonged, Rotation::Rotated { .. }), "each token has a life of its own");
    }

    async fn a_family_that_was_revoked_is_over(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        for number in 1..=3 {
            let family = family(number.into(), "alice");
            store.open_family(&family, &token(number), &alice.password_hash).await.unwrap();
        }

        store.revoke_families(&Families::One(family_id(2)), NOW, LATER).await.unwrap();
        store.revoke_families(&Families::One(family_id(2)), NOW, LATER).await.unwrap();
        store.revoke_families(&Families::One(family_id(9)), NOW, LATER).await.unwrap();
        assert_eq!(all_revocations(&*store).await.len(), 1);
        assert_eq!(rotate(&*store, 2, 10).await, Rotation::Refused);
        assert!(matches!(rotate(&*store, 1, 11).await, Rotation::Rotated { .. }));

        store.revoke_families(&Families::OfUser(alice.id.clone()), NOW, LATER).await.unwrap();
        store.revoke_families(&Families::OfUser(id("bob")), NOW, LATER).await.unwrap();
        let what: Vec<_> = all_revocations(&*store).await.into_iter().map(|row| row.what).collect();
        assert_eq!(what, [2, 1, 3].map(|number| Revoked::Family(family_id(number))));
        assert_eq!(rotate(&*store, 11, 12).await, Rotation::Refused);
    }

    async fn a_family_begins_with_the_password_that_counts_and_under_a_new_name(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        let good = &alice.password_hash;
        store.open_family(&family(1, "alice"), &token(1), good).await.unwrap();

        let refused = [
            store.open_family(&family(2, "alice"), &token(2), &hash("older")).await,
            store.open_family(&family(2, "bob"), &token(2), good).await,
            store.open_family(&family(1, "alice"), &token(2), good).await,
            store.open_family(&family(2, "alice"), &token(1), good).await,
        ];
        assert_eq!(refused, [const { Err(Error::Conflict) }; 4]);
        assert_eq!(store.family_of(&token(2)).await, Ok(None));
        assert_eq!(store.rotate(&token(1), &token(1), NOW, LATER).await, Err(Error::Conflict));
        assert!(matches!(rotate(&*store, 1, 2).await, Rotation::Rotated { .. }), "a conflict spends nothing");
    }

    async fn of_too_many_log_ins_the_oldest_ends(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        for number in 0..FAMILIES_OF_A_USER + 2 {
            let created_at_ms = NOW + u64::from(number);
            let family = Family { created_at_ms, ..family(u128::from(1_000 - number), "alice") };
            let token = TokenHash::new([number as u8; 32]);
            store.open_family(&family, &token, &alice.password_hash).await.unwrap();
        }
        let revoked = all_revocations(&*store).await;
        let what: Vec<_> = revoked.iter().map(|row| row.what.clone()).collect();
        assert_eq!(what, [1_000, 999].map(|number| Revoked::Family(family_id(number))));
        assert!(revoked.iter().all(|row| row.expires_at_ms == LATER));
        assert_eq!(rotate(&*store, 1, 200).await, Rotation::Refused);
        assert!(matches!(rotate(&*store, 2, 201).await, Rotation::Rotated { .. }));
    }

    async fn what_has_expired_is_purged_and_nothing_else(store: Fresh) {
        let alice = enter(&*store, "alice").await;
        let old = Family { expires_at_ms: NOW + 10, ..family(1, "alice") };
        store.open_family(&old, &token(1), &alice.password_hash).await.unwrap();
        store.open_family(&family(2, "alice"), &token(2), &alice.password_hash).await.unwrap();
        store.rotate(&token(1), &token(3), NOW, NOW + 20).await.unwrap();
        store.revoke_families(&Families::One(family_id(2)), NOW, NOW + 30).await.unwrap();

        assert_eq!(store.purge(NOW + 9).await, Ok(0));
        assert_eq!(store.purge(NOW + 10).await, Ok(1), "the first token of the first family");
        assert_eq!(store.family_of(&token(1)).await, Ok(None));
        assert_eq!(store.purge(NOW + 20).await, Ok(2), "the second, and the family");
        assert_eq!(store.purge(NOW + 30).await, Ok(1), "the revocation");
        assert_eq!(store.family_of(&token(2)).await, Ok(Some((alice.id.clone(), family_id(2)))));
        assert_eq!(store.purge(LATER).await, Ok(2));
        assert_eq!(store.user(&alice.id).await, Ok(Some(alice)));
    }
}
