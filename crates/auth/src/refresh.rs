//! The token by which one gets a new access token.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

/// 32 random bytes, as the client keeps them: `pr_` and 43 characters of base64url.
///
/// It is opaque: nothing can be read from it, and nothing of it is stored but its [`RefreshToken::hash`]. Who steals
/// the store has no token. The prefix lets scanners of leaked secrets know it, and keeps it apart from an access
/// token, which never begins so.
pub struct RefreshToken(SecretString);

/// A text that no refresh token can be. It does not say what was wrong with which character: the text may be a
/// secret of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a refresh token is pr_ and 43 characters of base64url: send the one that the last login or refresh gave"
)]
pub struct MalformedRefreshToken;

impl RefreshToken {
    const PREFIX: &str = "pr_";
    const BYTES: usize = 32;

    /// A new one.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn generate() -> Result<RefreshToken, getrandom::Error> {
        let mut bytes = [0; RefreshToken::BYTES];
        getrandom::fill(&mut bytes)?;
        let text = format!("{}{}", RefreshToken::PREFIX, URL_SAFE_NO_PAD.encode(bytes));
        Ok(RefreshToken(SecretString::from(text)))
    }

    /// The SHA-256 of the written form: what the store knows the token by. A plain hash is enough for 256 random
    /// bits, which nobody can guess.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.expose_secret().as_bytes()).as_ref());
        hash
    }

    /// The written form, for the answer to the one it belongs to and for nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl TryFrom<&str> for RefreshToken {
    type Error = MalformedRefreshToken;

    fn try_from(text: &str) -> Result<RefreshToken, MalformedRefreshToken> {
        let random = text.strip_prefix(RefreshToken::PREFIX).ok_or(MalformedRefreshToken)?;
        let mut bytes = [0; RefreshToken::BYTES];
        match URL_SAFE_NO_PAD.decode_slice(random, &mut bytes) {
            Ok(RefreshToken::BYTES) => Ok(RefreshToken(SecretString::from(text))),
            Ok(_) | Err(_) => Err(MalformedRefreshToken),
        }
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_differ_are_read_back_and_are_known_by_their_hashes() {
        let (one, other) = (RefreshToken::generate().unwrap(), RefreshToken::generate().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_ne!(one.hash(), other.hash());
        assert_eq!(one.expose().len(), 46);
        assert_eq!(RefreshToken::try_from(one.expose()).unwrap().hash(), one.hash());
    }

    #[test]
    fn the_hash_is_the_sha_256_of_the_written_form() {
        let token = RefreshToken::try_from("pr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        let hex: String = token.hash().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "af0cd0127992b54fd5b3d6be5f485674324e86e5f8bab53d163c57c0c51ad306");
    }

    #[test]
    fn garbage_padding_and_an_access_token_are_no_refresh_token() {
        let good = format!("pr_{}", "A".repeat(43));
        assert!(RefreshToken::try_from(good.as_str()).is_ok());
        let spoilt = [
            String::new(),
            "pr_".to_owned(),
            "A".repeat(43),
            format!("PR_{}", "A".repeat(43)),
            format!("pr_{}", "A".repeat(42)),
            format!("pr_{}", "A".repeat(44)),
            format!("pr_{}=", "A".repeat(43)),
            format!("pr_{}B", "A".repeat(42)), // the last character has bits that no byte has
            format!("pr_{}+", "A".repeat(42)),
            format!("pr_{}\0", "A".repeat(43)),
            format!(" pr_{}", "A".repeat(43)),
            format!("pr_{}\n", "A".repeat(43)),
            format!("pr_{}", "A".repeat(1 << 20)),
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln".to_owned(),
        ];
        for text in spoilt {
            assert_eq!(
                RefreshToken::try_from(text.as_str()).err(),
                Some(MalformedRefreshToken),
                "{text:.60}"
            );
        }
    }

    #[test]
    fn a_token_that_is_debugged_shows_nothing() {
        let token = RefreshToken::generate().unwrap();
        assert_eq!(format!("{token:?}"), "RefreshToken(…)");
    }
}
