//! The core from outside, as the shell sees it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod allocation;
mod claims;
mod facts;
mod grants;
mod identity;
mod model;
mod names;
mod record;
mod relays;
mod rooms;
mod support;
