//! An event is held back until its attachments are there, and only they may come meanwhile.

use std::time::{Duration, Instant};

use socketio::{Limits, session::Incoming};

use crate::session::{joined, summary};

const TWO: &str = r#"52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;

#[test]
fn an_event_comes_with_its_attachments_in_order_and_not_before() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.text(now, TWO)), "nothing");
    assert_eq!(summary(session.binary(&[1])), "nothing");
    let whole =
        r#"1: event a None {"_placeholder":true,"num":0},{"_placeholder":true,"num":1} [b"\x01", b"\x02"]"#;
    assert_eq!(summary(session.binary(&[2])), whole);
    assert_eq!(summary(session.text(now, r#"2["b"]"#)), "1: event b None  []", "and then it is over");
}

#[test]
fn attachments_that_were_dealt_with_are_held_no_longer() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.text(now, r#"51-["a",{"_placeholder":true,"num":0}]"#)), "nothing");
    let attachment = match session.binary(&[7; 1000]) {
        Ok(Incoming::Event(_, event)) => event.attachments[0].clone(),
        other => panic!("{other:?}"),
    };
    assert!(!attachment.is_unique(), "the event borrows it");
    session.release();
    assert!(attachment.is_unique());
}

#[test]
fn an_acknowledgement_comes_with_its_attachments() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.text(now, r#"61-4[{"_placeholder":true,"num":0}]"#)), "nothing");
    assert_eq!(summary(session.binary(b"x")), r#"1: ack 4 {"_placeholder":true,"num":0} [b"x"]"#);
}

#[test]
fn text_while_an_attachment_is_due_closes_the_connection() {
    let now = Instant::now();
    for text in [r#"2["b"]"#, TWO, "1", "0/admin"] {
        let mut session = joined(now, Limits::default());
        assert_eq!(summary(session.text(now, TWO)), "nothing");
        assert_eq!(summary(session.binary(&[1])), "nothing");
        assert_eq!(summary(session.text(now, text)), "closed: parse error");
    }
}

#[test]
fn binary_that_nobody_announced_closes_the_connection() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.binary(&[1])), "closed: parse error");

    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.text(now, r#"50-["a"]"#)), "1: event a None  []", "none are due");
    assert_eq!(summary(session.binary(&[1])), "closed: parse error");

    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.text(now, TWO)), "nothing");
    assert_eq!(summary(session.binary(&[1])), "nothing");
    assert!(session.binary(&[2]).is_ok());
    assert_eq!(summary(session.binary(&[3])), "closed: parse error", "one too many");
}

#[test]
fn a_placeholder_without_an_attachment_closes_the_connection_before_any_comes() {
    let now = Instant::now();
    let text = r#"51-["a",{"_placeholder":true,"num":1}]"#;
    assert_eq!(summary(joined(now, Limits::default()).text(now, text)), "closed: parse error");
}

#[test]
fn an_event_with_all_its_attachments_is_bounded_in_bytes() {
    let now = Instant::now();
    let limits = Limits { max_payload_bytes: TWO.len() + 10, ..Limits::default() };
    let mut session = joined(now, limits.clone());
    assert_eq!(summary(session.text(now, TWO)), "nothing");
    assert_eq!(summary(session.binary(&[0; 5])), "nothing");
    assert!(session.binary(&[0; 5]).is_ok());

    let mut session = joined(now, limits);
    assert_eq!(summary(session.text(now, TWO)), "nothing");
    assert_eq!(summary(session.binary(&[0; 5])), "nothing");
    assert_eq!(summary(session.binary(&[0; 6])), "closed: too large");
}

#[test]
fn attachments_that_do_not_come_in_time_close_the_connection() {
    let (now, second) = (Instant::now(), Duration::from_secs(1));
    let limits = Limits { attachments_timeout: 10 * second, ..Limits::default() };
    let mut session = joined(now, limits);
    assert_eq!(session.deadline(), None);
    assert_eq!(summary(session.text(now + second, TWO)), "nothing");
    assert_eq!(session.deadline(), Some(now + 11 * second));
    assert_eq!(summary(session.binary(&[1])), "nothing");
    assert_eq!(session.deadline(), Some(now + 11 * second), "one of them does not put it off");
    assert_eq!(session.timeout(now + 10 * second), Ok(()));
    assert_eq!(session.timeout(now + 11 * second), Err(socketio::Reason::AttachmentsTimeout));
}

#[test]
fn once_the_attachments_are_there_no_deadline_is_left() {
    let now = Instant::now();
    let mut session = joined(now, Limits::default());
    assert_eq!(summary(session.text(now, r#"51-["a"]"#)), "nothing");
    assert!(session.binary(&[]).is_ok());
    assert_eq!(session.deadline(), None);
    assert_eq!(session.timeout(now + Duration::from_secs(3600)), Ok(()));
}
