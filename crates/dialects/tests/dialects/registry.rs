//! The tables of events hold what the code does, and the dialects keep apart.

use std::collections::BTreeSet;

use dialects::{ALL, Dialect, Direction, MESH, Validation, documented_events, named, of, select};
use domain::{Code, Locale, Refusal, Voice};

#[test]
fn an_event_is_taken_if_and_only_if_its_table_says_that_clients_emit_it() {
    for (dialect, row) in documented_events() {
        let is_taken = match dialect.decode(row.name, None, Validation::Shape) {
            Ok(_) => true,
            Err(refusal) => refusal.code() != Code::UnknownEvent,
        };
        let has_row =
            |other: &&dialects::EventRow| other.name == row.name && other.direction == Direction::ToServer;
        assert_eq!(is_taken, dialect.events().iter().any(|other| has_row(&other)), "{}", row.name);
        assert_eq!(is_taken, dialect.claims(row.name, None), "{}", row.name);
    }
}

#[test]
fn an_event_stands_in_its_table_once_for_each_direction() {
    for &dialect in ALL {
        let rows: BTreeSet<_> = dialect.events().iter().map(|row| (row.name, row.direction)).collect();
        assert_eq!(rows.len(), dialect.events().len());
    }
}

#[test]
fn names_that_are_special_elsewhere_are_unknown_events() {
    let huge = "x".repeat(1_000_000);
    for event in [
        "",
        "connect",
        "disconnect",
        "connect_error",
        "__proto__",
        "constructor",
        "JOIN",
        "join ",
        "existing-peers",
        &huge,
    ] {
        for &dialect in ALL {
            let refusal = dialect.decode(event, None, Validation::Off).unwrap_err();
            assert_eq!(refusal.code(), Code::UnknownEvent, "{event:.20}");
            assert!(!dialect.claims(event, None));

            let mut out = Vec::new();
            dialect.encode_error(event, &refusal, Locale::En, &mut out);
            assert!(out.len() < 500, "what comes back is short");
        }
    }
}

#[test]
fn a_dialect_is_found_by_its_name_and_by_its_voice() {
    for &dialect in ALL {
        assert_eq!(named(dialect.name()).map(|found| found.name()), Some(dialect.name()));
    }
    for name in ["", "Mesh", "__proto__"] {
        assert!(named(name).is_none());
    }
    for &voice in Voice::ALL {
        assert!(ALL.iter().any(|dialect| dialect.name() == of(voice).name()));
    }
}

#[test]
fn the_default_namespace_takes_the_events_of_the_enabled_dialects_and_no_others() {
    let chosen = |event, enabled: &[&'static dyn Dialect]| match select(event, None, enabled) {
        Ok(dialect) => dialect.name().to_owned(),
        Err(refusal) => refusal.to_string(),
    };
    let unknown =
        "unknown event \"join\": no dialect that is served here has it; check the name and the namespace";
    assert_eq!(chosen("join", ALL), "mesh");
    assert_eq!(chosen("message", &[&MESH]), "mesh");
    assert_eq!(chosen("join", &[]), unknown);
    assert_eq!(chosen("peer-joined", ALL), unknown.replace("join", "peer-joined"));
}

#[test]
fn a_failure_has_its_message_in_the_language_asked_for_and_its_code_in_none() {
    let refusal = Refusal::TooManyRooms { limit: 64 };
    let failed = Err(refusal.clone());
    for &dialect in ALL {
        let said = |locale| {
            let (mut reply, mut error) = (Vec::new(), Vec::new());
            dialect.encode_reply(&failed, locale, &mut reply);
            dialect.encode_error("join", &refusal, locale, &mut error);
            [reply, error].map(|said| String::from_utf8(said).unwrap())
        };
        for &locale in Locale::ALL {
            let message = refusal.display(locale).to_string();
            let head = format!(r#"{{"code":"FORBIDDEN","message":"{message}""#);
            assert!(said(locale).iter().all(|said| said.contains(&head)), "{:?}", said(locale));
        }
        assert_ne!(said(Locale::En), said(Locale::Ko));
    }
}
