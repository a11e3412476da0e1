//! The built program, as a process of its own.

use std::{
    fs,
    ops::Deref,
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
    task::JoinSet,
};

use crate::{authority::Authority, site::Site, wait::within};

/// A server on a free port, in a process of its own. It is killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Reads what it logs: a full pipe would stop it.
    log: JoinSet<String>,
    site: Site,
}

impl Program {
    /// Starts the program at this path with these options, `--port 8080` and the like, and nothing from the
    /// environment. `folder` is where it looks for its configuration.
    pub async fn start(path: &str, folder: &str, options: &[&str]) -> Self {
        let mut command = Command::new(path);
        command.current_dir(folder).env_clear().args(["serve", "--port", "0"]).args(options);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = within("its first line", lines.next_line()).await.expect("text").expect("a line");
        let (_, address) = line.split_once("://").expect("its address");
        let mut stderr = child.stderr.take().expect("its log");
        let mut log = JoinSet::new();
        log.spawn(async move {
            let mut text = Vec::new();
            // What was read until then is what there is.
            let _ = stderr.read_to_end(&mut text).await;
            String::from_utf8_lossy(&text).into_owned()
        });
        Self { child, log, site: Site::new(address.parse().expect("an address")) }
    }

    /// Speaks to it under TLS from here on.
    #[must_use]
    pub fn under_tls(mut self, authority: &Authority) -> Self {
        self.site.secure(authority.security());
        self
    }

    /// Bytes of its memory that are in RAM now.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        self.status_bytes("VmRSS:")
    }

    /// The most bytes of its memory that were ever in RAM.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.status_bytes("VmHWM:")
    }

    /// Asks it to end, by SIGTERM.
    pub fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).expect("a process that runs");
    }

    /// Waits for its end; returns how it ended and what it logged.
    pub async fn ends(mut self) -> (ExitStatus, String) {
        let status = within("its end", self.child.wait()).await.expect("a status");
        (status, within("the end of its log", self.log.join_next()).await.expect("a task").expect("text"))
    }

    fn pid(&self) -> Pid {
        let id = self.child.id().expect("a process that was not waited for");
        i32::try_from(id).ok().and_then(Pid::from_raw).expect("a process id")
    }

    fn status_bytes(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid().as_raw_nonzero());
        let status = fs::read_to_string(path).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
    }
}

impl Deref for Program {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}
