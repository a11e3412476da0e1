//! A password, as the one who types it knows it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// 8 to 128 characters, wiped from memory when dropped.
///
/// There is no rule of digits and signs: length is what counts (NIST SP 800-63B). Spaces and every script are fine;
/// control characters are not, for no keyboard types them and databases choke on NUL. The text is taken as it came,
/// without trimming or normalisation.
#[derive(Clone)]
pub struct Password(SecretString);

/// A text that may not be a password. It never says what the text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Password::RULE)]
pub struct UnfitPassword;

impl Password {
    /// The rule, as refusals and documents state it.
    pub const RULE: &str = "8 to 128 characters without control characters";
    /// The fewest characters.
    pub const MIN_CHARACTERS: usize = 8;
    /// The most characters: hashing takes no longer for a long one, but a megabyte must not get that far.
    pub const MAX_CHARACTERS: usize = 128;

    /// The bytes to hash.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl TryFrom<String> for Password {
    type Error = UnfitPassword;

    fn try_from(text: String) -> Result<Password, UnfitPassword> {
        // In memory that is wiped, whatever it is found to be.
        let text = SecretString::from(text);
        let characters = || text.expose_secret().chars();
        let count = characters().take(Password::MAX_CHARACTERS + 1).count();
        if !(Password::MIN_CHARACTERS..=Password::MAX_CHARACTERS).contains(&count) {
            return Err(UnfitPassword);
        }
        if characters().any(char::is_control) {
            return Err(UnfitPassword);
        }
        Ok(Password(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_of_any_script() {
        for fit in ["12345678", "correct horse", "        ", &"가".repeat(8), &"\u{1f600}".repeat(128)] {
            assert!(Password::try_from(fit.to_owned()).is_ok(), "{fit:.20}");
        }
    }

    #[test]
    fn too_few_too_many_and_control_characters_are_refused() {
        let long = "a".repeat(129);
        let megabyte = "a".repeat(1 << 20);
        for unfit in
            ["", "1234567", "가나다라마바사", &long, &megabyte, "12345678\0", "1234\u{7f}5678", "12345678\n"]
        {
            assert_eq!(Password::try_from(unfit.to_owned()).err(), Some(UnfitPassword), "{unfit:.20}");
        }
    }

    #[test]
    fn a_password_that_is_debugged_shows_nothing() {
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
    }
}
