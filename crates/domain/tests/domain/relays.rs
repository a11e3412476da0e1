//! Who hears whom, within a tenant and never beyond it: a rule a test, all effects asserted in their order.

use crate::support::*;
use domain::{Command, Excerpt, Form, Identity, PeerId, Refusal, Tenant};

#[test]
fn rooms_of_one_name_in_two_tenants_are_two_rooms() {
    let mut stage = Stage::new();
    let acme = Tenant::try_from("acme").unwrap();
    stage.connect(ALICE, Identity::guest(None, None));
    stage.connect_to(acme.clone(), BOB, Identity::guest(None, None));
    stage.connect_to(acme, CAROL, Identity::guest(Some(user("carol")), None));
    stage.has_joined(ALICE, "standup");

    let effects = stage.join(BOB, "standup");
    assert_eq!(effects, [to_one(BOB, existing_peers("standup", &[])), stage.joined("standup", &[])]);
    assert_eq!(stage.stats().rooms, 2);

    let effects = stage.join(CAROL, "standup");
    let carol = guest(CAROL, "carol", stage.wall_ms());
    assert_eq!(effects[2..], [to_many(&[BOB], peer_joined("standup", carol))]);

    let effects = stage.broadcast(CAROL, "standup");
    let event = signal("standup", CAROL, None, Form::Envelope);
    assert_eq!(effects, [to_many(&[BOB], event), stage.done()]);

    let effects = stage.disconnect(ALICE);
    assert_eq!(effects, []);
}

#[test]
fn a_peer_of_another_tenant_is_not_found_though_its_room_has_the_same_name() {
    let mut stage = Stage::new();
    stage.connect(ALICE, Identity::guest(None, None));
    stage.connect_to(Tenant::try_from("acme").unwrap(), BOB, Identity::guest(None, None));
    stage.has_joined(ALICE, "standup");
    stage.has_joined(BOB, "standup");

    for named in [None, Some("standup")] {
        let effects = stage.relay(ALICE, BOB, named);
        assert_eq!(effects, stage.refused(not_found(BOB)));
    }
}

#[test]
fn a_signal_reaches_the_peer_with_its_sender_and_room_before_the_reply() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    stage.has_joined(ALICE, "standup");
    stage.has_joined(BOB, "standup");

    let effects = stage.relay(ALICE, BOB, None);
    let event = signal("standup", ALICE, Some(BOB), Form::Plain);
    assert_eq!(effects, [to_one(BOB, event), stage.done()]);

    let envelope = Command::Relay { to: BOB, room: None, signal: offer(), form: Form::Envelope };
    let effects = stage.ask(ALICE, envelope);
    let event = signal("standup", ALICE, Some(BOB), Form::Envelope);
    assert_eq!(effects, [to_one(BOB, event), stage.done()]);
}

#[test]
fn where_two_share_several_rooms_the_named_one_decides_else_the_one_the_sender_joined_last() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    for (peer, name) in [(ALICE, "one"), (ALICE, "two"), (ALICE, "own"), (BOB, "two"), (BOB, "one")] {
        stage.has_joined(peer, name);
    }

    for (from, to, named, expected) in
        [(ALICE, BOB, None, "two"), (BOB, ALICE, None, "one"), (ALICE, BOB, Some("one"), "one")]
    {
        let effects = stage.relay(from, to, named);
        let event = signal(expected, from, Some(to), Form::Plain);
        assert_eq!(effects, [to_one(to, event), stage.done()]);
    }
}

#[test]
fn whoever_shares_no_such_room_is_not_found_and_the_answer_never_tells_why() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")]);
    stage.has_joined(ALICE, "standup");
    stage.has_joined(ALICE, "alone");
    stage.has_joined(BOB, "elsewhere");
    stage.has_joined(CAROL, "standup");
    let nobody = PeerId::from_bits(404);

    for (to, named) in [
        (nobody, None),
        (nobody, Some("standup")),
        (ALICE, None),
        (ALICE, Some("standup")),
        (BOB, None),
        (BOB, Some("standup")),
        (BOB, Some("elsewhere")),
        (CAROL, Some("alone")),
        (CAROL, Some("nowhere")),
    ] {
        let effects = stage.relay(ALICE, to, named);
        assert_eq!(effects, stage.refused(not_found(to)), "{named:?}");
    }
}

#[test]
fn a_peer_that_left_is_not_found() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")]);
    for peer in [ALICE, BOB, CAROL] {
        stage.has_joined(peer, "standup");
    }
    stage.leave(BOB, Some("standup"));
    stage.disconnect(CAROL);

    for gone in [BOB, CAROL] {
        let effects = stage.relay(ALICE, gone, None);
        assert_eq!(effects, stage.refused(not_found(gone)));
    }
}

#[test]
fn a_broadcast_reaches_everyone_else_in_the_room_and_nobody_outside() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")]);
    let outsider = PeerId::from_bits(9);
    stage.connect(outsider, Identity::guest(None, None));
    stage.has_joined(outsider, "elsewhere");
    for peer in [CAROL, ALICE, BOB] {
        stage.has_joined(peer, "standup");
    }

    let effects = stage.broadcast(ALICE, "standup");

    let event = signal("standup", ALICE, None, Form::Envelope);
    assert_eq!(effects, [to_many(&[CAROL, BOB], event), stage.done()]);
}

#[test]
fn a_broadcast_in_an_otherwise_empty_room_is_done_and_heard_by_nobody() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice")]);
    stage.has_joined(ALICE, "standup");
    let effects = stage.broadcast(ALICE, "standup");
    assert_eq!(effects, [stage.done()]);
}

#[test]
fn a_broadcast_into_a_room_one_is_not_in_hears_that_there_is_none() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    stage.has_joined(BOB, "standup");

    for name in ["standup", "nowhere"] {
        let effects = stage.broadcast(ALICE, name);
        assert_eq!(effects, stage.refused(Refusal::NotInRoom { room: room(name) }));
    }
}

fn not_found(peer: PeerId) -> Refusal {
    Refusal::PeerNotFound { peer: Excerpt::of(&peer.to_string()) }
}
