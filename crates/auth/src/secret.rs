//! How good a secret for signing is.

/// What [`secret_strength`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretStrength {
    /// At least [`MIN_SECRET_BYTES`] bytes, and none that the world knows.
    Good,
    /// So few bytes that it can be searched for.
    Short {
        /// How many there are.
        bytes: usize,
    },
    /// A text that stands in documentation and in the examples of other projects, or the same few characters
    /// again and again: the first that an attacker tries.
    Sample,
    /// Nothing at all: everybody could sign. Never accepted as a key.
    Empty,
    /// It has a NUL byte in it, as what was cut from a file or a C string has. Never accepted as a key.
    Nul,
}

/// The fewest bytes of a good secret: as many as the hash of HS256 has (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// Tells how good a secret for HS256 is. Configuration refuses all but [`SecretStrength::Good`] in production,
/// and warns of it in development.
///
/// ```
/// use auth::{SecretStrength, secret_strength};
///
/// assert_eq!(secret_strength("hunter2"), SecretStrength::Short { bytes: 7 });
/// assert_eq!(secret_strength("your-256-bit-secret"), SecretStrength::Sample);
/// assert_eq!(secret_strength("0f5b8c1e9d7a46b2a3c4d5e6f7081920"), SecretStrength::Good);
/// ```
pub fn secret_strength(secret: &str) -> SecretStrength {
    if secret.trim().is_empty() {
        return SecretStrength::Empty;
    }
    if secret.contains('\0') {
        return SecretStrength::Nul;
    }
    if is_sample(secret) {
        return SecretStrength::Sample;
    }
    match secret.len() {
        0..MIN_SECRET_BYTES => SecretStrength::Short { bytes: secret.len() },
        MIN_SECRET_BYTES.. => SecretStrength::Good,
    }
}

/// Sample secrets, in lower case and without what stands between the words.
const SAMPLES: &[&str] = &[
    "secret",
    "mysecret",
    "supersecret",
    "topsecret",
    "verysecret",
    "jwtsecret",
    "jwtsecretkey",
    "jwtkey",
    "secretkey",
    "mysecretkey",
    "secretkeyhere",
    "socketjwtsecret",
    "sessionsecret",
    "tokensecret",
    "accesstokensecret",
    "shhhhh",
    "keyboardcat",
    "password",
    "changeme",
    "changethis",
    "changeit",
    "default",
    "defaultsecret",
    "development",
    "devsecret",
    "testsecret",
    "test",
    "example",
    "examplekey",
    "qwerty",
    "admin",
    "asecretstringatleast256bitslong",
    "astringsecretatleast256bitslong",
    "astringsecretatleast512bitslongwhichisverylongandsecure",
    "aaaabbbbccccddddeeeeffffgggghhhh",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz012345",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "abcdefghijklmnopqrstuvwxyz123456",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdefghijklmnopqrstuvwxyz",
    "12345678901234567890123456789012",
];

/// Words that nobody has in a secret by chance: whoever wrote them meant the reader to put something else there.
const PLACEHOLDERS: &[&str] = &[
    "changeme",
    "changethis",
    "changein",
    "changeit",
    "replaceme",
    "replacethis",
    "replacewith",
    "pleasechange",
    "yoursecret",
    "yoursupersecret",
    "yourjwt",
    "your256bit",
    "your512bit",
    "yourownsecret",
    "yourverysecret",
    "yourrandomsecret",
    "mysupersecret",
    "mysecret",
    "myverysecret",
    "supersecretkey",
    "supersecretjwt",
    "notsosecret",
    "donotuse",
    "dontuse",
    "inproduction",
    "insertsecret",
    "putyour",
    "secrethere",
    "keyhere",
    "atleast32",
    "atleast256",
    "minimum32",
    "min32char",
    "examplesecret",
    "samplesecret",
    "defaultsecret",
    "developmentsecret",
    "devsecret",
    "testsecret",
    "thisisasecret",
    "thisisaverysecret",
    "secretkeyfor",
];

/// A sample itself, one written several times in a row, one of few characters, or a text with a placeholder in it.
fn is_sample(secret: &str) -> bool {
    let words: String = secret.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    // `secret123` and `changeme!1` are no better than `secret` and `changeme`.
    let stem = words.trim_end_matches(|c: char| c.is_ascii_digit());
    SAMPLES.iter().any(|sample| repeats(&words, sample) || stem == *sample)
        || PLACEHOLDERS.iter().any(|word| words.contains(word))
        || has_a_short_period(secret)
}

/// Whether `text` is `unit`, or `unit` several times in a row; the last time may be cut short.
fn repeats(text: &str, unit: &str) -> bool {
    text.len() >= unit.len() && text.bytes().zip(unit.bytes().cycle()).all(|(ours, theirs)| ours == theirs)
}

/// Whether the whole is at most eight bytes, over and over.
fn has_a_short_period(secret: &str) -> bool {
    let bytes = secret.as_bytes();
    (1..=8).any(|period| bytes.len() >= 2 * period && bytes.iter().zip(&bytes[period..]).all(|(a, b)| a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_secret_is_told_apart_however_it_is_written() {
        for sample in [
            "secret",
            "Secret",
            "SECRET",
            "secret123",
            "secretsecretsecretsecretsecretsecret",
            "changeme",
            "change-me",
            "CHANGE_ME",
            "changeme!",
            "change-me-in-production",
            "your-secret-key",
            "your_secret_key",
            "your-256-bit-secret",
            "your-256-bit-secret-your-256-bit-secret",
            "your-super-secret-jwt-token-with-at-least-32-characters-long",
            "your-super-secret-key-change-this-in-production",
            "a-string-secret-at-least-256-bits-long",
            "please-change-this-very-long-secret-before-going-live",
            "super-secret-key-that-is-at-least-32-characters",
            "keyboard cat",
            "password",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "12345678901234567890123456789012",
            "0123456789abcdef0123456789abcdef",
            "abcdabcdabcdabcdabcdabcdabcdabcd",
        ] {
            assert_eq!(secret_strength(sample), SecretStrength::Sample, "{sample}");
        }
    }

    #[test]
    fn a_short_an_empty_and_a_cut_secret_are_told_apart() {
        assert_eq!(secret_strength(""), SecretStrength::Empty);
        assert_eq!(secret_strength(" \n\t"), SecretStrength::Empty);
        assert_eq!(secret_strength("\0"), SecretStrength::Nul);
        assert_eq!(secret_strength("b3f1c29a7d\0e84f5b3f1c29a7de84f5b3"), SecretStrength::Nul);
        assert_eq!(secret_strength("hunter2"), SecretStrength::Short { bytes: 7 });
        let just_too_short = "9f8e7d6c5b4a39281706f5e4d3c2b1a";
        assert_eq!(secret_strength(just_too_short), SecretStrength::Short { bytes: 31 });
    }

    #[test]
    fn a_random_secret_is_good_in_every_form_people_make_them() {
        for secret in [
            "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
            "c2VjcmV0IGlzIG5vdCBpbiBoZXJlLCBub3QgYXQgYWxs",
            "X7p!qL2#vN9$kR4%tB6^wM1&zC8*yF3(",
            "correct horse battery staple, and a few words more",
            "3b241101-e2bb-4255-8caf-4136c566a962",
        ] {
            assert_eq!(secret_strength(secret), SecretStrength::Good, "{secret}");
        }
    }
}
