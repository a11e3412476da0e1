//! What Paraclete knows about people and rooms, and nothing else: a state machine that takes an
//! input and answers with effects.
//!
//! The shell around it owns the sockets, the clock and the logs. It calls [`Hub::handle`] with one
//! [`Input`], then drains [`Hub::poll`] until it is empty, carrying out each [`Effect`]:
//!
//! ```
//! use domain::{Command, Effect, Hub, Identity, Input, Limits, Now, PeerId, Tenant, Ticket, Voice};
//! # use std::time::Instant;
//!
//! let mut hub = Hub::new(Limits::default());
//! let now = Now { instant: Instant::now(), wall_ms: 1_750_000_000_000 };
//! let alice = PeerId::from_bits(1);
//!
//! let identity = Identity::guest(None, None);
//! hub.handle(now, Input::Connected { peer: alice, tenant: Tenant::default(), identity });
//! let command = Command::Join { room: "standup".try_into().unwrap(), user: None, voice: Voice::Mesh };
//! hub.handle(now, Input::Command { peer: alice, ticket: Ticket(7), command });
//!
//! let mut replies = 0;
//! while let Some(effect) = hub.poll() {
//!     match effect {
//!         Effect::Send { .. } => {} // encode the event in the recipients' dialect, append it to their outboxes
//!         Effect::Load { .. } => {} // ask the store, hand its answer in as Input::Loaded
//!         Effect::Save(_) => {}     // append it to the record
//!         Effect::Reply { ticket, result } => {
//!             assert_eq!(ticket, Ticket(7));
//!             assert!(result.is_ok());
//!             replies += 1;
//!         }
//!     }
//! }
//! assert_eq!(replies, 1);
//! hub.check();
//! ```
//!
//! # What holds here
//!
//! - **Nothing blocks, nothing fails.** `handle` mutates once and returns. A command that may not be
//!   carried out changes nothing and is answered with a [`Refusal`], a value with a stable [`Code`].
//! - **Waiting is a state.** Who has to wait for the store is held back by name until [`Input::Loaded`] comes in, with
//!   what they ask meanwhile, in order; all others go on.
//! - **Every command gets exactly one [`Effect::Reply`]** with its [`Ticket`], at once or when the wait is over.
//! - **What happened is told as [`Fact`]s**, from which the rooms and their members can be built again.
//! - **Identity is the connection's.** What a command claims about its sender is only ever a claim:
//!   see [`Identity`].
//! - **A tenant is a world of its own.** Rooms are kept under (tenant, room); nothing crosses.
//! - **Relayed bodies are text that is never read.** A [`Body`] reaches the target as it came.
//! - **Time is an argument**, both clocks of it: [`Now`].
//!
//! Absent on purpose: async, sockets, JSON, the clock, randomness, logs.

mod check;
mod claim;
mod code;
mod command;
mod effect;
mod fact;
mod grants;
mod hub;
mod identity;
mod ids;
mod limits;
mod load;
pub mod messages;
mod names;
mod refusal;
mod relay;
mod room;
mod world;

pub use code::Code;
pub use command::{Command, Form, Input, Now, Signal, SignalKind, Ticket, Voice};
pub use effect::{Effect, Event, Member, Recipients, Reply};
pub use fact::{Fact, Participation, Sitting};
pub use grants::{Grant, Grants, RoomPattern};
pub use hub::Hub;
pub use identity::{Identity, Standing};
pub use ids::{Body, MalformedPeerId, PeerId};
pub use limits::{Limits, TokenBucket};
pub use load::{Answer, Key, LOAD_LIMIT};
pub use messages::{Locale, Phrase};
pub use names::{RoomId, Tenant, UserId, Username};
pub use refusal::{Excerpt, Found, Refusal};
pub use world::Stats;
