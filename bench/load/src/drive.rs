//! One run: relays until enough have arrived, and measures from the end of the warm-up to there.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use mio::{Events, Interest, Poll, Token};
use nix::{
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};

use crate::{
    connect::Joined,
    peer::{self, Peer},
    scenario::{Flow, Scenario},
    stats,
};

/// A server that relays nothing for so long has lost a message.
const STALL: Duration = Duration::from_secs(10);
/// How long a repeated message is waited for once all have come.
const STRAGGLER_WAIT: Duration = Duration::from_millis(20);

/// What a run does.
pub(crate) struct Plan {
    pub(crate) scenario: Scenario,
    pub(crate) flow: Flow,
    /// Relays in the measured part.
    pub(crate) relays: u64,
    /// Relays before it.
    pub(crate) warm_up: u64,
    /// How many peers send.
    pub(crate) senders: usize,
    /// The longest the whole run may take.
    pub(crate) limit: Duration,
}

/// What a run measured.
pub(crate) struct Outcome {
    pub(crate) relays: u64,
    pub(crate) wall: Duration,
    server_cpu: Duration,
    load_cpu: Duration,
    /// Sorted, from before the sender's write to after the receiver's read.
    latencies_ns: Vec<u32>,
    /// Messages that arrived before an earlier one of the same sender.
    pub(crate) overtakes: u64,
}

impl Outcome {
    pub(crate) fn relays_per_second(&self) -> f64 {
        self.relays as f64 / self.wall.as_secs_f64()
    }

    pub(crate) fn server_cpu_s_per_100k(&self) -> f64 {
        self.server_cpu.as_secs_f64() / self.relays as f64 * 100_000.0
    }

    /// The share of the measured time in which the server used a core.
    pub(crate) fn server_busy(&self) -> f64 {
        self.server_cpu.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// The same of this process: near one, it may be what limits the rate.
    pub(crate) fn load_busy(&self) -> f64 {
        self.load_cpu.as_secs_f64() / self.wall.as_secs_f64()
    }

    pub(crate) fn latency_ms(&self, percent: usize) -> f64 {
        f64::from(stats::percentile(&self.latencies_ns, percent)) / 1e6
    }
}

/// Relays as planned between the pairs and measures the process `server`, if one is named.
///
/// # Errors
/// When a message is lost, repeated, or not what was sent; when a connection ends; when it takes too long.
pub(crate) fn run(joined: Vec<Joined>, plan: &Plan, server: Option<Pid>) -> anyhow::Result<Outcome> {
    let mut run = Run::new(joined, plan)?;
    let clocks = Clocks::of(server)?;
    run.start(plan)?;
    run.until(plan.warm_up)?;
    run.latencies_ns.clear();
    let before = clocks.read(run.received)?;
    run.until(run.received + plan.relays)?;
    let after = clocks.read(run.received)?;
    let mut latencies_ns = run.latencies_ns.clone();
    run.drain()?;

    latencies_ns.sort_unstable();
    Ok(Outcome {
        relays: after.received - before.received,
        wall: after.at - before.at,
        server_cpu: after.server.saturating_sub(before.server),
        load_cpu: after.load.saturating_sub(before.load),
        latencies_ns,
        overtakes: run.pairs.iter().flatten().map(|peer| peer.inbox.overtakes).sum(),
    })
}

struct Run {
    poll: Poll,
    events: Events,
    /// The peer of token `t` is `pairs[t / 2][t % 2]`.
    pairs: Vec<[Peer; 2]>,
    scratch: Box<[u8]>,
    latencies_ns: Vec<u32>,
    received: u64,
    sending: bool,
    deadline: Instant,
}

impl Run {
    fn new(joined: Vec<Joined>, plan: &Plan) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut pairs = Vec::with_capacity(joined.len() / 2);
        let mut joined = joined.into_iter();
        while let (Some(first), Some(second)) = (joined.next(), joined.next()) {
            let mut pair = peer::partners(plan.scenario.signal, plan.flow, [first, second])?;
            for (side, peer) in pair.iter_mut().enumerate() {
                let token = Token(pairs.len() * 2 + side);
                poll.registry().register(&mut peer.stream, token, Interest::READABLE | Interest::WRITABLE)?;
            }
            pairs.push(pair);
        }
        let room = usize::try_from(plan.relays.max(plan.warm_up))? + 64 * pairs.len();
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            pairs,
            scratch: vec![0; peer::READ_BYTES].into(),
            latencies_ns: Vec::with_capacity(room),
            received: 0,
            sending: true,
            deadline: Instant::now() + plan.limit,
        })
    }

    fn start(&mut self, plan: &Plan) -> anyhow::Result<()> {
        for number in 0..plan.senders.min(self.pairs.len() * 2) {
            let [first, second] = &mut self.pairs[number / 2];
            let (sender, receiver) = if number % 2 == 0 { (first, second) } else { (second, first) };
            sender.send(plan.scenario.window, &mut receiver.inbox)?;
        }
        Ok(())
    }

    /// Goes on until so many messages have arrived in all.
    fn until(&mut self, total: u64) -> anyhow::Result<()> {
        while self.received < total {
            ensure!(
                Instant::now() < self.deadline,
                "the run took too long: {} of {total} relays",
                self.received
            );
            let before = self.received;
            self.turn(STALL)?;
            ensure!(self.received > before || self.missing() > 0, "nobody sends");
        }
        Ok(())
    }

    /// Stops sending and waits for what is on its way, then a moment for what should not come.
    fn drain(&mut self) -> anyhow::Result<()> {
        self.sending = false;
        self.until(self.received + self.missing() as u64)?;
        ensure!(self.missing() == 0, "{} messages were lost", self.missing());
        match self.poll.poll(&mut self.events, Some(STRAGGLER_WAIT)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        self.serve_events()
    }

    fn missing(&self) -> usize {
        self.pairs.iter().flatten().map(|peer| peer.inbox.missing()).sum()
    }

    fn turn(&mut self, patience: Duration) -> anyhow::Result<()> {
        match self.poll.poll(&mut self.events, Some(patience)) {
            Ok(()) if self.events.is_empty() => {
                bail!("nothing arrived for {} s; {} messages are missing", patience.as_secs(), self.missing())
            }
            Ok(()) => self.serve_events(),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn serve_events(&mut self) -> anyhow::Result<()> {
        for event in &self.events {
            let Token(token) = event.token();
            let [first, second] = &mut self.pairs[token / 2];
            let (peer, partner) = if token % 2 == 0 { (first, second) } else { (second, first) };
            if event.is_writable() {
                peer.flush()?;
            }
            if event.is_readable() {
                let arrived = peer
                    .receive(&mut self.scratch, &mut self.latencies_ns)
                    .with_context(|| format!("peer {token}, after {} relays", self.received))?;
                self.received += arrived as u64;
                if self.sending && arrived > 0 {
                    partner.send(arrived, &mut peer.inbox)?;
                }
            }
        }
        Ok(())
    }
}

/// The CPU clocks of the two processes: user and system time of all their threads, in nanoseconds.
struct Clocks {
    server: Option<ClockId>,
}

struct Reading {
    at: Instant,
    server: Duration,
    load: Duration,
    received: u64,
}

impl Clocks {
    fn of(server: Option<Pid>) -> anyhow::Result<Self> {
        let server = server.map(clock_getcpuclockid).transpose().context("the server's CPU clock")?;
        Ok(Self { server })
    }

    fn read(&self, received: u64) -> anyhow::Result<Reading> {
        let server = match self.server {
            Some(clock) => clock.now().context("the server's CPU clock: has it ended?")?.into(),
            None => Duration::ZERO,
        };
        let load = ClockId::CLOCK_PROCESS_CPUTIME_ID.now()?.into();
        Ok(Reading { at: Instant::now(), server, load, received })
    }
}
