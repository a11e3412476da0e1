//! What happens in rooms is on record, on each database, and stays there.

use std::sync::Arc;

use domain::{RoomId, Standing, Tenant};
use store::{ParticipationRecord, RoomRecord, Settings, Store};
use testkit::{DEADLINE, Fresh, Server, eventually, on_every_store};

/// A server on that database, and another way into it.
async fn start(database: &Fresh) -> (Server, Arc<dyn Store>) {
    let url = database.url();
    let server = Server::start_with(|config| config.database_url = Some(url.as_str().into())).await;
    (server, open(database).await)
}

async fn open(database: &Fresh) -> Arc<dyn Store> {
    let (pool_size, timeout) = (2, DEADLINE);
    let settings = Settings { url: database.url(), pool_size, timeout, slow_query: DEADLINE };
    let store = store::open(&settings).unwrap();
    store.prepare().await.unwrap();
    store
}

/// The times that the room was open, the first one first, and that somebody was in it, by their names. The latter are read
/// first: whoever was in a room was in one that opened.
async fn record(store: &Arc<dyn Store>) -> (Vec<RoomRecord>, Vec<ParticipationRecord>) {
    let (tenant, room) = (Tenant::default(), RoomId::try_from("standup").unwrap());
    let mut times = store.participations(&tenant, &room, 100).await.unwrap();
    let mut rooms = store.rooms(&tenant, &room, 100).await.unwrap();
    rooms.reverse();
    times.sort_by(|one, other| one.user.cmp(&other.user));
    (rooms, times)
}

on_every_store! {
    async fn who_was_in_a_room_is_on_record_with_how_long(backend: Backend) {
        let database = backend.fresh();
        let (server, store) = start(&database).await;
        let (mut alice, mut bob) = (server.user("alice").await, server.guest("bob").await);

        alice.join("standup").await;
        bob.join("standup").await;
        alice.leave("standup").await;
        let one_has_left = |(_, times): &(Vec<_>, Vec<ParticipationRecord>)| {
            times.iter().filter(|time| time.left_at_ms.is_some()).count() == 1
        };
        let (rooms, times) = eventually("a leave", async || record(&store).await, one_has_left).await;
        assert_eq!((rooms.len(), rooms[0].ended_at_ms), (1, None));
        let told = times.iter().map(|time| (time.user.as_str(), time.standing, time.left_at_ms.is_some()));
        let expected = [("alice", Standing::Verified, true), ("bob", Standing::Guest, false)];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert!(times.iter().all(|time| time.sitting == rooms[0].id));

        bob.disconnects().await;
        let has_ended = |(rooms, times): &(Vec<RoomRecord>, Vec<ParticipationRecord>)| {
            rooms[0].ended_at_ms.is_some() && times.iter().all(|time| time.left_at_ms.is_some())
        };
        let (rooms, times) = eventually("its end", async || record(&store).await, has_ended).await;
        assert_eq!(times[1].left_at_ms, rooms[0].ended_at_ms);
        for time in times {
            assert_eq!(time.duration_ms, time.left_at_ms.map(|left_at_ms| left_at_ms - time.joined_at_ms));
        }
    }

    async fn a_server_that_ends_puts_everything_on_record_before(backend: Backend) {
        let database = backend.fresh();
        let (server, store) = start(&database).await;
        let mut guests = Vec::new();
        for name in ["alice", "bob", "carol"] {
            let mut guest = server.guest(name).await;
            guest.join("standup").await;
            guests.push(guest);
        }

        server.end().await;

        let (rooms, times) = record(&store).await;
        assert!(rooms.len() == 1 && rooms[0].ended_at_ms.is_some(), "{rooms:?}");
        assert!(times.len() == 3 && times.iter().all(|time| time.left_at_ms.is_some()), "{times:?}");
    }
}
