//! Runs all scenarios on all servers, in turn, and reports.

use std::{
    io::{Write, stderr, stdout},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, ensure};

use crate::{
    child::{Cores, Program, Server},
    connect,
    drive::{self, Outcome},
    machine, report,
    scenario::Scenario,
};

/// The longest one run may take.
const RUN_LIMIT: Duration = Duration::from_secs(120);
/// The part of the measured relays that is relayed before, for a server to warm up.
const WARM_UP_SHARE: u64 = 4;
/// Without this server's rows the document would not say what it is there for.
const PRODUCT: &str = "paraclete";

/// What to compare.
pub(crate) struct Plan {
    pub(crate) programs: Vec<Program>,
    pub(crate) cores: Cores,
    pub(crate) rounds: u32,
    pub(crate) relays: u64,
    pub(crate) peers: usize,
    /// The document that takes the results.
    pub(crate) write: Option<PathBuf>,
}

/// The outcomes of one server in one scenario, one for each round.
pub(crate) struct Series {
    pub(crate) scenario: Scenario,
    pub(crate) program: Program,
    pub(crate) outcomes: Vec<Outcome>,
}

/// Measures, prints the table, and writes it into the document if there is one.
///
/// # Errors
/// When any run fails: a comparison with a hole in it is none. Before any run, when the document must not be
/// written: the product is not among the servers, or the tree is not as committed.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    if let Some(document) = &plan.write {
        let is_measured = plan.programs.iter().any(|program| program.name == PRODUCT);
        ensure!(is_measured, "the document is about {PRODUCT}, and no server of that name is to be measured");
        machine::ensure_committed(document)?;
    }
    let machine = machine::describe();
    let mut series: Vec<Series> = Scenario::ALL
        .into_iter()
        .flat_map(|scenario| plan.programs.iter().map(move |program| (scenario, program.clone())))
        .map(|(scenario, program)| Series { scenario, program, outcomes: Vec::new() })
        .collect();
    for round in 1..=plan.rounds {
        // The servers of a scenario take turns: what disturbs the machine for longer disturbs them all.
        for series in &mut series {
            let name = format!(
                "{} on {}, round {round} of {}",
                series.scenario.name(),
                series.program.name,
                plan.rounds
            );
            let outcome = measure(plan, series).with_context(|| name.clone())?;
            writeln!(stderr(), "{name}: {:.4} CPU-s per 100k", outcome.server_cpu_s_per_100k())?;
            series.outcomes.push(outcome);
        }
    }
    let report = report::Report { plan, machine, series };
    writeln!(stdout(), "\n{}", report.table())?;
    match &plan.write {
        Some(path) => report.write_into(path),
        None => Ok(()),
    }
}

/// A fresh process each time: nothing that one run left behind helps or hurts another.
fn measure(plan: &Plan, series: &Series) -> anyhow::Result<Outcome> {
    let server = Server::start(&series.program, plan.cores, &[])?;
    let joined = connect::pairs(server.address, series.program.flow, plan.peers)?;
    let run = drive::Plan {
        scenario: series.scenario,
        flow: series.program.flow,
        relays: plan.relays,
        warm_up: plan.relays / WARM_UP_SHARE,
        senders: plan.peers,
        limit: RUN_LIMIT,
    };
    drive::run(joined, &run, Some(server.pid()))
}
