//! JSON that is validated once and then walked where it lies, never built into a tree.
//!
//! A signaling server relays bodies that it must not change and hardly ever reads. What it owes the receiver is
//! that the text is JSON at all (a malformed packet makes the receiving client close), and what it needs itself
//! is a handful of top-level members. So this crate has two halves:
//!
//! - [`validate`] checks a whole text against RFC 8259 in one pass, without recursion and without allocation, and
//!   refuses nesting deeper than the caller allows. It is the only way to come by a [`Value`].
//! - [`Value`] is a slice of such a text. Its methods trust the grammar, so that finding a member skips over the
//!   others at the speed of a string scan. Nothing is copied but a string that has escapes in it.
//!
//! What the grammar leaves open is stated here and tested: numbers of any size are accepted and kept as text
//! (`1e400` too); a lone surrogate escape is accepted, but [`Value::string`] has no string for it; of members with
//! the same name the last one counts, as for `JSON.parse`.
//!
//! To extend: a new question about a value is a method in `value.rs`; the grammar in `validate.rs` is complete.

mod text;
mod validate;
mod value;

pub use text::write_string;
pub use validate::{DEEPEST, Error, Problem, validate, validate_array, validate_str};
pub use value::{Elements, Kind, Members, Value};
