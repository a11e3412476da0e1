//! Certificates that cannot be used, and ones that change.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use testkit::{Authority, Certificate, Folder, Program, eventually};

use crate::support::{Tls, session, start};

async fn served(tls: &Tls) -> Vec<u8> {
    let stream = session(tls.server.address(), tls.authority.client()).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn a_renewed_certificate_is_served_to_newcomers_and_a_broken_one_to_nobody() {
    let tls = start().await;
    let mut alice = tls.server.guest("alice").await;
    let first = served(&tls).await;
    tls.authority.certificate().write(tls.folder.path());
    let second = eventually("the new one", async || served(&tls).await, |served| *served != first).await;
    alice.join("standup").await;

    let half = tls.authority.certificate();
    let half = Certificate { chain: half.chain[..half.chain.len() / 3].to_owned(), ..half };
    half.write(tls.folder.path());
    let log = async || tls.server.logs().text();
    let log = eventually("a warning", log, |log| log.contains("cannot be used")).await;
    let warning = log.lines().find(|line| line.contains("cannot be used")).unwrap();
    assert!(warning.contains("WARN") && warning.contains("cert.pem: is cut short"), "{warning}");
    assert_eq!(served(&tls).await, second);
    alice.leave("standup").await;
}

fn paraclete(options: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paraclete"));
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).env_clear().args(["serve", "--port", "0"]).args(options);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, text)
}

#[test]
fn files_that_cannot_be_used_end_it_at_the_start_with_what_to_do() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (pair, other) = (authority.certificate(), authority.certificate());
    let (chain, key) = (write("chain", &pair.chain), write("key", &pair.key));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let older =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n-----END RSA PRIVATE KEY-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let folder_path = folder.path().to_str().unwrap();
    let missing = format!("{folder_path}/missing");
    for (chain, key, words) in [
        (&missing, &key, "TLS_CERT_FILE=/tmp/|missing: No such file"),
        (&chain, &missing, "TLS_KEY_FILE=/tmp/|missing: No such file"),
        (&folder_path.to_owned(), &key, "is no regular file"),
        (
            &chain,
            &write("encrypted", encrypted),
            "is encrypted, and a server starts without asking|openssl pkey",
        ),
        (&chain, &write("older", older), "is encrypted"),
        (&chain, &chain, "holds no private key"),
        (&key, &key, "holds no certificate"),
        (&chain, &write("other", &other.key), "is not the key of the first certificate"),
        (&write("broken", no_certificate), &key, "malformed"),
        (&chain, &write("long", &" ".repeat(300_000)), "longer than 262144 bytes"),
        (
            &chain,
            &write("bad-key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            "cannot be used",
        ),
    ] {
        let (output, text) = paraclete(&["--tls-cert-file", chain, "--tls-key-file", key]);
        assert_eq!(output.status.code(), Some(1), "{words}: {text}");
        for words in words.split('|') {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("MIIB"), "{text}");
    }
    let (output, text) = paraclete(&["--tls-cert-file", &chain]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("set TLS_KEY_FILE too"), "{text}");
}

async fn program(authority: &Authority, pair: &Certificate, folder: &Path) -> Program {
    let (chain, key) = pair.write(folder);
    let options = ["--tls-cert-file", chain.to_str().unwrap(), "--tls-key-file", key.to_str().unwrap()];
    let folder = folder.to_str().unwrap();
    Program::start(env!("CARGO_BIN_EXE_paraclete"), folder, &options).await.under_tls(authority)
}

#[tokio::test]
async fn an_expired_certificate_is_served_with_a_warning() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let program = program(&authority, &authority.expired_certificate(), folder.path()).await;
    program.terminate();
    let (status, log) = program.ends().await;
    assert!(status.success());
    let warning = log.lines().find(|line| line.contains("has expired")).expect("a warning");
    assert!(warning.contains("WARN") && warning.contains("cert.pem"), "{warning}");
}

#[tokio::test]
async fn the_program_serves_https() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let program = program(&authority, &authority.certificate(), folder.path()).await;
    assert_eq!(program.json("/health").await["status"], "ok");
    let mut alice = program.guest("alice").await;
    alice.join("standup").await;
    program.terminate();
    assert_eq!(alice.is_closed().await, Some(1012));
    let (status, log) = program.ends().await;
    assert!(status.success() && !log.contains("WARN"), "{log}");
}
