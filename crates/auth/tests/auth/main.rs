//! Tokens and keys as a client, a thief and an issuer see them.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod claims;
mod firebase;
mod forgeries;
mod jwks;
mod keys;
mod kit;
mod passwords;
mod properties;
mod signer;
