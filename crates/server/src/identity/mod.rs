//! Who somebody is: tokens verified, tokens revoked, and who is connected by them.
//!
//! [`Access`] is what handlers of HTTP and the gateway of sockets share, so that a token means the same to both:
//!
//! - [`Authenticator::verify`] turns a token into a [`Caller`], or says why not ([`Refused`]).
//! - [`Revocations`] is what must not be believed any more. It is kept in memory, read from the store twice a second (so
//!   that what another process revoked holds here too), and told at once of what this process revokes. Until it has been
//!   read for the first time no token is believed; when the store is away later, what is known stays known.
//! - [`Sessions`] is who is connected by which token. Whatever is revoked ends there, and what expires too, if
//!   `CLOSE_ON_EXPIRY` says so.
//!
//! A socket is entered into [`Sessions`] before its token is looked up among the revoked ones for the last time, and what
//! is revoked is known before the sessions are looked through: whichever comes first, none slips through between.
//!
//! To revoke something: write it to the store, then call [`Revocations::apply_now`] with the same row, or
//! [`Revocations::poll_soon`] where the store alone knows the rows.

mod access;
mod authenticator;
mod caller;
mod expiry;
pub mod keys;
mod live;
mod refused;
mod revocations;
mod sessions;

pub use access::Access;
pub use authenticator::Authenticator;
pub use caller::Caller;
pub use keys::{Keys, KeysError};
pub use refused::Refused;
pub use revocations::Revocations;
pub use sessions::{ConnectionId, Session, Sessions, TooMany};
