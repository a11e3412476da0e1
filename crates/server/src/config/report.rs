//! What `paraclete config` prints.

use std::fmt::Write as _;

use super::layers::Loaded;

/// The effective values and where each came from, secrets hidden, one line each.
#[must_use]
pub fn report(loaded: &Loaded) -> String {
    let mut out = String::new();
    let pairs: Vec<String> = loaded
        .settings
        .iter()
        .map(|setting| match setting.value {
            Some(_) => format!("{}={}", setting.option.key, setting.shown()),
            None => format!("{} is unset", setting.option.key),
        })
        .collect();
    let width = pairs.iter().map(String::len).max().unwrap_or(0);
    for (pair, setting) in pairs.iter().zip(&loaded.settings) {
        let _ = writeln!(out, "{pair:width$}  # {}", setting.source);
    }
    out
}
