//! A password, from whoever sits at the terminal or from a pipe, and never from the command line.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use anyhow::{Context as _, bail};
use auth::Password;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::{print, say};
use crate::cli::PasswordFrom;

/// The longest line that is read for one, in bytes: characters have up to four.
const MAX_LINE_BYTES: u64 = 1_024;

/// Without those that look like others: somebody may have to type it. 20 of 57 are 116 bits.
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const MADE_CHARACTERS: usize = 20;

/// The password, from where it is to come.
pub(super) fn from(source: PasswordFrom) -> anyhow::Result<Password> {
    match source {
        PasswordFrom::Made => made(),
        PasswordFrom::Input if io::stdin().is_terminal() => asked_for(),
        PasswordFrom::Input | PasswordFrom::InputAlone => fit(line()?),
    }
}

/// A new one, which is printed: nobody knows it yet.
fn made() -> anyhow::Result<Password> {
    let mut text = String::with_capacity(MADE_CHARACTERS);
    while text.len() < MADE_CHARACTERS {
        let mut bytes = [0; 64];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the machine gave no randomness"))?;
        // Six bits are a place in the alphabet or behind its end: those are thrown away, so that none is likelier.
        let characters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        text.extend(characters.take(MADE_CHARACTERS - text.len()).map(|byte| char::from(*byte)));
    }
    print(&format!("password  {text}"))?;
    fit(text)
}

/// Asked for twice, unseen.
fn asked_for() -> anyhow::Result<Password> {
    let first = {
        let _unseen = Unseen::begin()?;
        let first = typed("Password: ")?;
        let again = typed("The same again: ")?;
        if first != again {
            bail!("the two are not the same: nothing was changed");
        }
        first
    };
    fit(first)
}

fn fit(text: String) -> anyhow::Result<Password> {
    Password::try_from(text).context("this is no password that the server takes")
}

/// The first line of standard input.
fn line() -> anyhow::Result<String> {
    let mut line = Vec::new();
    io::stdin()
        .lock()
        .take(MAX_LINE_BYTES)
        .read_until(b'\n', &mut line)
        .context("cannot read standard input")?;
    let line = String::from_utf8(line).context("the password on standard input is not UTF-8")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// A line that is typed on the terminal, which shows nothing of it.
fn typed(question: &str) -> anyhow::Result<String> {
    use io::Write as _;
    write!(io::stderr(), "{question}")?;
    let mut text = Vec::new();
    let ended = loop {
        let mut byte = [0];
        if io::stdin().lock().read(&mut byte)? == 0 {
            break Typed::Interrupted;
        }
        match byte[0] {
            b'\r' | b'\n' => break Typed::Whole,
            // Control-C and Control-D, which are ours to see while the terminal is told nothing of lines.
            3 | 4 => break Typed::Interrupted,
            // Backspace takes a whole character.
            8 | 127 => while text.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            // Control-U takes them all.
            21 => text.clear(),
            byte if (text.len() as u64) < MAX_LINE_BYTES => text.push(byte),
            _ => {}
        }
    };
    say("")?;
    match ended {
        Typed::Whole => String::from_utf8(text).context("the password is not UTF-8"),
        Typed::Interrupted => bail!("interrupted: nothing was changed"),
    }
}

enum Typed {
    Whole,
    Interrupted,
}

/// While it lives, the terminal shows nothing of what is typed, and gives it to us at once: Control-C too, so that the
/// terminal is never left as it is now.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(io::stdin()).context("cannot ask the terminal")?;
        let mut unseen = before.clone();
        unseen.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(io::stdin(), OptionalActions::Flush, &unseen).context("cannot ask the terminal")?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing either.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
