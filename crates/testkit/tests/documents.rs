//! What the documents say of the repository, held against it. Each failure says what to do.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod repository;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use repository::{files, none, root};

#[test]
fn every_link_between_documents_leads_somewhere() {
    let documents = files(&[".md"]);
    let mut problems = Vec::new();
    for (path, text) in &documents {
        for link in links(text).filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { beside(path, file) };
            let leads_to_heading = || {
                heading.is_empty() || documents.get(&target).is_some_and(|text| has_heading(text, heading))
            };
            if !root().join(&target).exists() || !leads_to_heading() {
                problems.push(format!("{path}: {link}"));
            }
        }
    }
    none(&problems, "mend these links, or write what they lead to");
}

#[test]
fn every_path_that_a_document_names_is_there() {
    let mut problems = Vec::new();
    for (path, text) in files(&[".md"]) {
        let is_path = |span: &&str| {
            ["crates/", "docs/", "web/", "bench/", "scripts/"].iter().any(|folder| span.starts_with(folder))
                && span.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
        };
        let made = ["web/dist", "web/node_modules"];
        let named =
            spans(&text).filter(is_path).filter(|span| !made.iter().any(|made| span.starts_with(made)));
        problems
            .extend(named.filter(|span| !root().join(span).exists()).map(|span| format!("{path}: {span}")));
    }
    none(&problems, "name the file where it is now");
}

#[test]
fn every_function_of_the_walk_throughs_is_in_its_file() {
    let sources = files(&[".rs"]);
    let mut steps = 0;
    let mut problems = Vec::new();
    for cells in rows(&read("ARCHITECTURE.md")) {
        let [file, function, _] = cells.as_slice() else { continue };
        let (Some(file), Some(function)) = (span(file), span(function)) else { continue };
        steps += 1;
        let is_there = sources.get(file).is_some_and(|source| defines(source, function));
        if !is_there {
            problems.push(format!("{file}: {function}"));
        }
    }
    assert!(steps > 20, "the walk-throughs have {steps} steps: were they written in another form?");
    none(&problems, "walk through the code as it is now, and write down the way in ARCHITECTURE.md");
}

#[test]
fn every_test_that_holds_an_invariant_is_there() {
    let sources = files(&[".rs"]);
    let architecture = read("ARCHITECTURE.md");
    let is_test =
        |span: &&str| span.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let tests: BTreeSet<&str> = section(&architecture, "Invariants")
        .lines()
        .filter_map(|row| row.rsplit('|').nth(1))
        .flat_map(spans)
        .filter(is_test)
        .collect();
    assert!(tests.len() > 10, "{} tests: was the table written in another form?", tests.len());
    let gone: Vec<String> = tests
        .iter()
        .filter(|test| !sources.values().any(|source| defines(source, test)))
        .map(|&test| test.to_owned())
        .collect();
    none(&gone, "say in ARCHITECTURE.md what holds these invariants now");
}

#[test]
fn every_dependency_has_a_row_that_says_what_it_is_for() {
    let document = read("docs/DEPENDENCIES.md");
    let written: BTreeMap<String, String> =
        rows(&document).filter_map(|cells| Some((span(&cells[0])?.to_owned(), cells[1].clone()))).collect();
    let taken: BTreeSet<String> = crates().into_iter().chain(packages()).collect();

    let mut problems: Vec<String> = taken
        .iter()
        .filter(|name| !written.contains_key(*name))
        .map(|name| format!("{name} has no row"))
        .collect();
    problems
        .extend(written.keys().filter(|name| !taken.contains(*name)).map(|name| format!("{name} is gone")));
    let without = written.iter().filter(|(_, purpose)| purpose.is_empty());
    problems.extend(without.map(|(name, _)| format!("{name} is for nothing")));
    none(&problems, "say in docs/DEPENDENCIES.md what each is for and why this one, or leave it out");
}

#[test]
fn every_scenario_of_the_benchmarks_was_measured_with_the_product() {
    let document = read("docs/BENCHMARKS.md");
    let results: Vec<(String, String)> = rows(section(&document, "Results"))
        .filter_map(|cells| Some((cells.first()?.clone(), cells.get(1)?.clone())))
        .filter(|(scenario, _)| scenario != "scenario" && !scenario.starts_with('-'))
        .collect();
    let scenarios: BTreeSet<&String> = results.iter().map(|(scenario, _)| scenario).collect();
    assert!(!scenarios.is_empty(), "no results: was the table written in another form?");
    let without: Vec<String> = scenarios
        .into_iter()
        .filter(|&scenario| !results.contains(&(scenario.clone(), "paraclete".to_owned())))
        .cloned()
        .collect();
    none(&without, "measure them anew: make bench");
}

#[test]
fn every_target_of_make_that_a_document_names_is_there() {
    let makefile = read("Makefile");
    let mut problems = Vec::new();
    for (path, text) in files(&[".md"]) {
        let commands = text.lines().chain(spans(&text)).filter_map(|command| command.strip_prefix("make "));
        for target in
            commands.flat_map(str::split_whitespace).take_while(|word| !word.starts_with(['-', '#']))
        {
            if !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))) {
                problems.push(format!("{path}: make {target}"));
            }
        }
    }
    none(&problems, "name a target of the Makefile");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names in `[workspace.dependencies]`.
fn crates() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let (_, behind) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let (section, _) = behind.split_once("\n[").unwrap();
    let entries = section.lines().filter(|line| !line.starts_with('#'));
    entries.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
}

/// The names in both lists of the page's dependencies.
fn packages() -> Vec<String> {
    let manifest = read("web/package.json");
    let lists = manifest.split("ependencies\": {").skip(1).filter_map(|behind| behind.split('}').next());
    let entries =
        lists.flat_map(str::lines).filter_map(|line| line.trim().strip_prefix('"')?.split_once('"'));
    entries.map(|(name, _)| name.to_owned()).collect()
}

/// Whether a function of that name is defined there.
fn defines(source: &str, function: &str) -> bool {
    ["(", "<"].iter().any(|behind| source.contains(&format!("fn {function}{behind}")))
}

/// The text between `## heading` and the next one of its kind.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, behind) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    behind.split_once("\n## ").map_or(behind, |(section, _)| section)
}

/// The cells of every row of every table.
fn rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// What stands in a cell, if that is code and nothing else.
fn span(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`').filter(|code| !code.contains('`'))
}

/// What stands between backticks, line by line.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    prose(text).flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The lines outside of blocks of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Where the links of a document lead.
fn links(text: &str) -> impl Iterator<Item = &str> {
    prose(text).flat_map(|line| line.split("](").skip(1)).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// A path as it is written in a document, from the root.
fn beside(document: &str, link: &str) -> String {
    let mut parts: Vec<&str> =
        Path::new(document).parent().unwrap().iter().map(|part| part.to_str().unwrap()).collect();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a heading gets this anchor where documents are shown.
fn has_heading(text: &str, anchor: &str) -> bool {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings.map(|line| line.trim_start_matches('#').trim()).any(|heading| slug(heading) == anchor)
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}
