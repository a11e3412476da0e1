//! Relays while people log in: how many logins a second, and what the relays notice of them.

use std::{
    fmt::Write as _,
    io::{Write as _, stderr, stdout},
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::{
    child::{Cores, Program, Server},
    connect,
    drive::{self, Outcome},
    http::Http,
    machine, report,
    scenario::{Flow, Scenario, Signal},
    stats::{median, range},
};

/// How long people log in with nothing else going on.
const ALONE: Duration = Duration::from_secs(5);
/// The longest the relays of one run may take.
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// What to measure.
pub(crate) struct Plan {
    pub(crate) program: Program,
    pub(crate) cores: Cores,
    pub(crate) rounds: u32,
    /// People who log in again and again, each with one connection.
    pub(crate) people: usize,
    /// Relays in the measured part of a run, one on its way at a time.
    pub(crate) relays: u64,
    /// Connected peers, two to a room; one of them sends.
    pub(crate) peers: usize,
    /// The document that takes the results.
    pub(crate) write: Option<PathBuf>,
}

/// What one round measured.
struct Round {
    quiet: Outcome,
    stormy: Outcome,
    logins_per_s: f64,
    logins_per_s_alone: f64,
}

/// Measures, prints the table, and writes it into the document if there is one.
///
/// # Errors
/// When any run fails.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    if let Some(document) = &plan.write {
        machine::ensure_committed(document)?;
    }
    let mut rounds = Vec::new();
    for number in 1..=plan.rounds {
        let round = measure(plan).with_context(|| format!("round {number}"))?;
        writeln!(
            stderr(),
            "logins, round {number} of {}: p99 {:.3} ms quiet, {:.3} ms with {:.1} logins/s; {:.1} logins/s alone",
            plan.rounds,
            round.quiet.latency_ms(99),
            round.stormy.latency_ms(99),
            round.logins_per_s,
            round.logins_per_s_alone
        )?;
        rounds.push(round);
    }
    let text = section(plan, &rounds);
    writeln!(stdout(), "{text}")?;
    match &plan.write {
        Some(path) => report::replace(path, "logins", &text),
        None => Ok(()),
    }
}

fn measure(plan: &Plan) -> anyhow::Result<Round> {
    let server = Server::start(&plan.program, plan.cores, &[])?;
    register(server.address, plan.people)?;
    let relays = || {
        let joined = connect::pairs(server.address, Flow::Mesh, plan.peers)?;
        let run = drive::Plan {
            scenario: Scenario { signal: Signal::Candidate, window: 1 },
            flow: Flow::Mesh,
            relays: plan.relays,
            warm_up: plan.relays / 4,
            senders: 1,
            limit: RUN_LIMIT,
        };
        drive::run(joined, &run, Some(server.pid()))
    };
    let quiet = relays()?;
    let (stormy, logins_per_s) = during_logins(&server, plan.people, relays)?;
    let ((), logins_per_s_alone) = during_logins(&server, plan.people, || {
        let end = Instant::now() + ALONE;
        // It may return early.
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            thread::park_timeout(left);
        }
        Ok(())
    })?;
    Ok(Round { quiet, stormy, logins_per_s, logins_per_s_alone })
}

fn register(address: SocketAddr, people: usize) -> anyhow::Result<()> {
    let mut http = Http::connect(address)?;
    for number in 0..people {
        let body =
            format!(r#"{{"email":"{number}@example.org","password":"{PASSWORD}","name":"Person {number}"}}"#);
        let status = http.post("/api/auth/register", &body)?;
        ensure!(status == 201, "a registration was answered {status}");
    }
    Ok(())
}

const PASSWORD: &str = "correct horse battery staple";

/// Does the work while people log in, and tells how many of them a second were let in.
fn during_logins<T>(
    server: &Server,
    people: usize,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(T, f64)> {
    let (is_over, logins) = (AtomicBool::new(false), AtomicU64::new(0));
    let address = server.address;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..people)
            .map(|number| {
                scope.spawn({
                    let (is_over, logins) = (&is_over, &logins);
                    move || log_in(address, number, is_over, logins)
                })
            })
            .collect();
        let (begun, before) = (Instant::now(), logins.load(Relaxed));
        let result = work();
        let logins_per_s = (logins.load(Relaxed) - before) as f64 / begun.elapsed().as_secs_f64();
        is_over.store(true, Relaxed);
        for thread in threads {
            thread.join().map_err(|_| anyhow::anyhow!("a login panicked"))??;
        }
        Ok((result?, logins_per_s))
    })
}

fn log_in(
    address: SocketAddr,
    number: usize,
    is_over: &AtomicBool,
    logins: &AtomicU64,
) -> anyhow::Result<()> {
    let mut http = Http::connect(address)?;
    let body = format!(r#"{{"email":"{number}@example.org","password":"{PASSWORD}"}}"#);
    while !is_over.load(Relaxed) {
        let status = http.post("/api/auth/login", &body)?;
        ensure!(status == 200, "a login was answered {status}");
        logins.fetch_add(1, Relaxed);
    }
    Ok(())
}

/// A figure of a round.
type Of = fn(&Round) -> f64;

fn section(plan: &Plan, rounds: &[Round]) -> String {
    let values = |of: Of| rounds.iter().map(of).collect::<Vec<f64>>();
    let rows: [(&str, Of); 7] = [
        ("relay p50 ms, quiet", |round| round.quiet.latency_ms(50)),
        ("relay p50 ms, people logging in", |round| round.stormy.latency_ms(50)),
        ("relay p99 ms, quiet", |round| round.quiet.latency_ms(99)),
        ("relay p99 ms, people logging in", |round| round.stormy.latency_ms(99)),
        ("p99 of the same round, logging in / quiet", |round| {
            round.stormy.latency_ms(99) / round.quiet.latency_ms(99)
        }),
        ("logins/s beside the relays", |round| round.logins_per_s),
        ("logins/s alone", |round| round.logins_per_s_alone),
    ];
    let mut table = vec![["figure", "", "median", "min", "max"].map(str::to_owned)];
    for (name, of) in rows {
        let values = values(of);
        let (least, most) = range(&values);
        let number = |value: f64| format!("{value:.3}");
        table.push([name.to_owned(), String::new(), number(median(&values)), number(least), number(most)]);
    }
    let mut text = String::new();
    let Plan { rounds: count, people, relays, peers, .. } = plan;
    let _ = writeln!(
        text,
        "\n{people} people log in again and again; {peers} peers are connected, {relays} candidates are relayed one at a time; {count} \
         rounds, each with a fresh server on one core.\n\n{}",
        report::aligned(&table)
    );
    text
}
