//! Who one is to others, whatever one claims: a rule a test.

use crate::support::*;
use domain::{Answer, Identity, Limits, Member, Refusal, Standing};

#[test]
fn a_guest_is_who_the_handshake_said_whatever_it_claims_later() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice"), (BOB, "bob")]);
    stage.has_joined(BOB, "standup");

    let effects = stage.join_as(ALICE, "standup", Some("mallory"));

    let alice = guest(ALICE, "alice", stage.wall_ms());
    assert_eq!(effects[2..], [to_many(&[BOB], peer_joined("standup", alice))]);
}

#[test]
fn a_guest_without_a_name_is_who_it_first_claims_to_be_and_stays_that() {
    let mut stage = Stage::with_guests(&[(BOB, "bob")]);
    stage.connect(ALICE, Identity::guest(None, None));
    stage.has_joined(BOB, "two");

    stage.join_as(ALICE, "one", Some("alice"));
    stage.loaded("alice", Answer::Unknown);
    let effects = stage.join_as(ALICE, "two", Some("mallory"));

    let alice = guest(ALICE, "alice", stage.wall_ms());
    assert_eq!(effects[2..], [to_many(&[BOB], peer_joined("two", alice))]);
}

#[test]
fn a_guest_that_claims_nothing_gets_an_id_made_from_its_connection_and_stays_that() {
    let mut stage = Stage::with_guests(&[(BOB, "bob")]);
    stage.connect(ALICE, Identity::guest(None, None));
    stage.has_joined(BOB, "two");

    stage.join(ALICE, "one");
    let effects = stage.join_as(ALICE, "two", Some("mallory"));

    let alice = guest(ALICE, &format!("guest-{ALICE}"), stage.wall_ms());
    assert_eq!(effects[2..], [to_many(&[BOB], peer_joined("two", alice))]);
}

#[test]
fn a_claim_in_a_refused_join_does_not_stick() {
    let mut stage = Stage::with(Limits { max_peers_per_room: 2, ..Limits::default() });
    for peer in [ALICE, BOB, CAROL] {
        stage.connect(peer, Identity::guest(None, None));
    }
    stage.has_joined(BOB, "full");
    stage.has_joined(CAROL, "full");
    stage.has_joined(BOB, "open");

    let effects = stage.join_as(ALICE, "full", Some("mallory"));
    assert_eq!(effects, stage.refused(Refusal::RoomFull { room: room("full"), capacity: 2 }));

    assert_eq!(stage.join_as(ALICE, "open", Some("alice")), [load("alice")]);
    let effects = stage.loaded("alice", Answer::Unknown);
    let alice = guest(ALICE, "alice", stage.wall_ms());
    assert_eq!(effects[2..], [to_many(&[BOB], peer_joined("open", alice))]);
}

#[test]
fn several_guests_may_claim_one_id() {
    let mut stage = Stage::with_guests(&[(ALICE, "same"), (BOB, "same")]);
    stage.has_joined(ALICE, "standup");
    let alice = guest(ALICE, "same", stage.wall_ms());

    let effects = stage.join(BOB, "standup");

    let bob = guest(BOB, "same", stage.wall_ms());
    assert_eq!(
        effects,
        [
            to_one(BOB, existing_peers("standup", std::slice::from_ref(&alice))),
            stage.joined("standup", &[alice]),
            to_many(&[ALICE], peer_joined("standup", bob)),
        ]
    );
}

#[test]
fn a_verified_user_is_shown_as_such_and_with_its_name() {
    let mut stage = Stage::with_guests(&[(BOB, "bob")]);
    stage.connect(ALICE, Identity::verified(user("alice"), Some(username("Alice A."))));
    stage.has_joined(BOB, "standup");

    let effects = stage.join_as(ALICE, "standup", Some("alice"));

    let alice = Member {
        peer: ALICE,
        user: user("alice"),
        username: Some(username("Alice A.")),
        standing: Standing::Verified,
        joined_at_ms: stage.wall_ms(),
    };
    assert_eq!(effects[2..], [to_many(&[BOB], peer_joined("standup", alice))]);
}

#[test]
fn a_claim_that_contradicts_a_verified_identity_is_refused_in_every_join() {
    let mut stage = Stage::with_guests(&[(BOB, "bob")]);
    stage.connect(ALICE, Identity::verified(user("alice"), None));
    stage.has_joined(BOB, "standup");
    let refusal = Refusal::NotYourIdentity { claimed: user("mallory"), verified: user("alice") };

    let effects = stage.join_as(ALICE, "standup", Some("mallory"));
    assert_eq!(effects, stage.refused(refusal.clone()));

    stage.has_joined(ALICE, "standup");
    let effects = stage.join_as(ALICE, "standup", Some("mallory"));
    assert_eq!(effects, stage.refused(refusal));
}
