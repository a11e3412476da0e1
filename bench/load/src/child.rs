//! Servers as child processes, each on a core of its own, gone when this process is.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use nix::{
    sched::{CpuSet, sched_setaffinity},
    sys::{
        prctl,
        signal::{Signal, kill},
    },
    unistd::{Pid, getppid},
};

use crate::scenario::Flow;

/// How long a server may take to listen (under valgrind too), or to end when told to.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// What production demands; it signs nothing that outlives a run.
const SECRET: &str = "c1f0a7d94b3e8256f7a01d3c9b5e6482";
/// Lines of a server's output that are kept for an error; more are thrown away.
const MAX_LINES: usize = 256;

/// The two cores of a run.
#[derive(Clone, Copy)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) load: usize,
}

/// A server that can be started.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
    pub(crate) flow: Flow,
}

impl Program {
    /// From `NAME=COMMAND`, the command's words split at blanks.
    ///
    /// # Errors
    /// When there is no `=`, no name or no command.
    pub(crate) fn parse(text: &str, flow: Flow) -> Result<Self, String> {
        let (name, command) = text.split_once('=').ok_or("expected NAME=COMMAND")?;
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if name.is_empty() || words.is_empty() {
            return Err("expected NAME=COMMAND".to_owned());
        }
        Ok(Self { name: name.to_owned(), words, flow })
    }

    /// What the server says of its version, if it can: `COMMAND --version`, else its first word with `--version`.
    pub(crate) fn version(&self) -> Option<String> {
        [self.words.len(), 1].into_iter().find_map(|words| {
            let output = Command::new(&self.words[0])
                .args(&self.words[1..words])
                .arg("--version")
                .stdin(Stdio::null())
                .output()
                .ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            output.status.success().then(|| text.lines().next().unwrap_or_default().to_owned())
        })
    }
}

/// A running server; dropping it kills it.
pub(crate) struct Server {
    child: Child,
    output: Receiver<String>,
    data_dir: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts it, behind the words of `wrapper` if there are any, and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started, ends, or does not print its URL within a minute.
    pub(crate) fn start(program: &Program, cores: Cores, wrapper: &[String]) -> anyhow::Result<Self> {
        let data_dir = std::env::temp_dir().join(format!("paraclete-bench-{}", process::id()));
        fs::create_dir_all(&data_dir)?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["exec", "--core", &cores.server.to_string(), "--parent", &process::id().to_string(), "--"])
            .args(wrapper)
            .args(&program.words)
            .env("HOST", "127.0.0.1")
            .env("PORT", "0")
            .env("NODE_ENV", "production")
            .env("AUTH", "optional")
            .env("CORS_ORIGINS", "http://localhost")
            .env("JWT_SECRET", SECRET)
            .env("DATA_DIR", &data_dir)
            .env("LOG_LEVEL", "warn")
            .env("RELAYS_PER_SECOND", "0")
            .env("RELAY_BYTES_PER_SECOND", "0")
            .env("EVENTS_PER_SECOND", "0")
            .env("CONNECTIONS_PER_MINUTE", "0")
            .env("API_REQUESTS_PER_WINDOW", "0")
            .env("AUTH_FAILURES_PER_WINDOW", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (lines, output) = sync_channel(MAX_LINES);
        let readers = (child.stdout.take(), child.stderr.take());
        // From here on the child ends with this value, whatever fails.
        let mut server = Self { child, output, data_dir, address: (Ipv4Addr::LOCALHOST, 0).into() };
        if let (Some(stdout), Some(stderr)) = readers {
            forward(stdout, lines.clone());
            forward(stderr, lines);
        }
        server.address = server.listening().with_context(|| format!("starting {}", program.name))?;
        Ok(server)
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it has not within a minute.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        kill(self.pid(), Signal::SIGTERM)?;
        let deadline = Instant::now() + START_TIMEOUT;
        // Its ends of the pipes close when it does.
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => bail!("the server did not end at SIGTERM"),
            }
        }
        self.child.wait()?;
        Ok(())
    }

    fn listening(&self) -> anyhow::Result<SocketAddr> {
        let deadline = Instant::now() + START_TIMEOUT;
        let mut said = Vec::new();
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => match port(&line) {
                    Some(port) => return Ok((Ipv4Addr::LOCALHOST, port).into()),
                    None => said.push(line),
                },
                Err(RecvTimeoutError::Timeout) => {
                    bail!("it printed no http://HOST:PORT: {}", said.join("\n"))
                }
                Err(RecvTimeoutError::Disconnected) => bail!("it ended: {}", said.join("\n")),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Each of these fails only if what it asks for has happened already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data_dir);
    }
}

/// Keeps this process, and the threads it will start, on one core.
///
/// # Errors
/// When there is no such core or this process may not use it.
pub(crate) fn pin_self(core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("cannot run on core {core}"))
}

/// Becomes the command `words` on one core. The kernel kills it when the thread that started it ends, so that it
/// outlives neither a panic nor a SIGKILL of the runner.
///
/// # Errors
/// When the parent is gone already, or the command cannot be run.
pub(crate) fn exec(core: usize, parent: Pid, words: &[String]) -> anyhow::Result<()> {
    pin_self(core)?;
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    ensure!(getppid() == parent, "the runner has ended");
    Err(Command::new(&words[0]).args(&words[1..]).exec())
        .with_context(|| format!("cannot run {}", words.join(" ")))
}

/// Reads until the pipe closes, so that the server never waits for it.
fn forward(pipe: impl Read + Send + 'static, lines: SyncSender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            // A full queue means that nobody asks any more.
            let _ = lines.try_send(line);
        }
    });
}

/// The port of the first URL in a line.
fn port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("http://")?;
    let host_and_port: &str = rest
        .split(|character: char| !(character.is_ascii_alphanumeric() || ".:[]-".contains(character)))
        .next()?;
    host_and_port.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_found_in_a_line_of_any_log() {
        assert_eq!(port("listening on http://127.0.0.1:4711"), Some(4711));
        assert_eq!(port("{\"url\":\"http://[::1]:80/\"}"), Some(80));
        assert_eq!(port("\u{1b}[32mINFO\u{1b}[0m open http://localhost:3000\u{1b}[0m"), Some(3000));
        assert_eq!(port("no address"), None);
    }
}
