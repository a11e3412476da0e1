//! The table, and its place in a document.

use std::{fmt::Write, fs, path::Path};

use anyhow::Context;

use crate::{
    compare::{Plan, Series},
    drive::Outcome,
    scenario::Flow,
    stats::{median, range},
};

/// All that was measured.
pub(crate) struct Report<'a> {
    pub(crate) plan: &'a Plan,
    /// Lines that say on what machine.
    pub(crate) machine: Vec<String>,
    pub(crate) series: Vec<Series>,
}

impl Report<'_> {
    /// One row for each scenario and server, as a Markdown table that can be read as it is.
    pub(crate) fn table(&self) -> String {
        let mut rows = vec![
            [
                "scenario",
                "server",
                "CPU-s per 100k relays: median",
                "min",
                "max",
                "x raw relay",
                "relays/s",
                "p50 ms",
                "p99 ms",
                "server busy",
                "load busy",
            ]
            .map(str::to_owned),
        ];
        rows.extend(self.series.iter().map(|series| self.row(series)));
        aligned(&rows)
    }

    /// Replaces what stands between the markers of the document.
    ///
    /// # Errors
    /// As [`replace`].
    pub(crate) fn write_into(&self, path: &Path) -> anyhow::Result<()> {
        replace(path, "bench", &self.section())
    }

    fn row(&self, series: &Series) -> [String; 11] {
        let cpu = values(series, Outcome::server_cpu_s_per_100k);
        let (least, most) = range(&cpu);
        let ratio = match self.ratios(series) {
            ratios if ratios.is_empty() => "-".to_owned(),
            ratios => format!("{:.2}", median(&ratios)),
        };
        let middle = |of: fn(&Outcome) -> f64| median(&values(series, of));
        [
            series.scenario.name(),
            series.program.name.clone(),
            format!("{:.3}", median(&cpu)),
            format!("{least:.3}"),
            format!("{most:.3}"),
            ratio,
            format!("{:.0}", middle(Outcome::relays_per_second)),
            format!("{:.2}", middle(|outcome| outcome.latency_ms(50))),
            format!("{:.2}", middle(|outcome| outcome.latency_ms(99))),
            format!("{:.0} %", middle(Outcome::server_busy) * 100.0),
            format!("{:.0} %", middle(Outcome::load_busy) * 100.0),
        ]
    }

    /// Round by round against the raw relay in the same scenario.
    fn ratios(&self, series: &Series) -> Vec<f64> {
        let name = series.scenario.name();
        let limit =
            self.series.iter().find(|other| other.program.flow == Flow::Raw && other.scenario.name() == name);
        let Some(limit) = limit else { return Vec::new() };
        let pairs = series.outcomes.iter().zip(&limit.outcomes);
        pairs.map(|(one, other)| one.server_cpu_s_per_100k() / other.server_cpu_s_per_100k()).collect()
    }

    fn section(&self) -> String {
        let Plan { rounds, relays, peers, .. } = self.plan;
        let mut text = String::from("\n## Machine and versions\n\n");
        for line in &self.machine {
            let _ = writeln!(text, "- {line}");
        }
        for program in &self.plan.programs {
            let version = program.version().unwrap_or_else(|| "version unknown".to_owned());
            let _ = writeln!(text, "- {}: {version}", program.name);
        }
        let rooms = peers / 2;
        let _ = writeln!(
            text,
            "\n## Results\n\n{peers} peers in {rooms} rooms of two, {relays} relays measured in each run, {rounds} rounds, \
             the servers taking turns.\n\n{}",
            self.table()
        );
        for series in &self.series {
            let overtakes: u64 = series.outcomes.iter().map(|outcome| outcome.overtakes).sum();
            if overtakes > 0 {
                let (name, scenario) = (&series.program.name, series.scenario.name());
                let _ = writeln!(
                    text,
                    "{name}, {scenario}: {overtakes} messages arrived before an earlier one of the same sender.\n"
                );
            }
        }
        text
    }
}

/// Replaces what stands between the markers `<!-- NAME:begin -->` and `<!-- NAME:end -->` of a document.
///
/// # Errors
/// When the file cannot be read or written, or has no such markers.
pub(crate) fn replace(path: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let (begin, end) = (format!("<!-- {name}:begin -->"), format!("<!-- {name}:end -->"));
    let shown = path.display();
    let document = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let (before, rest) = document.split_once(&begin).with_context(|| format!("{shown} has no {begin}"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("{shown} has no {end}"))?;
    fs::write(path, format!("{before}{begin}\n{text}{end}{after}"))
        .with_context(|| format!("cannot write {shown}"))
}

fn values(series: &Series, of: impl Fn(&Outcome) -> f64) -> Vec<f64> {
    series.outcomes.iter().map(of).collect()
}

/// The first row is the head; columns after the second hold numbers.
pub(crate) fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let widths: [usize; COLUMNS] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0));
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let _ = if column < 2 {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.into_iter().enumerate() {
                let dashes = "-".repeat(width);
                let _ = if column < 2 { write!(text, "|-{dashes}-") } else { write!(text, "|-{dashes}:") };
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_widest_cells() {
        let rows = [["a", "b", "number"], ["long", "x", "1"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "| a    | b | number |\n|------|---|-------:|\n| long | x |      1 |\n");
    }
}
