//! Real PostgreSQL servers for tests, each with a data folder and a port of its own.
//!
//! [`Postgres::shared`] is for tests that want a database: they get an empty one each. `scripts/with-postgres.sh` starts one
//! server for all test processes and names it in `PARACLETE_TEST_POSTGRES`; without that each process starts its own.
//! [`Postgres::start`] is for tests that break it.
//!
//! The programs come from Debian's package `postgresql`, or from wherever `PATH` has them. They refuse to run as root: for
//! root they run as the user `postgres`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};

/// The role that owns everything.
const OWNER: &str = "paraclete";

/// How long a server may take to be there, or to be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server. It ends when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    host: Host,
}

#[derive(Debug)]
enum Host {
    /// Somebody else's, who ends it: the URL of a database in it.
    Theirs(String),
    /// Ours.
    Ours(Mutex<Ours>),
}

#[derive(Debug)]
struct Ours {
    folder: PathBuf,
    port: u16,
    durability: Durability,
    running: Option<Child>,
}

/// Whether what is committed is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is not: a killed server may lose it, and tests are fast.
    None,
    /// It is, as in production.
    Real,
}

impl Postgres {
    /// The server that all tests share: the one of `PARACLETE_TEST_POSTGRES`, or one for this process.
    pub fn shared() -> Arc<Postgres> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(postgres) = shared.upgrade() {
            return postgres;
        }
        #[expect(clippy::disallowed_methods, reason = "an option of the tests, and none of the product's")]
        let theirs = std::env::var("PARACLETE_TEST_POSTGRES");
        let postgres = Arc::new(match theirs {
            Ok(url) => Postgres { host: Host::Theirs(url) },
            Err(_) => Postgres::with(Durability::None),
        });
        *shared = Arc::downgrade(&postgres);
        postgres
    }

    /// A server of one's own, to be broken; durable, as in production.
    pub fn start() -> Postgres {
        Postgres::with(Durability::Real)
    }

    fn with(durability: Durability) -> Postgres {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("paraclete-postgres-{}-{count}", process::id()));
        let initdb = program("initdb")
            .arg("--pgdata")
            .arg(&folder)
            .args(["--username", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .stdout(Stdio::null())
            .output();
        let made =
            initdb.unwrap_or_else(|error| panic!("initdb did not start: {error}: scripts/setup.sh postgres"));
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        let mut ours = Ours { folder, port: free_port(), durability, running: None };
        ours.run();
        Postgres { host: Host::Ours(Mutex::new(ours)) }
    }

    /// A new, empty database, which is dropped at the end.
    pub fn database(self: &Arc<Postgres>) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", process::id());
        // Others make theirs at the same time, and a copy of template1 wants nobody else to look at it.
        tool("createdb")
            .args(["--template=template0", "--maintenance-db"])
            .arg(self.url())
            .arg(&name)
            .succeed();
        Database { postgres: Arc::clone(self), name }
    }

    /// The URL of the database that every server has.
    pub fn url(&self) -> String {
        match &self.host {
            Host::Theirs(url) => url.clone(),
            Host::Ours(ours) => {
                let port = ours.lock().unwrap_or_else(PoisonError::into_inner).port;
                format!("postgres://{OWNER}@127.0.0.1:{port}/postgres?sslmode=disable")
            }
        }
    }

    /// Ends all its processes at once, as a crash does.
    pub fn kill(&self) {
        let mut ours = self.ours();
        ours.signal_all(Signal::KILL);
        ours.wait();
    }

    /// Lets it finish what it is at and end, as an administrator does.
    pub fn stop(&self) {
        let mut ours = self.ours();
        ours.signal(Signal::INT);
        ours.wait();
    }

    /// Starts it again, on the same port with the same data, after [`Postgres::kill`] or [`Postgres::stop`].
    pub fn start_again(&self) {
        self.ours().run();
    }

    /// Stops all its processes where they are: connections stay, and nothing answers.
    pub fn pause(&self) {
        self.ours().signal_all(Signal::STOP);
    }

    /// Lets them go on.
    pub fn resume(&self) {
        self.ours().signal_all(Signal::CONT);
    }

    fn ours(&self) -> std::sync::MutexGuard<'_, Ours> {
        match &self.host {
            Host::Theirs(_) => panic!("that server is not ours to break: use Postgres::start"),
            Host::Ours(ours) => ours.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// An empty database in a server. It is dropped when this is.
#[derive(Debug)]
pub struct Database {
    postgres: Arc<Postgres>,
    name: String,
}

impl Database {
    /// Its URL.
    pub fn url(&self) -> String {
        let server = self.postgres.url();
        let (base, options) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = base.rsplit_once('/').expect("the URL of a server names a database");
        format!("{host}/{}?{options}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // With a server that is about to go, the database goes too.
        if let Host::Theirs(url) = &self.postgres.host {
            tool("dropdb")
                .args(["--force", "--if-exists", "--maintenance-db"])
                .arg(url)
                .arg(&self.name)
                .succeed();
        }
    }
}

impl Ours {
    fn run(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let mut command = program("postgres");
        command.arg("-D").arg(&self.folder).arg("-p").arg(self.port.to_string());
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        command.args(["-c", "max_connections=100", "-c", "shared_buffers=32MB"]);
        if self.durability == Durability::None {
            command.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut running = command.spawn().expect("postgres starts");
        let mut log = BufReader::new(running.stderr.take().expect("its log is piped"));
        let mut said = String::new();
        while !said.contains("ready to accept connections") {
            let begin = said.len();
            let count = log.read_line(&mut said).expect("its log is text");
            assert!(count > 0, "postgres ended: {said}");
            said.truncate(said.len().max(begin));
        }
        // Whoever writes to a pipe that nobody reads waits.
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        self.running = Some(running);
    }

    fn signal(&self, signal: Signal) {
        let running = self.running.as_ref().expect("it runs");
        send(running.id(), signal);
    }

    /// The first process is first to be stopped and last to go on, so that none begins in between.
    fn signal_all(&self, signal: Signal) {
        let first = self.running.as_ref().expect("it runs").id();
        send(first, signal);
        for child in children(first) {
            send(child, signal);
        }
    }

    fn wait(&mut self) {
        let mut running = self.running.take().expect("it runs");
        let left = children(running.id());
        running.wait().expect("postgres ends");
        let deadline = Instant::now() + PATIENCE;
        // What is left of it holds the data folder until it is gone, and has no other way to tell.
        while left.iter().any(|child| is_alive(*child)) {
            assert!(Instant::now() < deadline, "postgres has not ended: {left:?}");
            thread::yield_now();
        }
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.signal_all(Signal::KILL);
            self.wait();
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn send(id: u32, signal: Signal) {
    let id = Pid::from_raw(id.cast_signed()).expect("processes have positive ids");
    // One that has ended meanwhile needs none.
    kill_process(id, signal).ok();
}

/// Each backend is a process group of its own, so they are found by their parent.
fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("there is /proc").flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| stat(*id).is_some_and(|(_, its_parent)| its_parent == parent)).collect()
}

/// A zombie holds nothing any more.
fn is_alive(id: u32) -> bool {
    stat(id).is_some_and(|(state, _)| state != "Z" && state != "X")
}

/// The state of a process, and its parent.
fn stat(id: u32) -> Option<(String, u32)> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name comes before, in parentheses, and may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// One that nobody listens on now. Servers that tests start take their ports in the same way.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}

/// One of PostgreSQL's programs, as a user that it accepts.
fn program(name: &str) -> Command {
    let mut command = tool(name);
    if geteuid().is_root() {
        let users = fs::read_to_string("/etc/passwd").expect("there is /etc/passwd");
        let user = users.lines().find(|line| line.starts_with("postgres:"));
        let user = user
            .expect("root cannot run PostgreSQL, and there is no user postgres: scripts/setup.sh postgres");
        let mut ids = user.split(':').skip(2).map(|id| id.parse::<u32>().expect("ids are numbers"));
        command.uid(ids.next().expect("a user has an id")).gid(ids.next().expect("a user has a group"));
        command.current_dir("/");
    }
    command
}

/// One of PostgreSQL's programs: the newest that Debian has installed, or whichever `PATH` has.
fn tool(name: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin").join(name));
    let newest = installed.filter(|path| File::open(path).is_ok()).max();
    Command::new(newest.unwrap_or_else(|| PathBuf::from(name)))
}

/// Runs to a good end.
trait Succeed {
    fn succeed(&mut self);
}

impl Succeed for Command {
    fn succeed(&mut self) {
        let output = self.output().unwrap_or_else(|error| panic!("{self:?} did not start: {error}"));
        assert!(output.status.success(), "{self:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
