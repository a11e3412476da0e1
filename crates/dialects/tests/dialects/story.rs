//! The files of `tests/fixtures/<dialect>/`: what a client emits and what it means, what happens and what it hears.
//!
//! ```text
//! # A comment.
//! > ["join",{"roomId":"standup"}]        a client emits this
//! = other: join standup                  and this is what it asks for, by class
//! ! VALIDATION_ERROR roomId is ...       or why it is refused
//! off> ["offer",{...}]                   the same with validation off
//!
//! : peer-joined standup alice            this happens in the core
//! < ["peer-joined",{...}]                and the client hears this
//! : refused room-full                    a command was refused
//! + [{"success":false,...}]              and the acknowledgement says this
//! ```
//!
//! `<<65536*x>>` stands for so many `x`.

use std::fs;
use std::path::PathBuf;

use dialects::Dialect;

pub(crate) struct Story {
    pub(crate) file: String,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) mark: Mark,
    /// What follows the mark, repetitions written out.
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Emits,
    EmitsUnchecked,
    Asks,
    Refused,
    Happens,
    Hears,
    Acknowledged,
}

const MARKS: &[(&str, Mark)] = &[
    ("> ", Mark::Emits),
    ("off> ", Mark::EmitsUnchecked),
    ("= ", Mark::Asks),
    ("! ", Mark::Refused),
    (": ", Mark::Happens),
    ("< ", Mark::Hears),
    ("+ ", Mark::Acknowledged),
];

/// All stories of a dialect.
pub(crate) fn stories(dialect: &dyn Dialect) -> Vec<Story> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(dialect.name());
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &std::path::Path) -> Story {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let is_told = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let numbered = text.lines().enumerate().filter(|(_, line)| is_told(line));
    let lines = numbered.map(|(index, line)| parse(&file, index + 1, line)).collect();
    Story { file, lines }
}

fn parse(file: &str, number: usize, line: &str) -> Line {
    let marked = MARKS.iter().find_map(|(sign, mark)| Some((*mark, line.strip_prefix(sign)?)));
    let (mark, text) = marked.unwrap_or_else(|| panic!("{file}:{number}: no mark at the start of the line"));
    Line { number, mark, text: repeat(text) }
}

/// Writes out each `<<count*text>>`.
fn repeat(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<<") else { return text.to_owned() };
    let (inner, after) = rest.split_once(">>").unwrap();
    let (count, unit) = inner.split_once('*').unwrap();
    before.to_owned() + &unit.repeat(count.parse().unwrap()) + &repeat(after)
}
