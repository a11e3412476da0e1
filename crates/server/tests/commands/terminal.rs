//! A password that is typed.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};
use testkit::Folder;

use crate::support::printed;

/// The other side of a terminal, and the program that asks on it.
struct Terminal {
    ours: File,
    theirs: File,
    child: Child,
}

impl Terminal {
    fn of(folder: &Folder, arguments: &[&str]) -> Self {
        let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = File::options().read(true).write(true).open(name).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_paraclete"));
        command.current_dir(folder.path()).env_clear().args(arguments);
        command.stdin(theirs.try_clone().unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { ours: ours.into(), theirs, child: command.spawn().unwrap() }
    }

    /// Types this when it is asked so.
    fn types(&mut self, question: &str, keys: &[u8]) {
        let mut asked = vec![0; question.len()];
        self.child.stderr.as_mut().unwrap().read_exact(&mut asked).unwrap();
        assert_eq!(String::from_utf8_lossy(&asked), question);
        self.ours.write_all(keys).unwrap();
    }

    /// How it ended, and what it printed and said at last.
    fn ends(mut self) -> (Option<i32>, String, String) {
        // What is shown on the terminal would be there to read now: nothing is.
        assert!(tcgetattr(&self.theirs).is_ok());
        let status = self.child.wait().unwrap();
        let modes = tcgetattr(&self.theirs).unwrap().local_modes;
        assert!(
            modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG),
            "it is left as it was"
        );
        rustix::io::ioctl_fionbio(&self.ours, true).unwrap();
        let mut shown = Vec::new();
        let _ = self.ours.read_to_end(&mut shown);
        assert_eq!(String::from_utf8_lossy(&shown), "", "the terminal showed what was typed");
        let (mut out, mut err) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (status.code(), out, err)
    }
}

const ADD: [&str; 6] = ["user", "add", "--email", "ada@example.org", "--name", "Ada"];

#[test]
fn a_password_is_typed_twice_and_never_shown() {
    let folder = Folder::new();
    let mut terminal = Terminal::of(&folder, &ADD);
    // With a slip, and a letter of two bytes, taken back.
    terminal.types("Password: ", "correct hörx\u{7f}se\u{15}correct h\u{f6}\u{7f}orse\n".as_bytes());
    terminal.types("\nThe same again: ", b"correct horse\r");
    let (code, out, err) = terminal.ends();
    assert_eq!((code, err.trim()), (Some(0), ""));
    assert!(printed(&folder, &["user", "list"]).starts_with(out.trim()));
}

#[test]
fn two_that_differ_and_an_interruption_make_no_account() {
    let folder = Folder::new();
    let mut terminal = Terminal::of(&folder, &ADD);
    terminal.types("Password: ", b"correct horse\n");
    terminal.types("\nThe same again: ", b"correct house\n");
    let (code, _, err) = terminal.ends();
    assert!(code == Some(1) && err.contains("the two are not the same"), "{err}");
    for interruption in [&b"correct\x03"[..], b"\x04"] {
        let mut terminal = Terminal::of(&folder, &ADD);
        terminal.types("Password: ", interruption);
        let (code, _, err) = terminal.ends();
        assert!(code == Some(1) && err.contains("interrupted: nothing was changed"), "{err}");
    }
    assert_eq!(printed(&folder, &["user", "list"]), "");
}
