//! What one peer must receive, and whether it did: every message, whole, once.

use std::{collections::VecDeque, time::Instant};

use anyhow::{Context, bail, ensure};

use crate::{
    message::{DIGITS, FIRST_NUMBER, Message},
    scenario::{Flow, Signal},
};

/// Checks what arrives from one sender.
pub(crate) struct Inbox {
    signal: Signal,
    sender: String,
    body: String,
    /// How a message looks on arrival, with where its number stands: known from the start for the raw flow, else
    /// learnt from the first that was parsed and found right.
    known: Option<(Vec<u8>, usize)>,
    /// What is on its way: at most a window of it.
    expected: VecDeque<(u32, Instant)>,
    /// Messages that overtook an earlier one.
    pub(crate) overtakes: u64,
}

impl Inbox {
    /// For messages of `sender`, which are copies of `message`.
    pub(crate) fn new(signal: Signal, flow: Flow, sender: &str, message: &Message) -> Self {
        let known = message.arrives_as(flow).and_then(|text| known(text.as_bytes(), FIRST_NUMBER));
        let body = message.body.clone();
        Self { signal, sender: sender.to_owned(), body, known, expected: VecDeque::new(), overtakes: 0 }
    }

    /// The sender is about to send this number.
    pub(crate) fn expect(&mut self, number: u32, sent: Instant) {
        self.expected.push_back((number, sent));
    }

    /// How many messages are on their way.
    pub(crate) fn missing(&self) -> usize {
        self.expected.len()
    }

    /// Takes one message and says when it was sent.
    ///
    /// # Errors
    /// When it is none that is on its way, or differs from what was sent in anything.
    pub(crate) fn accept(&mut self, text: &[u8]) -> anyhow::Result<Instant> {
        let number = match self.number_by_comparison(text) {
            Some(number) => number,
            None => self.number_by_parsing(text).with_context(|| shown(text))?,
        };
        let place = self.expected.iter().position(|(expected, _)| *expected == number);
        let Some(place) = place else { bail!("message {number} came twice, or was never sent") };
        self.overtakes += u64::from(place > 0);
        let (_, sent) = self.expected.remove(place).context("a place in the queue")?;
        Ok(sent)
    }

    fn number_by_comparison(&self, text: &[u8]) -> Option<u32> {
        let (known, at) = self.known.as_ref()?;
        let end = at + DIGITS;
        let same = text.len() == known.len() && text[..*at] == known[..*at] && text[end..] == known[end..];
        if !same {
            return None;
        }
        text[*at..end].iter().try_fold(0_u32, |number, byte| match byte {
            b'0'..=b'9' => Some(number * 10 + u32::from(byte - b'0')),
            _ => None,
        })
    }

    /// The slow way: for the first message, and for servers that order members anew each time.
    fn number_by_parsing(&mut self, text: &[u8]) -> anyhow::Result<u32> {
        let (event, member) = self.signal.names();
        let json = text.strip_prefix(b"42").context("no Socket.IO event")?;
        let json: serde_json::Value = serde_json::from_slice(json)?;
        ensure!(json[0] == event, "not the event {event}");
        ensure!(json[1]["from"] == *self.sender, "`from` is not {}", self.sender);
        let body = json[1][member].to_string();
        let number = self
            .expected
            .iter()
            .map(|(number, _)| *number)
            .find(|number| body.contains(&number.to_string()))
            .context("no number that is on its way")?;
        let sent: serde_json::Value =
            serde_json::from_str(&self.body.replace(&FIRST_NUMBER.to_string(), &number.to_string()))?;
        ensure!(json[1][member] == sent, "the body is not what was sent");
        self.known = known(text, number);
        Ok(number)
    }
}

/// The text and the place of the number, unless the number stands there twice.
fn known(text: &[u8], number: u32) -> Option<(Vec<u8>, usize)> {
    let digits = number.to_string();
    let mut places = text.windows(DIGITS).enumerate().filter(|(_, window)| *window == digits.as_bytes());
    let (at, _) = places.next()?;
    places.next().is_none().then(|| (text.to_vec(), at))
}

fn shown(text: &[u8]) -> String {
    format!("received: {}", String::from_utf8_lossy(&text[..text.len().min(400)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arriving(number: u32) -> String {
        let message = Message::new(Signal::Candidate, "receiver");
        let body = message.body.replace(&FIRST_NUMBER.to_string(), &number.to_string());
        format!(r#"42["ice-candidate",{{"from":"sender","candidate":{body}}}]"#)
    }

    fn inbox(numbers: &[u32]) -> Inbox {
        let message = Message::new(Signal::Candidate, "receiver");
        let mut inbox = Inbox::new(Signal::Candidate, Flow::Mesh, "sender", &message);
        for number in numbers {
            inbox.expect(*number, Instant::now());
        }
        inbox
    }

    #[test]
    fn each_message_is_accepted_once() {
        let mut inbox = inbox(&[FIRST_NUMBER, FIRST_NUMBER + 1]);
        inbox.accept(arriving(FIRST_NUMBER).as_bytes()).unwrap();
        inbox.accept(arriving(FIRST_NUMBER + 1).as_bytes()).unwrap();
        assert_eq!(inbox.missing(), 0);
        assert!(inbox.accept(arriving(FIRST_NUMBER + 1).as_bytes()).is_err());
    }

    #[test]
    fn a_message_that_overtakes_is_counted() {
        let mut inbox = inbox(&[FIRST_NUMBER, FIRST_NUMBER + 1]);
        inbox.accept(arriving(FIRST_NUMBER + 1).as_bytes()).unwrap();
        inbox.accept(arriving(FIRST_NUMBER).as_bytes()).unwrap();
        assert_eq!(inbox.overtakes, 1);
    }

    #[test]
    fn a_changed_byte_is_refused_before_and_after_the_first_message_was_learnt() {
        let mut inbox = inbox(&[FIRST_NUMBER, FIRST_NUMBER + 1]);
        let changed = |number| arriving(number).replace("generation 0", "generation 1");
        assert!(inbox.accept(changed(FIRST_NUMBER).as_bytes()).is_err());
        inbox.accept(arriving(FIRST_NUMBER).as_bytes()).unwrap();
        assert!(inbox.accept(changed(FIRST_NUMBER + 1).as_bytes()).is_err());
    }

    #[test]
    fn a_message_from_someone_else_is_refused() {
        let mut inbox = inbox(&[FIRST_NUMBER]);
        assert!(inbox.accept(arriving(FIRST_NUMBER).replace("sender", "stranger").as_bytes()).is_err());
    }
}
