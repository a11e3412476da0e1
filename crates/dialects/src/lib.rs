//! The vocabularies of events that apps speak, each translated to the one core.
//!
//! A [`Dialect`] is a table of events and two directions of translation: [`Dialect::decode`] makes a
//! [`domain::Command`] of what a client emitted, [`Dialect::encode`] makes the bytes that a client hears of a
//! [`domain::Event`]. It holds no state, does no I/O and decides nothing; the rules are the core's.
//!
//! ```
//! use dialects::{MESH, Dialect, Validation};
//!
//! let payload = rawjson::validate(br#"{"roomId":"standup"}"#, 64).unwrap();
//! let decoded = MESH.decode("join", Some(payload), Validation::Shape).unwrap();
//! assert_eq!(decoded.event, "join");
//! ```
//!
//! # What holds here
//!
//! - The body of a relay (a session description, a candidate) arrives byte-equal: it is looked at as far as
//!   `validation` needs and spliced into what goes out, never built anew.
//! - What a client says of itself (`from`, and with it whatever a dialect does not list) is not read.
//! - A member whose name comes twice counts as it was written last, as for `JSON.parse`; `null` counts as absent
//!   wherever `null` means nothing of its own.
//! - Whatever is refused is refused with the name of the member, what was found and what it must be. A body is
//!   never quoted.
//!
//! # To add a dialect
//!
//! Write one file with its table and both translations, add one line to [`ALL`], and fixtures in
//! `tests/fixtures/<name>/`. The tests then demand a fixture for every event of the table, a place in
//! `docs/PROTOCOL.md`, and for every event name that another dialect has too a decision in
//! [`Dialect::claims`].

mod fields;
mod mesh;
mod registry;
mod validation;
mod write;

use domain::{Command, Event, Refusal, Reply, Voice};
use rawjson::Value;

pub use domain::Locale;
pub use mesh::{MESH, Mesh};
pub use registry::{Direction, EventRow, documented_events};
pub use validation::{Expectation, MAX_CANDIDATE_BYTES, MAX_EVENT_BYTES, MAX_SDP_BYTES, Validation};

/// Every dialect there is, in the order in which they are asked on the default namespace.
pub static ALL: &[&dyn Dialect] = &[&MESH];

/// The dialect of this name, as in `DIALECTS` and in its own namespace.
pub fn named(name: &str) -> Option<&'static dyn Dialect> {
    ALL.iter().copied().find(|dialect| dialect.name() == name)
}

/// The dialect in which a voice is heard.
pub fn of(voice: Voice) -> &'static dyn Dialect {
    match voice {
        Voice::Mesh => &MESH,
    }
}

/// On the default namespace, which serves all enabled dialects at once: the first of them that takes the event.
///
/// # Errors
/// [`Refusal::UnknownEvent`] if none does.
pub fn select(
    event: &str,
    payload: Option<Value<'_>>,
    enabled: &[&'static dyn Dialect],
) -> Result<&'static dyn Dialect, Refusal> {
    let claiming = enabled.iter().copied().find(|dialect| dialect.claims(event, payload));
    claiming.ok_or_else(|| fields::unknown_event(event))
}

impl std::fmt::Debug for dyn Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One vocabulary. All methods are pure.
pub trait Dialect: Sync {
    /// Its name, and that of its own namespace (`mesh` for `/mesh`).
    fn name(&self) -> &'static str;

    /// The vocabulary: each event in each direction, once.
    fn events(&self) -> &'static [EventRow];

    /// Whether an event on the default namespace is this dialect's. Where dialects share a name, the payload's
    /// shape decides; the one that shares no name goes by the name alone.
    fn claims(&self, event: &str, payload: Option<Value<'_>>) -> bool;

    /// What a client asks for. `payload` is the event's first argument; further ones are passed over.
    ///
    /// # Errors
    /// [`Refusal::UnknownEvent`]; [`Refusal::Invalid`] for a payload that is not shaped as the vocabulary says;
    /// [`Refusal::PeerNotFound`] for a peer's id that no peer can have.
    fn decode(
        &self,
        event: &str,
        payload: Option<Value<'_>>,
        validation: Validation,
    ) -> Result<Decoded, Refusal>;

    /// Appends what a client hears, as the array of a Socket.IO event: `["peer-joined",{...}]`. The same bytes
    /// fit all recipients.
    fn encode(&self, event: &Event, out: &mut Vec<u8>);

    /// Appends the arguments of an acknowledgement, as an array: `[{"success":true}]`. The message of a failure is in
    /// the language of `locale`.
    fn encode_reply(&self, result: &Result<Reply, Refusal>, locale: Locale, out: &mut Vec<u8>);

    /// Appends the event that tells of a failure where no acknowledgement was asked for. `event` is the name of
    /// the event that failed; the message is in the language of `locale`.
    fn encode_error(&self, event: &str, refusal: &Refusal, locale: Locale, out: &mut Vec<u8>);
}

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The event's name, from the table: fit to be a label.
    pub event: &'static str,
    /// Which rate limit it counts against.
    pub class: Class,
    /// What it asks the core for.
    pub command: Command,
}

/// The two kinds of events that are limited apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A signal to other peers: they come in bursts of hundreds.
    Relay,
    /// Anything else.
    Other,
}
