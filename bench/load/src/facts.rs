//! Writes down what the store's own measurement prints: a line of JSON for each database.

use std::{
    fmt::Write as _,
    io::{BufRead, Write as _, stdin, stdout},
    path::Path,
};

use anyhow::Context;
use serde_json::Value;

use crate::{machine, report};

/// Reads the lines from standard input, prints a table, and writes it into the document if there is one.
///
/// # Errors
/// When a line is no JSON object, or has not what the table needs.
pub(crate) fn run(write: Option<&Path>) -> anyhow::Result<()> {
    if let Some(document) = write {
        machine::ensure_committed(document)?;
    }
    let mut table = vec![
        ["database", "", "facts/s", "facts in a batch", "batch p50 ms", "batch p99 ms"].map(str::to_owned),
    ];
    for line in stdin().lock().lines() {
        let line = line?;
        let measured: Value = serde_json::from_str(&line).with_context(|| format!("no JSON: {line}"))?;
        let number = |name: &str| measured[name].as_f64().with_context(|| format!("no {name} in {line}"));
        table.push([
            measured["backend"].as_str().with_context(|| format!("no backend in {line}"))?.to_owned(),
            String::new(),
            format!("{:.0}", number("facts_per_second")?),
            format!("{:.0}", number("batch")?),
            format!("{:.2}", number("p50_ms")?),
            format!("{:.2}", number("p99_ms")?),
        ]);
    }
    anyhow::ensure!(table.len() > 1, "nothing was measured");
    let mut text = String::new();
    let _ = writeln!(text, "\n{}", report::aligned(&table));
    writeln!(stdout(), "{text}")?;
    match write {
        Some(path) => report::replace(path, "facts", &text),
        None => Ok(()),
    }
}
