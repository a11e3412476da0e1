//! `docs/PROTOCOL.md` says what the code does: its tables row by row, its examples line by line.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use dialects::{
    ALL, Dialect, Direction, MAX_CANDIDATE_BYTES, MAX_EVENT_BYTES, MAX_SDP_BYTES, Validation,
    documented_events,
};
use domain::{Code, Limits, Locale, RoomId, UserId, Username};

use crate::story::{Mark, stories};

#[test]
fn each_dialect_has_its_chapter_with_its_table_of_events() {
    let document = document();
    for &dialect in ALL {
        let rows: Vec<String> = documented_events()
            .filter(|(owner, _)| owner.name() == dialect.name())
            .map(|(_, row)| {
                let direction = row.direction.as_str();
                format!("| `{}` | {direction} | `{}` | {} |", row.name, row.payload, row.effect)
            })
            .collect();
        assert_eq!(table(&document, &format!("## {}\n", dialect.name())), rows);
        let namespace = format!("| {0} | `/{0}` | ", dialect.name());
        assert!(document.lines().any(|line| line.starts_with(&namespace)));
    }
}

#[test]
fn every_code_is_in_the_table_with_its_status() {
    let rows = table(&document(), "### Acknowledgements and errors\n");
    let listed: Vec<String> =
        rows.iter().map(|row| row.split(" | ").take(2).collect::<Vec<_>>().join(" | ")).collect();
    let codes: Vec<String> =
        Code::ALL.iter().map(|code| format!("| `{}` | {}", code.as_str(), code.status())).collect();
    assert_eq!(listed, codes);
}

#[test]
fn every_limit_is_in_the_table() {
    let limits = Limits::default();
    let expected = [
        format!("| connections in a room | {}, by `MAX_PEERS_PER_ROOM` |", limits.max_peers_per_room),
        format!("| rooms of a connection | {} |", limits.max_rooms_per_connection),
        "| nesting of an event | 64 arrays and objects |".to_owned(),
        format!("| an event's payload | {MAX_EVENT_BYTES} bytes |"),
        format!("| an SDP | {MAX_SDP_BYTES} bytes |"),
        format!("| a candidate | {MAX_CANDIDATE_BYTES} bytes |"),
        format!("| a room's id | {} |", RoomId::RULE.text(Locale::En)),
        format!("| a user's id | {} |", UserId::RULE.text(Locale::En)),
        format!("| a username | {} |", Username::RULE.text(Locale::En)),
    ];
    assert_eq!(table(&document(), "### Limits\n"), expected);
}

#[test]
fn every_event_has_an_example_that_the_code_takes_or_gives() {
    let document = document();
    // What is said before it, in every namespace alike, is the gateway's and no dialect's.
    let (_, document) = document.split_once("\n## Rules of every dialect\n").expect("the rules");
    for &dialect in ALL {
        let heard = told(dialect, Mark::Hears);
        let acknowledged = told(dialect, Mark::Acknowledged);
        let mut shown = BTreeSet::new();
        for line in document.lines() {
            if let Some(wire) = line.strip_prefix("client: ") {
                shown.insert((decode(dialect, wire), Direction::ToServer));
            } else if let Some(wire) = line.strip_prefix("server: ") {
                assert!(heard.contains(wire), "no story has {wire}");
                shown.insert((name(wire), Direction::ToClient));
            } else if let Some(wire) = line.strip_prefix("ack:    ") {
                assert!(acknowledged.contains(wire), "no story has {wire}");
            }
        }
        let listed = dialect.events().iter().map(|row| (row.name.to_owned(), row.direction)).collect();
        assert_eq!(shown, listed);
    }
}

fn document() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/PROTOCOL.md");
    fs::read_to_string(path).unwrap()
}

/// The rows of the first table behind a heading, without its head.
fn table(document: &str, heading: &str) -> Vec<String> {
    let (_, chapter) = document.split_once(&format!("\n{heading}")).unwrap_or_else(|| panic!("no {heading}"));
    let rows =
        chapter.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2).map(str::to_owned).collect()
}

fn told(dialect: &dyn Dialect, mark: Mark) -> BTreeSet<String> {
    let lines = stories(dialect).into_iter().flat_map(|story| story.lines);
    lines.filter(|line| line.mark == mark).map(|line| line.text).collect()
}

fn decode(dialect: &dyn Dialect, wire: &str) -> String {
    let mut elements = rawjson::validate(wire.as_bytes(), 64).unwrap().elements().unwrap();
    let name = elements.next().unwrap().string().unwrap();
    dialect.decode(&name, elements.next(), Validation::Shape).unwrap().event.to_owned()
}

fn name(wire: &str) -> String {
    let mut elements = rawjson::validate(wire.as_bytes(), 64).unwrap().elements().unwrap();
    elements.next().unwrap().string().unwrap().into_owned()
}
