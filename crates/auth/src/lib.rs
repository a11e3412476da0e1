//! Who is asking: tokens, keys and passwords.
//!
//! - [`Verifier`] reads a token and says whom it belongs to, or why it is [`Refused`]. The keys that count come from
//!   [`Settings`] alone: the server's own, the app's, those at a JWKS URL, and Google's for a Firebase project. Each
//!   key has exactly one algorithm; what a token says of its algorithm only picks among them.
//! - [`Signer`] makes the tokens of built-in accounts; [`RefreshToken`] is what one gets the next with.
//! - [`Passwords`] hashes and verifies a [`Password`] in a bounded queue, off the threads that serve sockets.
//!
//! What is revoked, who is blocked and what an account is called are questions for the store, and who may do what with
//! the answer is one for the core: neither is here. Nothing reads the clock of the wall; the time is an argument.
//!
//! ```
//! use auth::{Account, Role, Settings, Signer, Verifier};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings { secret: Some("9f8e7d6c5b4a39281706f5e4d3c2b1a0".into()), ..Settings::default() };
//! let (signer, verifier) = (Signer::new(&settings)?, Verifier::new(&settings, &Default::default())?);
//! let user = "ada".try_into()?;
//! let account = Account { user: &user, email: "ada@example.org", name: "Ada", role: Role::User, family: "f1" };
//! let signed = signer.sign(&account, 1_750_000_000_000)?;
//! let claims = verifier.verify(&signed.token, 1_750_000_000_000).await?;
//! assert_eq!((claims.user, claims.id), (user, Some(signed.id)));
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
//! ```
//!
//! # A token's way
//!
//! `compact` takes it apart, `verifier` finds the key (`jwks` and `remote` where it has to be fetched), `key` holds the
//! signature against it (the arithmetic is `jsonwebtoken`'s), and `reading` looks at the claims. To accept another algorithm, add it to [`Algorithm`] and
//! follow the compiler. To accept another provider, add a [`Source`] with its issuer and the address of its keys.

mod address;
mod claims;
mod compact;
mod email;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod inspect;
mod jwks;
mod key;
mod password;
mod password_threads;
mod passwords;
mod pem;
mod reading;
mod refresh;
mod remote;
mod secret;
mod settings;
mod signer;
mod stored_hash;
mod verifier;

pub use claims::{Claims, Power, Refused, Source};
pub use email::{Email, MalformedEmail};
pub use inspect::{Inspection, inspect};
pub use key::Algorithm;
pub use password::{Password, UnfitPassword};
pub use passwords::{Busy, Cost, PasswordStats, Passwords, PasswordsError, Verdict};
pub use reading::LEEWAY_MS;
pub use refresh::{MalformedRefreshToken, RefreshToken};
pub use secret::{MIN_SECRET_BYTES, SecretStrength, secret_strength};
pub use settings::{AdminClaim, ISSUER, PlainHttp, Settings, SettingsError};
pub use signer::{Account, Role, SignError, Signed, Signer};
pub use verifier::Verifier;
