//! What a token lets its holder do: a rule a test, all effects asserted in their order.

use domain::{Grant, Grants, Identity, Input, Refusal, RoomId, RoomPattern};

use crate::support::*;

fn alice() -> Identity {
    Identity::verified(user("alice"), None)
}

#[test]
fn whoever_has_grants_enters_the_rooms_they_cover_and_no_other() {
    let mut stage = Stage::new();
    stage.connect(ALICE, alice().with_grants(Some(entry_to(&["standup", "team-*"]))));

    for name in ["standup", "team-", "team-red"] {
        stage.has_joined(ALICE, name);
    }
    for name in ["other", "standup-2", "team", "Team-red"] {
        let effects = stage.join(ALICE, name);
        assert_eq!(effects, stage.refused(Refusal::NotGranted { room: room(name) }));
    }
}

#[test]
fn whoever_has_no_grants_enters_any_room_and_whoever_has_an_empty_list_none() {
    let mut stage = Stage::new();
    stage.connect(ALICE, alice());
    stage.connect(BOB, Identity::verified(user("bob"), None).with_grants(Some(entry_to(&[]))));

    stage.has_joined(ALICE, "standup");
    let effects = stage.join(BOB, "standup");
    assert_eq!(effects, stage.refused(Refusal::NotGranted { room: room("standup") }));
}

#[test]
fn a_renewed_token_replaces_the_grants_and_rooms_already_entered_stay_open() {
    let mut stage = Stage::new();
    stage.connect(ALICE, alice().with_grants(Some(entry_to(&["one"]))));
    stage.has_joined(ALICE, "one");

    let identity = alice().with_grants(Some(entry_to(&["two"])));
    assert_eq!(stage.step(Input::Renewed { peer: ALICE, identity }), []);

    stage.has_joined(ALICE, "two");
    assert_eq!(stage.stats().memberships, 2);
    stage.leave(ALICE, Some("one"));
    let effects = stage.join(ALICE, "one");
    assert_eq!(effects, stage.refused(Refusal::NotGranted { room: room("one") }));

    stage.step(Input::Renewed { peer: ALICE, identity: alice() });
    stage.has_joined(ALICE, "one");
}

#[test]
fn a_connection_that_is_gone_is_renewed_without_effect() {
    let mut stage = Stage::new();
    assert_eq!(stage.step(Input::Renewed { peer: ALICE, identity: alice() }), []);
    assert_eq!(stage.stats().peers, 0);
}

#[test]
#[should_panic(expected = "a connection is renewed by the verified user that it is")]
fn nobody_becomes_someone_else_by_another_token() {
    let mut stage = Stage::new();
    stage.connect(ALICE, alice());
    stage.step(Input::Renewed { peer: ALICE, identity: Identity::verified(user("bob"), None) });
}

#[test]
#[should_panic(expected = "a connection is renewed by the verified user that it is")]
fn a_guest_does_not_become_verified_under_way() {
    let mut stage = Stage::with_guests(&[(ALICE, "alice")]);
    stage.step(Input::Renewed { peer: ALICE, identity: alice() });
}

#[test]
fn each_right_is_granted_by_itself() {
    let grant = |text, join, publish, admin| Grant {
        pattern: RoomPattern::try_from(text).unwrap(),
        join,
        publish,
        admin,
    };
    let all = vec![
        grant("one", true, false, false),
        grant("*", false, true, false),
        grant("on*", false, false, true),
    ];
    let grants = Grants::try_from(all).unwrap();

    let rights = |name| {
        let room: RoomId = room(name);
        [grants.let_into(&room), grants.let_publish_in(&room), grants.let_administer(&room)]
    };
    assert_eq!(rights("one"), [true, true, true]);
    assert_eq!(rights("only"), [false, true, true]);
    assert_eq!(rights("two"), [false, true, false]);
}

#[test]
fn a_pattern_is_a_rooms_id_or_a_beginning_and_a_star() {
    let long = "a".repeat(100);
    for text in ["abc", "*", "a*", "team-*", &long, &format!("{long}*")] {
        assert_eq!(RoomPattern::try_from(text).unwrap().to_string(), text);
    }
    let too_long = "a".repeat(101);
    for text in ["", "ab", "a*c", "**", "a b*", "*a", "team.*", "\u{e9}*", &too_long, &format!("{too_long}*")]
    {
        let refusal = RoomPattern::try_from(text).unwrap_err();
        assert_eq!(refusal, Refusal::unfit("rooms", text, RoomPattern::RULE), "{text}");
    }
}

#[test]
fn a_token_grants_no_more_than_so_many_things() {
    let grants = |count| {
        let grant =
            Grant { pattern: RoomPattern::try_from("*").unwrap(), join: true, publish: true, admin: true };
        Grants::try_from(vec![grant; count])
    };
    assert!(grants(Grants::MAX).is_ok());
    let message = grants(Grants::MAX + 1).unwrap_err().to_string();
    assert_eq!(message, format!("rooms is a longer list: it must be at most {} grants", Grants::MAX));
}
