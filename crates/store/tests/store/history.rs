//! What is on record.

use domain::{Fact, Tenant, Username};
use store::{CLOCKS_DIFFER_MS, ParticipationRecord, RoomRecord, Store};

use crate::on_every_backend;
use crate::support::{NOW, closing, id, node, opening, participation, room};

async fn standup(store: &dyn Store) -> (Vec<RoomRecord>, Vec<ParticipationRecord>) {
    let (tenant, room) = (Tenant::default(), room("standup"));
    let rooms = store.rooms(&tenant, &room, 10).await.unwrap();
    (rooms, store.participations(&tenant, &room, 10_000).await.unwrap())
}

fn record(peer: u128, joined_at_ms: u64, left_at_ms: Option<u64>) -> ParticipationRecord {
    ParticipationRecord {
        id: participation(peer).to_string(),
        sitting: participation(peer).to_string(),
        user: id(&format!("user-{peer}")),
        username: None,
        standing: domain::Standing::Guest,
        joined_at_ms,
        left_at_ms,
        duration_ms: left_at_ms.map(|left| left - joined_at_ms),
    }
}

fn opened(peer: u128, opened_at_ms: u64, ended_at_ms: Option<u64>) -> RoomRecord {
    RoomRecord { id: participation(peer).to_string(), opened_at_ms, ended_at_ms }
}

on_every_backend! {
    async fn a_time_in_a_room_is_on_record_with_its_duration(store: Fresh) {
        store.append(node(1), &opening(1, NOW)).await.unwrap();
        assert_eq!(standup(&*store).await, (vec![opened(1, NOW, None)], vec![record(1, NOW, None)]));

        store.append(node(1), &closing(1, NOW + 90)).await.unwrap();
        let left = Some(NOW + 90);
        assert_eq!(standup(&*store).await, (vec![opened(1, NOW, left)], vec![record(1, NOW, left)]));
    }

    async fn the_last_time_comes_first_and_other_rooms_and_worlds_are_apart(store: Fresh) {
        for peer in 1..=3 {
            store.append(node(1), &opening(peer, NOW + peer as u64)).await.unwrap();
        }
        let (tenant, room) = (Tenant::default(), room("standup"));
        let last = store.participations(&tenant, &room, 2).await.unwrap();
        assert_eq!(last, [record(3, NOW + 3, None), record(2, NOW + 2, None)]);
        assert_eq!(store.rooms(&tenant, &room, 1).await, Ok(vec![opened(3, NOW + 3, None)]));
        let other_room = crate::support::room("standup2");
        assert_eq!(store.participations(&tenant, &other_room, 9).await, Ok(vec![]));
        let other_world = Tenant::try_from("acme").unwrap();
        assert_eq!(store.participations(&other_world, &room, 9).await, Ok(vec![]));
        assert_eq!(store.rooms(&other_world, &room, 9).await, Ok(vec![]));
    }

    async fn a_batch_that_comes_again_changes_nothing(store: Fresh) {
        let batch = [opening(1, NOW), opening(2, NOW + 5), closing(1, NOW + 9)].concat();
        store.append(node(1), &batch).await.unwrap();
        let before = standup(&*store).await;
        store.append(node(1), &batch).await.unwrap();
        // And within one, too.
        store.append(node(1), &[batch.clone(), batch].concat()).await.unwrap();
        assert_eq!(standup(&*store).await, before);
        assert_eq!(before.1, [record(2, NOW + 5, None), record(1, NOW, Some(NOW + 9))]);
    }

    async fn a_thousand_facts_are_one_batch(store: Fresh) {
        let facts: Vec<Fact> = (1..=250).flat_map(|peer| {
            [opening(peer, NOW + peer as u64), closing(peer, NOW + 1_000 + peer as u64)].concat()
        }).collect();
        assert_eq!(facts.len(), 1_000);
        store.append(node(1), &facts).await.unwrap();
        let (rooms, participations) = standup(&*store).await;
        assert_eq!((rooms.len(), participations.len()), (10, 250));
        for (row, peer) in participations.iter().zip((1..=250).rev()) {
            assert_eq!(*row, record(peer, NOW + peer as u64, Some(NOW + 1_000 + peer as u64)));
        }
        store.append(node(1), &[]).await.unwrap();
    }

    async fn facts_that_are_missing_keep_out_none_of_the_others(store: Fresh) {
        let mut batch = closing(1, NOW);
        batch.extend(opening(2, NOW).into_iter().skip(1));
        store.append(node(1), &batch).await.unwrap();
        assert_eq!(standup(&*store).await, (vec![], vec![record(2, NOW, None)]));
    }

    async fn who_somebody_was_is_kept_as_given(store: Fresh) {
        let mut facts = opening(1, NOW);
        let Fact::Joined { user, username, standing, .. } = &mut facts[1] else { panic!("they join") };
        *user = id("o'neill; DROP TABLE rooms; --");
        *username = Some(Username::try_from("👩‍👩‍👧 \"Zoë\" \\ %_").unwrap());
        *standing = domain::Standing::Verified;
        let mut expected = record(1, NOW, None);
        (expected.user, expected.username, expected.standing) = (user.clone(), username.clone(), *standing);
        store.append(node(1), &facts).await.unwrap();
        assert_eq!(standup(&*store).await.1, [expected]);
    }

    async fn a_clock_that_goes_back_makes_no_negative_duration(store: Fresh) {
        store.append(node(1), &[opening(1, NOW), closing(1, NOW - 10)].concat()).await.unwrap();
        let (_, rows) = standup(&*store).await;
        assert_eq!((rows[0].left_at_ms, rows[0].duration_ms), (Some(NOW - 10), Some(0)));
    }

    async fn what_a_dead_node_left_open_ends_when_it_was_last_heard_of(store: Fresh) {
        for (number, peer) in [(1, 1), (2, 2), (3, 3)] {
            store.append(node(number), &opening(peer, NOW)).await.unwrap();
        }
        store.append(node(1), &closing(1, NOW + 1)).await.unwrap();
        store.beat(node(1), NOW + 100).await.unwrap();
        store.beat(node(2), NOW + 40).await.unwrap();
        store.beat(node(3), NOW + 90).await.unwrap();

        assert_eq!(store.close_orphans(NOW + 100, NOW + 90).await, Ok(2));

        let (rooms, rows) = standup(&*store).await;
        for row in rows {
            let left = [Some(NOW + 1), Some(NOW + 40), None];
            let index = [1, 2, 3].iter().position(|peer| row.id == participation(*peer).to_string()).unwrap();
            assert_eq!((row.left_at_ms, row.duration_ms), (left[index], left[index].map(|left| left - NOW)));
        }
        assert_eq!(rooms.iter().filter(|room| room.ended_at_ms == Some(NOW + 40)).count(), 1);
        assert_eq!(store.close_orphans(NOW + 100, NOW + 90).await, Ok(0));
    }

    async fn a_node_that_was_never_heard_of_again_lasted_until_its_facts(store: Fresh) {
        store.append(node(1), &opening(1, NOW + 7)).await.unwrap();
        assert_eq!(store.close_orphans(NOW + 100, NOW + 7).await, Ok(0));
        assert_eq!(store.close_orphans(NOW + 100, NOW + 8).await, Ok(2));
        assert_eq!(standup(&*store).await.1[0].left_at_ms, Some(NOW + 7));
    }

    async fn the_true_end_replaces_the_assumed_one(store: Fresh) {
        store.append(node(1), &opening(1, NOW)).await.unwrap();
        store.beat(node(1), NOW + 5).await.unwrap();
        store.close_orphans(NOW + 100, NOW + 50).await.unwrap();
        store.append(node(1), &closing(1, NOW + 200)).await.unwrap();
        let (rooms, rows) = standup(&*store).await;
        assert_eq!((rows[0].left_at_ms, rows[0].duration_ms), (Some(NOW + 200), Some(200)));
        assert_eq!(rooms[0].ended_at_ms, Some(NOW + 200));
    }

    async fn a_node_whose_clock_is_ahead_lives_until_it_is_silent(store: Fresh) {
        store.append(node(1), &opening(1, NOW)).await.unwrap();
        store.beat(node(1), NOW + CLOCKS_DIFFER_MS).await.unwrap();
        assert_eq!(store.close_orphans(NOW, NOW - 15_000).await, Ok(0));
        let silent_since_ms = NOW + CLOCKS_DIFFER_MS + 1;
        assert_eq!(store.close_orphans(silent_since_ms + 15_000, silent_since_ms).await, Ok(2));
        assert_eq!(standup(&*store).await.1[0].left_at_ms, Some(NOW + CLOCKS_DIFFER_MS));
    }

    async fn a_node_from_the_future_is_taken_for_dead(store: Fresh) {
        store.append(node(1), &opening(1, NOW)).await.unwrap();
        store.beat(node(1), NOW + 100 + CLOCKS_DIFFER_MS + 1).await.unwrap();
        assert_eq!(store.close_orphans(NOW + 100, NOW).await, Ok(2));
        assert_eq!(standup(&*store).await.1[0].left_at_ms, Some(NOW + 100));
    }
}
