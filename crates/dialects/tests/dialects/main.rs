//! The dialects from outside: fixtures both ways, the document, and whatever a hostile client sends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cast;
mod fixtures;
mod hostile;
mod protocol_doc;
mod registry;
mod story;
