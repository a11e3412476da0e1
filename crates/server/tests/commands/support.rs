//! What these tests share.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use testkit::{Answer, Folder, Program};

/// How soon a running server has to heed what a command did.
pub(crate) const SOON: std::time::Duration = std::time::Duration::from_secs(5);

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    /// Standard output, without the end of its last line.
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command in a folder whose default database and secret it uses, with this on its standard input.
pub(crate) fn paraclete_with(folder: &Folder, arguments: &[&str], input: &str) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paraclete"));
    command.current_dir(folder.path()).env_clear().args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    Done { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) fn paraclete(folder: &Folder, arguments: &[&str]) -> Done {
    paraclete_with(folder, arguments, "")
}

/// As [`paraclete`], for one that succeeds; returns what it printed.
pub(crate) fn printed(folder: &Folder, arguments: &[&str]) -> String {
    let done = paraclete(folder, arguments);
    assert_eq!(done.code, Some(0), "{arguments:?}: {done:?}");
    done.out
}

/// A server on the database and the secret of the folder.
pub(crate) async fn server(folder: &Folder) -> Program {
    let home = folder.path().to_str().unwrap();
    Program::start(env!("CARGO_BIN_EXE_paraclete"), home, &["--connections-per-minute", "0"]).await
}

pub(crate) async fn log_in(server: &Program, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password }).to_string();
    let headers = [("content-type", "application/json")];
    server.http().await.ask("POST", "/api/auth/login", &headers, &body).await
}

/// What is in a token.
pub(crate) fn claims(folder: &Folder, token: &str) -> Value {
    let done = paraclete_with(folder, &["token", "inspect"], token);
    let claims = done.out.split_once("claims   ").unwrap().1;
    serde_json::Deserializer::from_str(claims).into_iter().next().unwrap().unwrap()
}
