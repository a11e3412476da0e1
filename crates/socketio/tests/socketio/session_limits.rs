//! How long a client may stay outside, and how many namespaces it may be in or ask for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use socketio::{Limits, Reason, session::Session};

use crate::session::{enter, joined, summary};

const SECOND: Duration = Duration::from_secs(1);

fn fresh(now: Instant) -> Session<u32> {
    Session::new(now, Arc::new(Limits { connect_timeout: 10 * SECOND, ..Limits::default() }))
}

#[test]
fn a_client_that_does_not_ask_for_a_namespace_in_time_is_closed() {
    let now = Instant::now();
    let mut session = fresh(now);
    assert_eq!(session.deadline(), Some(now + 10 * SECOND));
    assert_eq!(session.timeout(now + 9 * SECOND), Ok(()));
    assert_eq!(session.timeout(now + 10 * SECOND), Err(Reason::ConnectTimeout));
}

#[test]
fn a_client_that_is_in_may_stay() {
    let now = Instant::now();
    let mut session = fresh(now);
    enter(&mut session, now, "0", 1);
    assert_eq!(session.deadline(), None);
    assert_eq!(session.timeout(now + 3600 * SECOND), Ok(()));
}

#[test]
fn while_the_server_thinks_about_a_client_that_asked_in_time_the_client_is_not_late() {
    let now = Instant::now();
    let mut session = fresh(now);
    assert_eq!(summary(session.text(now + 9 * SECOND, "0")), "connect / -");
    assert_eq!(session.deadline(), None);
    assert_eq!(session.timeout(now + 18 * SECOND), Ok(()));
}

#[test]
fn a_client_that_was_refused_has_as_long_again_to_ask_for_another_namespace() {
    let now = Instant::now();
    let mut session = fresh(now);
    assert_eq!(summary(session.text(now, "0/admin")), "connect /admin -");
    session.refuse(now + 8 * SECOND);
    assert_eq!(session.deadline(), Some(now + 18 * SECOND));
    assert_eq!(session.timeout(now + 18 * SECOND), Err(Reason::ConnectTimeout));
}

#[test]
fn a_refusal_does_not_threaten_a_client_that_is_in_already() {
    let now = Instant::now();
    let mut session = fresh(now);
    enter(&mut session, now, "0", 1);
    assert_eq!(summary(session.text(now, "0/admin")), "connect /admin -");
    session.refuse(now);
    assert_eq!(session.deadline(), None);
}

#[test]
fn one_namespace_too_many_is_crowded_and_the_others_stay() {
    let now = Instant::now();
    let mut session = joined(now, Limits { max_namespaces: 3, ..Limits::default() });
    enter(&mut session, now, "0/two", 2);
    enter(&mut session, now, "0/three", 3);
    assert_eq!(summary(session.text(now, "0/four")), "crowded /four");
    session.refuse(now);
    assert_eq!(summary(session.text(now, r#"2/two,["a"]"#)), "2: event a None  []");

    assert_eq!(summary(session.text(now, "1/three")), "3: disconnect");
    enter(&mut session, now, "0/four", 4);
}

#[test]
fn a_client_may_ask_only_so_often_whatever_it_is_answered() {
    let now = Instant::now();
    let mut session = joined(now, Limits { max_connects: 4, ..Limits::default() });
    for _ in 0..3 {
        assert_eq!(summary(session.text(now, "0/admin")), "connect /admin -");
        session.refuse(now);
    }
    assert_eq!(summary(session.text(now, "0/admin")), "closed: rate");
}

#[test]
fn leaving_and_coming_back_counts_as_asking() {
    let now = Instant::now();
    let mut session = joined(now, Limits { max_connects: 2, ..Limits::default() });
    assert_eq!(summary(session.text(now, "1")), "1: disconnect");
    enter(&mut session, now, "0", 2);
    assert_eq!(summary(session.text(now, "1")), "2: disconnect");
    assert_eq!(summary(session.text(now, "0")), "closed: rate");
}
