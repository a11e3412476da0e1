//! House rules that no compiler checks. Each failure says what to do.

mod repository;

use std::collections::BTreeMap;

use repository::{files, none};

/// The longest source file, in lines. Most have 90 to 200.
const MAX_LINES: usize = 500;

/// Which of our crates each crate may know. Dependencies point inwards. (Tests may also use the kit, which
/// knows everybody.)
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("rawjson", &[]),
    ("domain", &[]),
    ("dialects", &["domain", "rawjson"]),
    ("socketio", &["rawjson"]),
    ("auth", &["rawjson", "domain"]),
    ("store", &["domain"]),
    ("server", &["rawjson", "domain", "dialects", "socketio", "auth", "store"]),
    ("testkit", &["rawjson", "domain", "dialects", "socketio", "auth", "store", "server"]),
];

/// Crates that wait for nothing, read no clock and log nothing, and what would make them.
const PURE: &[&str] = &["rawjson", "domain", "dialects"];
const IMPURE: &[&str] =
    &["tokio", "hyper", "axum", "tracing", "log", "serde_json", "getrandom", "rand", "uuid", "chrono"];

#[test]
fn no_source_file_is_longer_than_anybody_wants_to_read() {
    let long: Vec<String> = files(&[".rs", ".ts", ".svelte", ".js", ".css"])
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    none(&long, "split these along what they do, until each has at most 500 lines");
}

#[test]
fn dependencies_point_inwards() {
    let mut problems = Vec::new();
    for (name, manifest) in manifests() {
        let Some((_, may_know)) = MAY_KNOW.iter().find(|(known, _)| *known == name) else {
            problems.push(format!("{name} has no row in MAY_KNOW of this test: give it one"));
            continue;
        };
        for (section, dependency) in dependencies(&manifest) {
            let is_ours = MAY_KNOW.iter().any(|(known, _)| *known == dependency);
            let is_kit_of_a_test = dependency == "testkit" && section == "dev-dependencies";
            if is_ours && !is_kit_of_a_test && !may_know.contains(&dependency.as_str()) {
                problems.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    let gone = MAY_KNOW.iter().filter(|(name, _)| !manifests().contains_key(*name));
    problems.extend(gone.map(|(name, _)| format!("{name} is gone: take it out of MAY_KNOW of this test")));
    none(&problems, "move the code to the crate that may know both, or pass what is needed as a value");
}

#[test]
fn the_pure_crates_wait_for_nothing_and_log_nothing() {
    let mut problems = Vec::new();
    for (name, manifest) in manifests().iter().filter(|(name, _)| PURE.contains(&name.as_str())) {
        for (section, dependency) in dependencies(manifest) {
            if section == "dependencies" && IMPURE.contains(&dependency.as_str()) {
                problems.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    none(&problems, "take time, ids and randomness as arguments and return effects: the shell does the rest");
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let has_lints = |manifest: &str| manifest.contains("[lints]\nworkspace = true");
    let without: Vec<String> =
        manifests().into_iter().filter(|(_, manifest)| !has_lints(manifest)).map(|(name, _)| name).collect();
    none(&without, "add a section [lints] with the line workspace = true to the Cargo.toml of these");
}

#[test]
fn no_lock_file_names_the_host_that_packages_came_from() {
    const CARGO_DEFAULT: &str = "registry+https://github.com/rust-lang/crates.io-index";
    let mut problems = Vec::new();
    for (path, number, line) in lines(&["package-lock.json", "npm-shrinkwrap.json", "Cargo.lock", ".npmrc"]) {
        let is_npm_host =
            line.starts_with("\"resolved\"") && line.contains("://") || line.contains("registry=");
        let is_cargo_host = line.starts_with("source = ") && !line.contains(CARGO_DEFAULT);
        if is_npm_host || is_cargo_host {
            problems.push(format!("{path}:{number}"));
        }
    }
    none(
        &problems,
        "make it anew with `npm config set omit-lockfile-registry-resolved true`, or without a mirror",
    );
}

#[test]
fn no_test_is_ignored_and_nothing_is_left_to_do_later() {
    // Spelt in parts, so that this file does not find itself.
    let marks =
        [["#[", "ignore"], ["to", "do!("], ["unimple", "mented!("], ["test.", "skip("], ["test.", "only("]];
    let marks = marks.map(|parts| parts.concat());
    let problems: Vec<String> = lines(&[".rs", ".ts"])
        .into_iter()
        .filter(|(_, _, line)| marks.iter().any(|mark| line.contains(mark.as_str())))
        .map(|(path, number, line)| format!("{path}:{number}: {line}"))
        .collect();
    none(&problems, "make the test pass or delete it; write the code or leave it out");
}

/// Every line of those files, with its path and number, without the blanks around it.
fn lines(endings: &[&str]) -> Vec<(String, usize, String)> {
    let mut all = Vec::new();
    for (path, text) in files(endings) {
        let numbered = text.lines().enumerate();
        all.extend(numbered.map(|(index, line)| (path.clone(), index + 1, line.trim().to_owned())));
    }
    all
}

/// The manifests of the workspace's crates, by the name of the crate's folder.
fn manifests() -> BTreeMap<String, String> {
    let name = |path: &str| Some(path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?.to_owned());
    files(&["Cargo.toml"]).into_iter().filter_map(|(path, text)| Some((name(&path)?, text))).collect()
}

/// The dependencies that a manifest names, each with its section.
fn dependencies(manifest: &str) -> Vec<(String, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut section);
        } else if section.ends_with("dependencies") && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or("");
            found.push((section.clone(), name.to_owned()));
        }
    }
    found
}
