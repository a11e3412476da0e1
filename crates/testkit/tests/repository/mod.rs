//! The files of the repository, for tests that read them.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Folders of things that are not ours, or are made.
const NOT_OURS: &[&str] =
    &[".git", "target", "node_modules", "dist", "test-results", "data", "corpus", "artifacts"];

/// Fails with what is wrong and what to do about it.
pub(crate) fn none(problems: &[String], what_to_do: &str) {
    assert!(problems.is_empty(), "{what_to_do}:\n  {}", problems.join("\n  "));
}

/// Tests run in their package's folder.
pub(crate) fn root() -> PathBuf {
    Path::new("../..").canonicalize().unwrap()
}

/// The text of every file of the repository whose name ends so, by its path from the root.
pub(crate) fn files(endings: &[&str]) -> BTreeMap<String, String> {
    let root = root();
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_symlink() || NOT_OURS.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned(), text);
            }
        }
    }
    found
}
