//! The command line.

use std::{
    io::{Write, stdout},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};
use nix::unistd::Pid;

use crate::{
    child::{self, Cores, Program},
    compare, connect, drive, facts, instructions, logins,
    scenario::{Flow, Scenario, Signal},
};

/// Drives mesh peers over WebSocket and counts what the server spends.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Starts each server in turn, several rounds of them, and prints one table.
    Compare(Compare),
    /// Relays one at a time while people log in.
    Logins(Logins),
    /// Makes a table of the lines that the store's `throughput` example prints.
    Facts {
        /// The Markdown file that takes it.
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// Counts the user-space instructions of one relay under valgrind's callgrind.
    Instructions(Instructions),
    /// Drives a server that runs already, once.
    Drive(Drive),
    /// Runs a command on one core, to be killed when its parent dies (used on the servers that are started here).
    #[command(hide = true)]
    Exec {
        #[arg(long)]
        core: usize,
        #[arg(long)]
        parent: i32,
        #[arg(last = true, required = true)]
        words: Vec<String>,
    },
}

#[derive(Args)]
struct Servers {
    /// The raw relay, by which ratios are taken: NAME=COMMAND.
    #[arg(long, value_name = "NAME=COMMAND", value_parser = limit)]
    limit: Option<Program>,
    /// A Socket.IO server with the mesh flow: NAME=COMMAND, words split at blanks. It is given PORT=0 and
    /// HOST=127.0.0.1 in its environment and must print `http://HOST:PORT`.
    #[arg(long = "server", value_name = "NAME=COMMAND", value_parser = server)]
    servers: Vec<Program>,
    /// The core that the server under test has to itself.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// The core of the load.
    #[arg(long, default_value_t = 1)]
    load_core: usize,
}

impl Servers {
    fn programs(self) -> anyhow::Result<(Vec<Program>, Cores)> {
        let programs: Vec<Program> = self.limit.into_iter().chain(self.servers).collect();
        anyhow::ensure!(
            !programs.is_empty(),
            "nothing to measure: give --server NAME=COMMAND or --limit NAME=COMMAND"
        );
        Ok((programs, Cores { server: self.server_core, load: self.load_core }))
    }
}

#[derive(Args)]
struct Compare {
    #[command(flatten)]
    servers: Servers,
    /// How often each server is measured in each scenario.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Relays in the measured part of a run.
    #[arg(long, default_value_t = 200_000, value_parser = relays)]
    relays: u64,
    /// Peers, two to a room.
    #[arg(long, default_value_t = 100, value_parser = peers)]
    peers: usize,
    /// A Markdown file whose part between the markers is replaced by the results.
    #[arg(long)]
    write: Option<PathBuf>,
}

#[derive(Args)]
struct Logins {
    #[command(flatten)]
    servers: Servers,
    /// How often it is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// People who log in again and again.
    #[arg(long, default_value_t = 16)]
    people: usize,
    /// Relays in the measured part of a run.
    #[arg(long, default_value_t = 50_000, value_parser = relays)]
    relays: u64,
    /// Peers, two to a room.
    #[arg(long, default_value_t = 100, value_parser = peers)]
    peers: usize,
    /// A Markdown file whose part between the markers is replaced by the results.
    #[arg(long)]
    write: Option<PathBuf>,
}

#[derive(Args)]
struct Instructions {
    #[command(flatten)]
    servers: Servers,
    /// Relays by which the longer of the two counted runs exceeds the shorter.
    #[arg(long, default_value_t = 2_000, value_parser = relays)]
    count: u64,
    /// What is relayed.
    #[arg(long, value_enum, default_value_t = Signal::Candidate)]
    signal: Signal,
}

#[derive(Args)]
struct Drive {
    /// Where the server listens.
    address: SocketAddr,
    /// The server is the raw relay.
    #[arg(long)]
    raw: bool,
    /// Its process, whose CPU time is measured.
    #[arg(long)]
    pid: Option<i32>,
    /// What is relayed.
    #[arg(long, value_enum, default_value_t = Signal::Candidate)]
    signal: Signal,
    /// Relays in the measured part.
    #[arg(long, default_value_t = 100_000, value_parser = relays)]
    count: u64,
    /// Relays before it.
    #[arg(long, default_value_t = 10_000)]
    warm_up: u64,
    /// Messages that each sender keeps on their way.
    #[arg(long, default_value_t = 1, value_parser = window)]
    window: usize,
    /// Peers, two to a room.
    #[arg(long, default_value_t = 100, value_parser = peers)]
    peers: usize,
    /// How many of them send (all by default). One, with a window of one, is a single message at a time.
    #[arg(long)]
    senders: Option<usize>,
}

/// Parses the arguments and does what they say.
///
/// # Errors
/// Whatever fails, a server that loses a message included.
pub(crate) fn run() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Compare(options) => {
            let (programs, cores) = options.servers.programs()?;
            child::pin_self(cores.load)?;
            compare::run(&compare::Plan {
                programs,
                cores,
                rounds: options.rounds,
                relays: options.relays,
                peers: options.peers,
                write: options.write,
            })
        }
        Task::Logins(options) => {
            let (programs, cores) = options.servers.programs()?;
            child::pin_self(cores.load)?;
            let [program] =
                programs.try_into().map_err(|_| anyhow::anyhow!("logins are measured on one server"))?;
            logins::run(&logins::Plan {
                program,
                cores,
                rounds: options.rounds,
                people: options.people,
                relays: options.relays,
                peers: options.peers,
                write: options.write,
            })
        }
        Task::Facts { write } => facts::run(write.as_deref()),
        Task::Instructions(options) => {
            let (programs, cores) = options.servers.programs()?;
            child::pin_self(cores.load)?;
            instructions::run(&programs, cores, options.signal, options.count)
        }
        Task::Drive(options) => drive_once(&options),
        Task::Exec { core, parent, words } => child::exec(core, Pid::from_raw(parent), &words),
    }
}

fn drive_once(options: &Drive) -> anyhow::Result<()> {
    let flow = if options.raw { Flow::Raw } else { Flow::Mesh };
    let joined = connect::pairs(options.address, flow, options.peers)?;
    let plan = drive::Plan {
        scenario: Scenario { signal: options.signal, window: options.window },
        flow,
        relays: options.count,
        warm_up: options.warm_up,
        senders: options.senders.unwrap_or(options.peers),
        limit: Duration::from_secs(600),
    };
    let outcome = drive::run(joined, &plan, options.pid.map(Pid::from_raw))?;
    writeln!(
        stdout(),
        "{} relays in {:.3} s, {:.0}/s, p50 {:.3} ms, p99 {:.3} ms, server {:.4} CPU-s per 100k, load's core {:.0} % busy",
        outcome.relays,
        outcome.wall.as_secs_f64(),
        outcome.relays_per_second(),
        outcome.latency_ms(50),
        outcome.latency_ms(99),
        outcome.server_cpu_s_per_100k(),
        outcome.load_busy() * 100.0,
    )?;
    Ok(())
}

fn server(text: &str) -> Result<Program, String> {
    Program::parse(text, Flow::Mesh)
}

fn limit(text: &str) -> Result<Program, String> {
    Program::parse(text, Flow::Raw)
}

fn relays(text: &str) -> Result<u64, String> {
    in_range(text, 1, 10_000_000)
}

fn window(text: &str) -> Result<usize, String> {
    in_range(text, 1, 64)
}

fn peers(text: &str) -> Result<usize, String> {
    let peers: usize = in_range(text, 2, 1_000)?;
    if peers.is_multiple_of(2) { Ok(peers) } else { Err("peers come in pairs".to_owned()) }
}

fn in_range<T: std::str::FromStr + Copy + PartialOrd + std::fmt::Display>(
    text: &str,
    least: T,
    most: T,
) -> Result<T, String> {
    match text.parse() {
        Ok(value) if value >= least && value <= most => Ok(value),
        _ => Err(format!("a number from {least} to {most}")),
    }
}
