//! Instructions per relay: a figure that does not depend on what else the machine does.
//!
//! Each server runs twice under `valgrind --tool=callgrind`, the second time with so many relays more; the
//! difference of the two totals, divided by that, is free of start-up and handshakes. One message is on its way
//! at a time, so every relay is one wake, one read and one write, and a server cannot batch: the figure is the
//! most that a relay costs in user space. The kernel's part is not in it.

use std::{
    fs,
    io::{Write, stdout},
    process,
    time::Duration,
};

use anyhow::Context;

use crate::{
    child::{Cores, Program, Server},
    connect, drive,
    scenario::{Scenario, Signal},
};

/// Relays of the shorter run: enough for every buffer to have grown.
const SHORT: u64 = 500;
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// Prints one line for each program.
///
/// # Errors
/// When valgrind is missing, a server fails, or it does not end at SIGTERM.
pub(crate) fn run(programs: &[Program], cores: Cores, signal: Signal, count: u64) -> anyhow::Result<()> {
    for program in programs {
        let short = total(program, cores, signal, SHORT).with_context(|| program.name.clone())?;
        let long = total(program, cores, signal, SHORT + count).with_context(|| program.name.clone())?;
        let each = (long as f64 - short as f64) / count as f64;
        writeln!(
            stdout(),
            "{}: {each:.0} instructions per relay of {} bytes",
            program.name,
            signal.payload_bytes()
        )?;
    }
    Ok(())
}

fn total(program: &Program, cores: Cores, signal: Signal, relays: u64) -> anyhow::Result<u64> {
    let counts =
        std::env::temp_dir().join(format!("paraclete-callgrind-{}.{}.{relays}", process::id(), program.name));
    let wrapper = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        "--quiet".to_owned(),
        format!("--callgrind-out-file={}", counts.display()),
    ];
    let server = Server::start(program, cores, &wrapper)?;
    let joined = connect::pairs(server.address, program.flow, 2)?;
    let plan = drive::Plan {
        scenario: Scenario { signal, window: 1 },
        flow: program.flow,
        relays,
        warm_up: 0,
        senders: 1,
        limit: RUN_LIMIT,
    };
    drive::run(joined, &plan, None)?;
    server.stop()?;
    let text = fs::read_to_string(&counts).with_context(|| format!("no counts in {}", counts.display()))?;
    let totals =
        text.lines().find_map(|line| line.strip_prefix("totals: ")).context("callgrind wrote no totals")?;
    fs::remove_file(&counts)?;
    Ok(totals.trim().parse()?)
}
