//! Which packet has a place when: CONNECT first, and everything in the namespace it belongs to.

use std::{sync::Arc, time::Instant};

use socketio::{
    Limits, Reason,
    session::{Incoming, Session},
};

/// A session that has let its client into `/` as entry 1.
pub(crate) fn joined(now: Instant, limits: Limits) -> Session<u32> {
    let mut session = Session::new(now, Arc::new(limits));
    enter(&mut session, now, "0", 1);
    session
}

/// Lets the client into the namespace that it asks for with `connect`.
pub(crate) fn enter(session: &mut Session<u32>, now: Instant, connect: &str, entry: u32) {
    assert!(matches!(session.text(now, connect), Ok(Incoming::Connect { .. })), "{connect}");
    session.accept(entry);
}

/// What a message meant, in a form that can be compared.
pub(crate) fn summary<T: std::fmt::Display>(incoming: Result<Incoming<'_, T>, Reason>) -> String {
    match incoming {
        Ok(Incoming::Nothing) => "nothing".to_owned(),
        Ok(Incoming::Connect { namespace, auth }) => {
            format!("connect {namespace} {}", auth.map_or("-", |auth| auth.as_str()))
        }
        Ok(Incoming::Crowded { namespace }) => format!("crowded {namespace}"),
        Ok(Incoming::Event(entry, event)) => {
            let (name, rest) = (&event.name, event.args.rest());
            format!("{entry}: event {name} {:?} {rest} {:?}", event.ack, event.attachments)
        }
        Ok(Incoming::Ack(entry, answer)) => {
            format!("{entry}: ack {} {} {:?}", answer.id, answer.args.rest(), answer.attachments)
        }
        Ok(Incoming::Disconnect(entry)) => format!("{entry}: disconnect"),
        Err(reason) => format!("closed: {reason}"),
    }
}

#[test]
fn a_client_asks_for_a_namespace_and_then_its_events_reach_that_entry() {
    let now = Instant::now();
    let mut session = Session::<u32>::new(now, Arc::default());
    assert_eq!(summary(session.text(now, r#"0{"token":1}"#)), r#"connect / {"token":1}"#);
    session.accept(1);
    assert_eq!(summary(session.text(now, "0/admin,")), "connect /admin -");
    session.accept(2);
    assert_eq!(summary(session.text(now, r#"2["a",7]"#)), "1: event a None 7 []");
    assert_eq!(summary(session.text(now, r#"2/admin,3["a",8]"#)), "2: event a Some(3) 8 []");
    assert_eq!(summary(session.text(now, "35[9]")), "1: ack 5 9 []");
    assert_eq!(summary(session.text(now, "3/admin,5[]")), "2: ack 5  []");
}

#[test]
fn whatever_comes_before_connect_closes_the_connection() {
    let now = Instant::now();
    for early in [r#"2["a"]"#, "30[]", "1", r#"51-["a"]"#, r#"2/admin,["a"]"#, "399999999999999999999[]"] {
        let mut session = Session::<u32>::new(now, Arc::default());
        assert_eq!(summary(session.text(now, early)), "closed: parse error", "{early}");
    }
}

#[test]
fn an_event_for_a_namespace_that_the_client_is_not_in_closes_the_connection() {
    let now = Instant::now();
    for elsewhere in [r#"2/admin,["a"]"#, "3/admin,0[]", "1/admin", r#"51-/admin,["a"]"#] {
        assert_eq!(summary(joined(now, Limits::default()).text(now, elsewhere)), "closed: parse error");
    }
}

#[test]
fn connect_to_a_namespace_that_the_client_is_in_closes_the_connection() {
    let now = Instant::now();
    assert_eq!(summary(joined(now, Limits::default()).text(now, "0")), "closed: parse error");
}

#[test]
fn after_disconnect_nothing_of_that_namespace_has_a_place_any_more() {
    let now = Instant::now();
    for late in [r#"2["a"]"#, "1", "30[]"] {
        let mut session = joined(now, Limits::default());
        enter(&mut session, now, "0/admin", 2);
        assert_eq!(summary(session.text(now, "1")), "1: disconnect");
        assert_eq!(summary(session.text(now, r#"2/admin,["a"]"#)), "2: event a None  []", "the other stays");
        assert_eq!(summary(session.text(now, late)), "closed: parse error", "{late}");
    }
}

#[test]
fn a_client_that_has_left_may_come_back() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.text(now, "1")), "1: disconnect");
    enter(&mut session, now, "0", 3);
    assert_eq!(summary(session.text(now, r#"2["a"]"#)), "3: event a None  []");
}

#[test]
fn a_client_that_was_refused_is_not_in_and_may_ask_again() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.text(now, "0/admin")), "connect /admin -");
    session.refuse(now);
    assert_eq!(session.entries().count(), 1);
    assert_eq!(summary(session.text(now, "0/admin")), "connect /admin -");
    session.refuse(now);
    assert_eq!(summary(session.text(now, r#"2/admin,["a"]"#)), "closed: parse error");
}

#[test]
fn what_is_under_way_to_a_dismissed_namespace_is_ignored() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    enter(&mut session, now, "0/admin", 2);
    assert_eq!(session.dismiss(|entry| *entry == 2), [2]);
    for late in [r#"2/admin,["a"]"#, r#"2/admin,1["a"]"#, "3/admin,1[]"] {
        assert_eq!(summary(session.text(now, late)), "nothing", "{late}");
    }
    assert_eq!(summary(session.text(now, r#"51-/admin,["a"]"#)), "nothing");
    assert_eq!(summary(session.binary(b"1")), "nothing", "attachments too");
    assert_eq!(summary(session.text(now, "1/admin")), "nothing", "its own leave is no second one");
    assert_eq!(
        summary(session.text(now, r#"2/admin,["a"]"#)),
        "closed: parse error",
        "after which it is out"
    );
    assert_eq!(summary(session.text(now, r#"2["a"]"#)), "1: event a None  []");
}

#[test]
fn a_dismissed_client_may_ask_for_the_namespace_again() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    assert_eq!(session.dismiss(|_| true), [1]);
    assert_eq!(session.entries().count(), 0);
    enter(&mut session, now, "0", 4);
    assert_eq!(summary(session.text(now, r#"2["a"]"#)), "4: event a None  []");
}

#[test]
fn every_malformed_packet_closes_the_connection() {
    let now = Instant::now();
    for bad in ["", "9", "2", "2{}", "2[]", "2[1]", "3[]", "0[]", "abc", r#"2["connect"]"#] {
        assert_eq!(summary(joined(now, Limits::default()).text(now, bad)), "closed: parse error", "{bad}");
    }
}

#[test]
fn an_acknowledgement_that_nobody_can_have_asked_for_is_ignored() {
    let now = Instant::now();
    assert_eq!(summary(joined(now, Limits::default()).text(now, "399999999999999999999[]")), "nothing");
}
