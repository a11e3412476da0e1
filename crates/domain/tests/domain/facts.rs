//! What is written down of what happens: a rule a test, all facts asserted in their order.

use std::collections::BTreeSet;

use domain::{
    Answer, Fact, Identity, Limits, Participation, PeerId, Refusal, Sitting, Standing, Tenant, UserId,
    Username,
};

use crate::support::*;

fn time(peer: PeerId, number: u32) -> Participation {
    Participation { peer, number }
}

fn opened(by: Participation, name: &str, opened_at_ms: u64) -> Fact {
    Fact::RoomOpened { sitting: Sitting(by), tenant: Tenant::default(), room: room(name), opened_at_ms }
}

fn joined(time: Participation, sitting: Participation, name: &str, user: &str, joined_at_ms: u64) -> Fact {
    Fact::Joined {
        participation: time,
        sitting: Sitting(sitting),
        tenant: Tenant::default(),
        room: room(name),
        user: UserId::try_from(user).unwrap(),
        username: None,
        standing: Standing::Guest,
        joined_at_ms,
    }
}

fn left(time: Participation, left_at_ms: u64) -> Fact {
    Fact::Left { participation: time, left_at_ms }
}

fn closed(by: Participation, closed_at_ms: u64) -> Fact {
    Fact::RoomClosed { sitting: Sitting(by), closed_at_ms }
}

#[test]
fn a_room_opens_with_the_first_and_closes_with_the_last_who_need_not_be_the_same() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    let start = stage.wall_ms();

    stage.join(ALICE, "standup");
    stage.join(BOB, "standup");
    stage.leave(ALICE, Some("standup"));
    stage.disconnect(BOB);

    assert_eq!(
        stage.take_facts(),
        [
            opened(time(ALICE, 1), "standup", start + 1),
            joined(time(ALICE, 1), time(ALICE, 1), "standup", "alice", start + 1),
            joined(time(BOB, 1), time(ALICE, 1), "standup", "bob", start + 2),
            left(time(ALICE, 1), start + 3),
            left(time(BOB, 1), start + 4),
            closed(time(ALICE, 1), start + 4),
        ]
    );
}

#[test]
fn a_room_that_opens_again_is_another_sitting_and_each_entry_another_participation() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice")]);
    let start = stage.wall_ms();
    for _ in 0..2 {
        stage.join(ALICE, "standup");
        stage.join(ALICE, "standup");
        stage.leave(ALICE, None);
    }

    let facts = stage.take_facts();
    let (first, second) = (time(ALICE, 1), time(ALICE, 2));
    assert_eq!(
        facts,
        [
            opened(first, "standup", start + 1),
            joined(first, first, "standup", "alice", start + 1),
            left(first, start + 3),
            closed(first, start + 3),
            opened(second, "standup", start + 4),
            joined(second, second, "standup", "alice", start + 4),
            left(second, start + 6),
            closed(second, start + 6),
        ]
    );
    let ids: BTreeSet<String> = facts.iter().map(Fact::id).collect();
    assert_eq!(ids.len(), facts.len(), "each has an id of its own");
}

#[test]
fn what_is_refused_or_waits_is_not_written_down() {
    let mut stage = Stage::with(Limits { max_peers_per_room: 1, ..Limits::default() });
    stage.connect(ALICE, Identity::guest(None, None));
    stage.connect(BOB, Identity::guest(None, None));
    stage.has_joined(BOB, "full");
    stage.take_facts();

    stage.join(ALICE, "full");
    stage.join_as(ALICE, "open", Some("alice"));
    stage.loaded("alice", Answer::Known);
    stage.join_as(ALICE, "open", Some("alice"));
    stage.leave(ALICE, Some("open"));
    assert_eq!(stage.take_facts(), []);

    let answered = stage.loaded("alice", Answer::Away);
    assert_eq!(answered[1..], stage.refused(Refusal::NotInRoom { room: room("open") }));
    stage.disconnect(ALICE);
    assert_eq!(stage.take_facts(), []);
}

#[test]
fn a_relay_is_not_written_down() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    stage.has_joined(ALICE, "standup");
    stage.has_joined(BOB, "standup");
    stage.take_facts();

    stage.relay(ALICE, BOB, None);
    stage.broadcast(ALICE, "standup");

    assert_eq!(stage.take_facts(), []);
}

#[test]
fn whoever_shows_a_token_without_an_account_here_is_seen_and_nobody_else() {
    let mut stage = Stage::new();
    let acme = || Tenant::try_from("acme").unwrap();
    stage.connect_to(acme(), ALICE, Identity::verified(user("alice"), None));
    stage.connect(BOB, Identity::verified(user("bob"), None).of_account());
    stage.connect(CAROL, Identity::guest(Some(user("carol")), None));

    let seen = Fact::Seen { tenant: acme(), user: user("alice"), at_ms: stage.wall_ms() - 2 };
    assert_eq!(stage.take_facts(), [seen]);
}

#[test]
fn a_verified_member_is_written_down_as_such_with_name_and_tenant() {
    let mut stage = Stage::new();
    let tenant = || Tenant::try_from("acme").unwrap();
    let name = || Username::try_from("Alice A.").unwrap();
    stage.connect_to(tenant(), ALICE, Identity::verified(user("alice"), Some(name())).of_account());
    stage.join(ALICE, "standup");

    let at_ms = stage.wall_ms();
    let sitting = Sitting(time(ALICE, 1));
    let opened = Fact::RoomOpened { sitting, tenant: tenant(), room: room("standup"), opened_at_ms: at_ms };
    let joined = Fact::Joined {
        participation: time(ALICE, 1),
        sitting,
        tenant: tenant(),
        room: room("standup"),
        user: user("alice"),
        username: Some(name()),
        standing: Standing::Verified,
        joined_at_ms: at_ms,
    };
    assert_eq!(stage.take_facts(), [opened, joined]);
}

#[test]
fn the_id_of_a_fact_is_the_same_whenever_it_is_told_and_of_printable_characters() {
    let facts = [
        opened(time(ALICE, 1), "standup", 5),
        joined(time(ALICE, 1), time(ALICE, 1), "standup", "alice", 5),
        left(time(ALICE, 1), 5),
        closed(time(ALICE, 1), 5),
        Fact::Seen { tenant: Tenant::default(), user: user("a:b"), at_ms: 5 },
    ];
    let ids = facts.each_ref().map(Fact::id);
    assert_eq!(
        ids,
        [
            format!("opened:{ALICE}.1"),
            format!("joined:{ALICE}.1"),
            format!("left:{ALICE}.1"),
            format!("closed:{ALICE}.1"),
            "seen::5:a:b".to_owned(),
        ]
    );
}
