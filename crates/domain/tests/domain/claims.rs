//! Whether a guest may be who it claims to be: a rule a test, all effects asserted in their order.

use domain::{
    Answer, Code, Command, Excerpt, Form, Identity, Input, Key, LOAD_LIMIT, Limits, Refusal, Tenant, Ticket,
    Voice,
};

use crate::support::*;

/// Alice is a guest who has not said who she is; Bob is in the room.
fn stage() -> Stage {
    let mut stage = Stage::with_guests(&[(BOB, "bob")]);
    stage.connect(ALICE, Identity::guest(None, None));
    stage.has_joined(BOB, "standup");
    stage
}

#[test]
fn the_first_claim_of_a_guest_waits_until_the_store_knows_nobody_of_that_id() {
    let mut stage = stage();
    let bob = guest(BOB, "bob", stage.wall_ms());

    assert_eq!(stage.join_as(ALICE, "standup", Some("alice")), [load("alice")]);
    assert_eq!(stage.stats().memberships, 1);

    let effects = stage.loaded("alice", Answer::Unknown);
    let alice = guest(ALICE, "alice", stage.wall_ms());
    assert_eq!(
        effects,
        [
            to_one(ALICE, existing_peers("standup", std::slice::from_ref(&bob))),
            stage.joined("standup", &[bob]),
            to_many(&[BOB], peer_joined("standup", alice)),
        ]
    );
}

#[test]
fn an_id_that_the_store_knows_is_refused_to_a_guest_and_changes_nothing() {
    let mut stage = stage();
    stage.join_as(ALICE, "standup", Some("alice"));

    let effects = stage.loaded("alice", Answer::Known);

    assert_eq!(effects, stage.refused(Refusal::IdTaken { user: user("alice") }));
    assert_eq!(Refusal::IdTaken { user: user("alice") }.code(), Code::Forbidden);
    assert_eq!(stage.stats().memberships, 1);
    assert_eq!(stage.join_as(ALICE, "standup", Some("alicia")), [load("alicia")]);
}

#[test]
fn while_the_store_is_away_a_claim_is_neither_believed_nor_refused_for_good() {
    let mut stage = stage();
    stage.join_as(ALICE, "standup", Some("alice"));

    let effects = stage.loaded("alice", Answer::Away);

    assert_eq!(effects, stage.refused(Refusal::Unavailable));
    assert_eq!(stage.join_as(ALICE, "standup", Some("alice")), [load("alice")]);
}

#[test]
fn a_guest_that_claims_nothing_or_said_it_in_the_handshake_waits_for_nothing() {
    let mut stage = stage();
    stage.connect(CAROL, Identity::guest(Some(user("carol")), None));

    stage.has_joined(ALICE, "standup");
    stage.has_joined(CAROL, "standup");
    assert_eq!(stage.join_as(CAROL, "other", Some("mallory"))[1], stage.joined("other", &[]));
}

#[test]
fn a_claim_is_looked_up_once_and_then_it_stays() {
    let mut stage = stage();
    stage.join_as(ALICE, "standup", Some("alice"));
    stage.loaded("alice", Answer::Unknown);

    let effects = stage.join_as(ALICE, "other", Some("alice"));
    assert_eq!(effects, [to_one(ALICE, existing_peers("other", &[])), stage.joined("other", &[])]);
}

#[test]
fn a_join_that_would_be_refused_anyway_asks_for_nothing() {
    let mut stage = Stage::with(Limits { max_peers_per_room: 1, ..Limits::default() });
    for peer in [ALICE, BOB] {
        stage.connect(peer, Identity::guest(None, None));
    }
    stage.has_joined(BOB, "standup");

    let effects = stage.join_as(ALICE, "standup", Some("alice"));
    assert_eq!(effects, stage.refused(Refusal::RoomFull { room: room("standup"), capacity: 1 }));
}

#[test]
fn a_room_that_filled_up_during_the_wait_is_full() {
    let mut stage = Stage::with(Limits { max_peers_per_room: 1, ..Limits::default() });
    for peer in [ALICE, BOB] {
        stage.connect(peer, Identity::guest(None, None));
    }
    stage.join_as(ALICE, "standup", Some("alice"));
    let asked = stage.ticket();
    stage.has_joined(BOB, "standup");

    let effects = stage.loaded("alice", Answer::Unknown);
    let refusal = Refusal::RoomFull { room: room("standup"), capacity: 1 };
    assert_eq!(effects, [answered(asked, Err(refusal))]);
}

#[test]
fn an_id_that_a_connected_user_has_proved_is_refused_without_asking() {
    let mut stage = stage();
    stage.connect(CAROL, Identity::verified(user("carol"), None));
    let taken = || Refusal::IdTaken { user: user("carol") };

    let effects = stage.join_as(ALICE, "standup", Some("carol"));
    assert_eq!(effects, stage.refused(taken()));

    stage.disconnect(CAROL);
    assert_eq!(stage.join_as(ALICE, "standup", Some("carol")), [load("carol")]);
    stage.connect(CAROL, Identity::verified(user("carol"), None));
    let effects = stage.loaded("carol", Answer::Unknown);
    assert_eq!(effects, stage.refused(taken()));
}

#[test]
fn whoever_proves_an_id_keeps_it_from_guests_who_had_it_before_as_long_as_one_connection_lasts() {
    let mut stage = Stage::with_guests(&[(ALICE, "carol"), (BOB, "bob")]);
    stage.has_joined(ALICE, "standup");
    let second = domain::PeerId::from_bits(7);
    stage.connect(CAROL, Identity::verified(user("carol"), None));
    stage.connect(second, Identity::verified(user("carol"), None));
    stage.disconnect(CAROL);

    let effects = stage.join(ALICE, "other");
    assert_eq!(effects, stage.refused(Refusal::IdTaken { user: user("carol") }));
    assert_eq!(stage.stats().memberships, 1, "where the guest is, it stays");

    stage.disconnect(second);
    stage.has_joined(ALICE, "other");
}

#[test]
fn ids_are_apart_in_two_tenants() {
    let mut stage = stage();
    let acme = || Tenant::try_from("acme").unwrap();
    stage.connect_to(acme(), CAROL, Identity::verified(user("alice"), None));

    assert_eq!(stage.join_as(ALICE, "standup", Some("alice")), [load("alice")]);
    let key = Key::Subject { tenant: acme(), user: user("alice") };
    assert_eq!(stage.step(Input::Loaded { key, answer: Answer::Known }), [], "nobody asked there");
    assert_eq!(stage.loaded("alice", Answer::Unknown).len(), 3);
}

#[test]
fn what_a_guest_asks_while_it_waits_is_done_afterwards_in_its_order() {
    let mut stage = stage();
    let bob = guest(BOB, "bob", stage.wall_ms());
    stage.join_as(ALICE, "standup", Some("alice"));
    let join = stage.ticket();
    assert_eq!(stage.relay(ALICE, BOB, None), []);
    let relay = stage.ticket();
    assert_eq!(stage.leave(ALICE, None), []);
    let leave = stage.ticket();

    let effects = stage.loaded("alice", Answer::Unknown);

    let alice = guest(ALICE, "alice", stage.wall_ms());
    let peers = std::slice::from_ref(&bob);
    let joined = domain::Reply::Joined { room: room("standup"), peers: peers.into() };
    assert_eq!(
        effects,
        [
            to_one(ALICE, existing_peers("standup", peers)),
            answered(join, Ok(joined)),
            to_many(&[BOB], peer_joined("standup", alice.clone())),
            to_one(BOB, signal("standup", ALICE, Some(BOB), Form::Plain)),
            answered(relay, Ok(domain::Reply::Done)),
            answered(leave, Ok(domain::Reply::Done)),
            to_many(&[BOB], peer_left("standup", alice)),
        ]
    );
}

#[test]
fn what_was_held_back_is_answered_too_when_the_claim_is_refused() {
    let mut stage = stage();
    stage.join_as(ALICE, "standup", Some("alice"));
    let join = stage.ticket();
    stage.relay(ALICE, BOB, None);
    let relay = stage.ticket();
    stage.join(ALICE, "other");

    let effects = stage.loaded("alice", Answer::Known);

    assert_eq!(
        effects,
        [
            answered(join, Err(Refusal::IdTaken { user: user("alice") })),
            answered(relay, Err(Refusal::PeerNotFound { peer: Excerpt::of(&BOB.to_string()) })),
            to_one(ALICE, existing_peers("other", &[])),
            stage.joined("other", &[]),
        ]
    );
}

#[test]
fn a_second_claim_among_what_was_held_back_waits_anew_with_all_behind_it() {
    let mut stage = stage();
    stage.join_as(ALICE, "one", Some("alice"));
    let first = stage.ticket();
    stage.join_as(ALICE, "two", Some("alicia"));
    let second = stage.ticket();
    stage.leave(ALICE, Some("two"));

    let effects = stage.loaded("alice", Answer::Known);
    assert_eq!(effects, [answered(first, Err(Refusal::IdTaken { user: user("alice") })), load("alicia")]);

    let effects = stage.loaded("alicia", Answer::Unknown);
    let joined = domain::Reply::Joined { room: room("two"), peers: [].into() };
    assert_eq!(
        effects,
        [to_one(ALICE, existing_peers("two", &[])), answered(second, Ok(joined)), stage.done()]
    );
}

#[test]
fn others_go_on_while_one_waits() {
    let mut stage = stage();
    stage.connect(CAROL, Identity::guest(Some(user("carol")), None));
    stage.join_as(ALICE, "standup", Some("alice"));

    stage.has_joined(CAROL, "standup");
    let effects = stage.relay(CAROL, BOB, None);
    assert_eq!(effects, [to_one(BOB, signal("standup", CAROL, Some(BOB), Form::Plain)), stage.done()]);
}

#[test]
fn two_who_claim_one_id_ask_each_for_themselves_and_are_answered_in_the_order_they_asked() {
    let mut stage = stage();
    stage.connect(CAROL, Identity::guest(None, None));
    assert_eq!(stage.join_as(ALICE, "one", Some("same")), [load("same")]);
    assert_eq!(stage.join_as(CAROL, "two", Some("same")), [load("same")]);

    let alice = stage.loaded("same", Answer::Unknown);
    assert_eq!(alice[0], to_one(ALICE, existing_peers("one", &[])));
    let carol = stage.loaded("same", Answer::Away);
    assert_eq!(carol, stage.refused(Refusal::Unavailable));
    assert_eq!(stage.loaded("same", Answer::Unknown), [], "an answer that nobody waits for is passed over");
}

#[test]
fn whoever_is_gone_before_the_answer_has_every_command_answered_and_never_joins() {
    let mut stage = stage();
    stage.connect(CAROL, Identity::guest(None, None));
    stage.join_as(ALICE, "standup", Some("alice"));
    let join = stage.ticket();
    stage.leave(ALICE, None);
    let leave = stage.ticket();
    stage.join_as(CAROL, "standup", Some("alice"));

    let effects = stage.disconnect(ALICE);
    assert_eq!(
        effects,
        [answered(join, Err(Refusal::Unavailable)), answered(leave, Err(Refusal::Unavailable))]
    );

    assert_eq!(stage.loaded("alice", Answer::Unknown).len(), 3, "the answer serves the next who asked");
    assert_eq!(stage.loaded("alice", Answer::Unknown), []);
    assert_eq!(stage.stats().memberships, 2);
}

#[test]
fn no_more_commands_wait_than_may() {
    let mut stage = Stage::with(Limits { max_held_commands: 2, ..Limits::default() });
    stage.connect(ALICE, Identity::guest(None, None));
    stage.join_as(ALICE, "standup", Some("alice"));
    let join = stage.ticket();
    assert_eq!(stage.leave(ALICE, None), []);
    assert_eq!(stage.leave(ALICE, None), []);

    let effects = stage.leave(ALICE, None);
    let retry_after_ms = LOAD_LIMIT.as_millis() as u64;
    assert_eq!(effects, stage.refused(Refusal::RateLimited { retry_after_ms }));

    let held =
        [Ticket(join.0 + 1), Ticket(join.0 + 2)].map(|ticket| answered(ticket, Ok(domain::Reply::Done)));
    assert_eq!(stage.loaded("alice", Answer::Unknown)[2..], held);
}

#[test]
fn an_answer_for_a_hub_that_was_dropped_is_passed_over() {
    let mut stage = Stage::new();
    assert_eq!(stage.loaded("alice", Answer::Unknown), []);

    let join = Command::Join { room: room("standup"), user: Some(user("alice")), voice: Voice::Mesh };
    let effects = stage.ask(ALICE, join);
    assert_eq!(effects, stage.refused(Refusal::Unavailable), "it does not know who asks");
}
