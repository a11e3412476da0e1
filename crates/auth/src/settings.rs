//! Which keys count, and what is asked of a token: from configuration, never from a token.

use std::time::Duration;

use secrecy::SecretString;

/// The issuer of the tokens of built-in accounts. Tokens of others may not name it.
pub const ISSUER: &str = "paraclete";

/// What a [`crate::Verifier`] and a [`crate::Signer`] are made of. Each key has exactly one algorithm.
///
/// The default knows no key and believes nobody.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `JWT_SECRET`: HS256. How good it is, [`crate::secret_strength`] tells.
    pub secret: Option<SecretString>,
    /// What is in `JWT_KEY_FILE`, a key in PEM form: RS256 (from 2048 bits on), ES256 (P-256) or EdDSA (Ed25519). A
    /// private one also signs, and then it is the own key in place of `secret`.
    pub key_pem: Option<SecretString>,
    /// `JWT_ISSUER`: what `iss` must be in all tokens but those of built-in accounts and of Firebase.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`: one of them must be in `aud` of all tokens but those of built-in accounts and of Firebase. With
    /// none, `aud` is not looked at.
    pub audience: Vec<String>,
    /// `JWKS_URL`: where the keys of `issuer` are. Needs `issuer`.
    pub jwks_url: Option<String>,
    /// `FIREBASE_PROJECT_ID`: ID tokens of this project count.
    pub firebase_project: Option<String>,
    /// In place of [`Settings::FIREBASE_KEYS_URL`], for tests.
    pub firebase_keys_url: Option<String>,
    /// `ADMIN_CLAIM`: what makes the holder of an app's token an admin.
    pub admin_claim: Option<AdminClaim>,
    /// Where keys may come from over plain HTTP.
    pub plain_http: PlainHttp,
    /// `JWT_EXPIRES_IN`: how long a token of a built-in account lives; [`Settings::LIFETIME`] if none is given.
    pub lifetime: Option<Duration>,
}

impl Settings {
    /// Where Google publishes the keys of Firebase ID tokens as a JWKS.
    pub const FIREBASE_KEYS_URL: &str =
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
    /// How long a token of a built-in account lives by default.
    pub const LIFETIME: Duration = Duration::from_secs(15 * 60);
}

/// The claim that makes the holder of an app's token an admin. A built-in account's own `role` does for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminClaim {
    /// What the claim is called.
    pub name: String,
    /// The text that it must be, or that must be in its list; with none it must be `true`.
    pub value: Option<String>,
}

/// Where keys may come from over plain HTTP. Whoever can change them on the way can sign tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// From this machine alone.
    #[default]
    LoopbackAlone,
    /// From anywhere: in development.
    Anywhere,
}

/// Settings that cannot be used. The message names the option to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The secret is empty or has a NUL byte in it.
    #[error("JWT_SECRET is {0}: give it at least 32 random bytes, such as from `openssl rand -hex 32`")]
    Secret(&'static str),
    /// The key file holds nothing that can be used.
    #[error("JWT_KEY_FILE {0}")]
    KeyFile(&'static str),
    /// An address that keys may not be fetched from.
    #[error("{option} is {url:?}, which {why}")]
    Url {
        /// Which option it is.
        option: &'static str,
        /// Its value, without any password in it.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Keys of nobody in particular.
    #[error("JWKS_URL needs JWT_ISSUER: keys count for the tokens of their issuer alone")]
    NoIssuer,
    /// An issuer that cannot be told from another.
    #[error("JWT_ISSUER may not be {0:?}, which has a meaning of its own here")]
    ReservedIssuer(String),
    /// No Firebase project has such an id.
    #[error("FIREBASE_PROJECT_ID {0:?} is no project id: 4 to 64 characters of a-z 0-9 - :")]
    FirebaseProject(String),
    /// There is nothing to sign with.
    #[error("nothing to sign tokens with: set JWT_SECRET, or JWT_KEY_FILE to a private key")]
    NoSigningKey,
    /// The client that fetches keys could not be made.
    #[error("keys cannot be fetched: the HTTP client does not start: {0}")]
    Client(String),
}
