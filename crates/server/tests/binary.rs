//! The program as a whole: started, asked, and told to stop.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Output, Stdio},
};

fn paraclete() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paraclete"));
    // A folder without configuration of its own, and an environment that says nothing.
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).env_clear();
    command
}

fn output(arguments: &[&str], environment: &[(&str, &str)]) -> (Output, String) {
    let output = paraclete().args(arguments).envs(environment.iter().copied()).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output, text)
}

/// A server on a free port, and what it logs.
struct Running {
    child: Child,
    log: ChildStderr,
    address: String,
}

impl Running {
    fn start() -> Self {
        let mut command = paraclete();
        command.args(["serve", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.trim_end().split_once("http://").expect("its address, first thing");
        Self { address: address.to_owned(), log: child.stderr.take().unwrap(), child }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_serves_until_it_is_told_to_stop_and_then_ends_well() {
    let mut server = Running::start();
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200 OK"));
    assert!(server.get("/socket.io/socket.io.js?token=planted-secret").starts_with("HTTP/1.1 200 OK"));
    server.signal();
    assert!(server.child.wait().unwrap().success());
    let mut rest = String::new();
    server.log.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("draining") && rest.contains("drained"), "{rest}");
    assert!(!rest.contains("planted-secret") && !rest.contains("ERROR"), "{rest}");
}

#[test]
fn a_silent_connection_does_not_hold_the_end_up() {
    let mut server = Running::start();
    let _silent = TcpStream::connect(&server.address).unwrap();
    server.signal();
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn a_bad_configuration_ends_it_at_the_start_and_says_why() {
    let (output, text) = output(&["--set", "PROT=1"], &[("PING_INTERVAL", "soon")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("PROT (command line) is not an option; the nearest known one is PORT"), "{text}");
    assert!(text.contains("PING_INTERVAL=soon (environment, PING_INTERVAL): expected a duration"), "{text}");
}

#[test]
fn a_value_that_is_not_utf_8_ends_it_at_the_start_and_is_named() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let latin = OsStr::from_bytes(b"https://caf\xe9.example");
    let output = paraclete().env("CORS_ORIGINS", latin).env("SOMEBODY_ELSES", latin).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("CORS_ORIGINS (environment, CORS_ORIGINS): its value is not UTF-8"), "{text}");
    assert!(!text.contains("SOMEBODY_ELSES"), "{text}");
}

#[test]
fn a_file_of_a_value_that_has_no_end_is_refused() {
    let (output, text) = output(&["config"], &[("CORS_ORIGINS_FILE", "/dev/zero")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("cannot read /dev/zero: it is longer than 65536 bytes"), "{text}");
}

#[test]
fn an_address_in_use_ends_it_with_the_address() {
    let server = Running::start();
    let port = server.address.rsplit(':').next().unwrap();
    let (output, text) = output(&["--port", port], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains(&format!("cannot listen on {}", server.address)), "{text}");
}

#[test]
fn it_prints_its_configuration_its_version_and_its_help() {
    let (_, text) = output(&["config", "--port", "8080"], &[("PARACLETE_LOG_LEVEL", "debug")]);
    assert!(
        text.lines().any(|line| line.starts_with("PORT=8080") && line.ends_with("# command line")),
        "{text}"
    );
    assert!(text.contains("# environment, PARACLETE_LOG_LEVEL"), "{text}");
    assert!(output(&["--version"], &[]).1.starts_with("paraclete "));
    assert!(output(&["--help"], &[]).1.contains("--max-peers-per-room"));
}
