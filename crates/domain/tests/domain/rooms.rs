//! Who enters and leaves rooms: a rule a test, all effects asserted in their order.

use domain::{Command, Form, Identity, Input, Limits, PeerId, Refusal, Stats, Voice};

use crate::support::*;

#[test]
fn the_first_to_join_makes_the_room_and_finds_it_empty() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice")]);

    let effects = stage.join(ALICE, "standup");

    assert_eq!(effects, [to_one(ALICE, existing_peers("standup", &[])), stage.joined("standup", &[])]);
    assert_eq!(stage.stats(), Stats { peers: 1, rooms: 1, memberships: 1, rooms_created_total: 1 });
}

#[test]
fn who_joins_hears_who_is_there_in_the_order_they_joined_and_the_others_hear_who_joined() {
    let mut stage = Stage::with_guests(&[(BOB, "bob"), (ALICE, "alice"), (CAROL, "carol")]);
    stage.has_joined(BOB, "standup");
    let bob = guest(BOB, "bob", stage.wall_ms());
    stage.has_joined(ALICE, "standup");
    let alice = guest(ALICE, "alice", stage.wall_ms());

    let effects = stage.join(CAROL, "standup");

    let carol = guest(CAROL, "carol", stage.wall_ms());
    assert_eq!(
        effects,
        [
            to_one(CAROL, existing_peers("standup", &[bob.clone(), alice.clone()])),
            stage.joined("standup", &[bob, alice]),
            to_many(&[BOB, ALICE], peer_joined("standup", carol)),
        ]
    );
}

#[test]
fn to_join_again_tells_the_same_again_and_the_others_nothing() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    stage.has_joined(ALICE, "standup");
    let alice = guest(ALICE, "alice", stage.wall_ms());
    stage.has_joined(BOB, "standup");
    let before = stage.stats();

    let effects = stage.join(BOB, "standup");

    assert_eq!(
        effects,
        [
            to_one(BOB, existing_peers("standup", std::slice::from_ref(&alice))),
            stage.joined("standup", &[alice])
        ]
    );
    assert_eq!(stage.stats(), before);
}

#[test]
fn a_full_room_admits_nobody_until_someone_has_left() {
    let limits = Limits { max_peers_per_room: 2, ..Limits::default() };
    let mut stage = Stage::with(limits);
    for peer in [ALICE, BOB, CAROL] {
        stage.connect(peer, Identity::guest(None, None));
    }
    stage.has_joined(ALICE, "standup");
    stage.has_joined(BOB, "standup");

    let effects = stage.join(CAROL, "standup");
    assert_eq!(effects, stage.refused(Refusal::RoomFull { room: room("standup"), capacity: 2 }));

    stage.has_joined(BOB, "standup");
    stage.leave(ALICE, None);
    stage.has_joined(CAROL, "standup");
}

#[test]
fn ten_share_a_room_by_default_and_the_eleventh_is_refused() {
    let mut stage = Stage::new();
    for bits in 1..=11 {
        stage.connect(PeerId::from_bits(bits), Identity::guest(None, None));
    }
    for bits in 1..=10 {
        stage.has_joined(PeerId::from_bits(bits), "standup");
    }

    let effects = stage.join(PeerId::from_bits(11), "standup");

    assert_eq!(effects, stage.refused(Refusal::RoomFull { room: room("standup"), capacity: 10 }));
}

#[test]
fn a_connection_is_in_no_more_rooms_than_it_may() {
    let limits = Limits { max_rooms_per_connection: 2, ..Limits::default() };
    let mut stage = Stage::with(limits);
    stage.connect(ALICE, Identity::guest(None, None));
    stage.has_joined(ALICE, "one");
    stage.has_joined(ALICE, "two");

    let effects = stage.join(ALICE, "three");
    assert_eq!(effects, stage.refused(Refusal::TooManyRooms { limit: 2 }));
    assert_eq!(stage.stats().rooms_created_total, 2);

    stage.has_joined(ALICE, "two");
    stage.leave(ALICE, Some("one"));
    stage.has_joined(ALICE, "three");
}

#[test]
fn who_leaves_gets_the_reply_and_the_others_hear_it() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")]);
    for peer in [ALICE, BOB, CAROL] {
        stage.has_joined(peer, "standup");
    }
    let bob = guest(BOB, "bob", stage.wall_ms() - 1);

    let effects = stage.leave(BOB, Some("standup"));

    assert_eq!(effects, [stage.done(), to_many(&[ALICE, CAROL], peer_left("standup", bob))]);
}

#[test]
fn the_last_to_leave_ends_the_room() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice")]);
    stage.has_joined(ALICE, "standup");

    let effects = stage.leave(ALICE, Some("standup"));

    assert_eq!(effects, [stage.done()]);
    assert_eq!(stage.stats(), Stats { peers: 1, rooms: 0, memberships: 0, rooms_created_total: 1 });
}

#[test]
fn who_leaves_a_room_they_are_not_in_hears_that_there_is_none() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    stage.has_joined(BOB, "standup");

    for name in ["standup", "nowhere"] {
        let effects = stage.leave(ALICE, Some(name));
        assert_eq!(effects, stage.refused(Refusal::NotInRoom { room: room(name) }));
    }
    assert_eq!(stage.stats().memberships, 1);
}

#[test]
fn to_leave_without_a_room_leaves_all_in_the_order_joined() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    for name in ["two", "one", "alone"] {
        stage.has_joined(ALICE, name);
    }
    let joined_ms = stage.wall_ms();
    stage.has_joined(BOB, "one");
    stage.has_joined(BOB, "two");

    let effects = stage.leave(ALICE, None);

    assert_eq!(
        effects,
        [
            stage.done(),
            to_many(&[BOB], peer_left("two", guest(ALICE, "alice", joined_ms - 2))),
            to_many(&[BOB], peer_left("one", guest(ALICE, "alice", joined_ms - 1))),
        ]
    );
    assert_eq!(stage.stats(), Stats { peers: 2, rooms: 2, memberships: 2, rooms_created_total: 3 });
}

#[test]
fn to_leave_all_rooms_when_in_none_succeeds() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice")]);
    let effects = stage.leave(ALICE, None);
    assert_eq!(effects, [stage.done()]);
}

#[test]
fn a_connection_that_ends_leaves_every_room() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    stage.has_joined(ALICE, "one");
    stage.has_joined(ALICE, "two");
    let joined_ms = stage.wall_ms();
    stage.has_joined(BOB, "two");

    let effects = stage.disconnect(ALICE);

    assert_eq!(effects, [to_many(&[BOB], peer_left("two", guest(ALICE, "alice", joined_ms)))]);
    assert_eq!(stage.stats(), Stats { peers: 1, rooms: 1, memberships: 1, rooms_created_total: 2 });
}

#[test]
fn a_connection_unknown_to_the_hub_is_told_to_try_again_and_changes_nothing() {
    let mut stage = Stage::with_guests(&[(BOB, "bob")]);
    stage.has_joined(BOB, "standup");
    let before = stage.stats();
    let relay = Command::Relay { to: BOB, room: None, signal: offer(), form: Form::Plain };
    let broadcast = Command::Broadcast { room: room("standup"), signal: offer() };
    let join = Command::Join { room: room("standup"), user: None, voice: Voice::Mesh };

    for command in [join, Command::Leave { room: None }, relay, broadcast] {
        let effects = stage.ask(ALICE, command);
        assert_eq!(effects, stage.refused(Refusal::Unavailable));
    }
    assert_eq!(stage.disconnect(ALICE), []);
    assert_eq!(stage.stats(), before);
}

#[test]
#[should_panic(expected = "no two connections have one id")]
fn no_two_connections_have_one_id() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice")]);
    stage.connect(ALICE, Identity::guest(None, None));
}

#[test]
fn nothing_waits_so_time_alone_changes_nothing() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice")]);
    stage.has_joined(ALICE, "standup");
    assert_eq!(stage.step(Input::Timeout), []);
}

#[test]
fn rooms_and_users_with_names_that_are_special_elsewhere_are_like_any_other() {
    let mut stage = Stage::with_guests(&[(ALICE, "__proto__"), (BOB, "constructor")]);
    stage.has_joined(ALICE, "__proto__");
    let alice = guest(ALICE, "__proto__", stage.wall_ms());

    let effects = stage.join(BOB, "__proto__");

    let bob = guest(BOB, "constructor", stage.wall_ms());
    assert_eq!(
        effects,
        [
            to_one(BOB, existing_peers("__proto__", std::slice::from_ref(&alice))),
            stage.joined("__proto__", &[alice]),
            to_many(&[ALICE], peer_joined("__proto__", bob)),
        ]
    );
}
