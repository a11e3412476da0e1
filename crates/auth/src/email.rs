//! The address by which an account is known.

use std::fmt;

/// An email address in the one form that is stored and compared: in lower case, without anything around it.
///
/// The rule is narrower than RFC 5321, and wide enough for the addresses people have: ASCII alone (an international
/// domain in its `xn--` form), no quoted local part, no address literal, and at least one dot in the domain. Two
/// addresses that differ in case alone are one, or else a second account could pass for the first.
///
/// Its `Debug` form hides the address: it is personal, and has no place in a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(Box<str>);

/// A text that is no [`Email`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Email::RULE)]
pub struct MalformedEmail;

impl Email {
    /// The rule, as refusals and documents state it.
    pub const RULE: &str = "an email address like ada@example.org, at most 254 characters of ASCII";
    /// The longest that a mail server takes (RFC 5321, section 4.5.3.1.3, without the brackets).
    pub const MAX_BYTES: usize = 254;
    /// The longest part before the `@` (RFC 5321, section 4.5.3.1.1).
    pub const MAX_LOCAL_BYTES: usize = 64;

    /// The address, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Email {
    type Error = MalformedEmail;

    fn try_from(text: &str) -> Result<Email, MalformedEmail> {
        if text.len() > Email::MAX_BYTES {
            return Err(MalformedEmail);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(MalformedEmail)?;
        if local.len() > Email::MAX_LOCAL_BYTES || !is_local(local) || !is_domain(domain) {
            return Err(MalformedEmail);
        }
        Ok(Email(text.to_ascii_lowercase().into_boxed_str()))
    }
}

/// Words of RFC 5322's `atext` with single dots between them.
fn is_local(text: &str) -> bool {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    text.split('.').all(|word| !word.is_empty() && word.bytes().all(is_atom))
}

/// At least two labels of letters, digits and inner hyphens, each of at most 63.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        for (given, kept) in [
            ("ada@example.org", "ada@example.org"),
            ("Ada.Lovelace+calls@Example.ORG", "ada.lovelace+calls@example.org"),
            ("o'hara@xn--bcher-kva.example", "o'hara@xn--bcher-kva.example"),
            ("1@2.3", "1@2.3"),
        ] {
            assert_eq!(Email::try_from(given).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long = format!("a@{}org", "example.".repeat(40));
        let long_label = format!("a@{}.org", "x".repeat(64));
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.org",
            "ada@localhost",
            "ada@@example.org",
            "ada@b@example.org",
            ".ada@example.org",
            "ada.@example.org",
            "a..da@example.org",
            "ada@.example.org",
            "ada@example..org",
            "ada@example.org.",
            "ada@-example.org",
            "ada@exam_ple.org",
            " ada@example.org",
            "ada@example.org\n",
            "ada@example.org\0",
            "ada\0@example.org",
            "ada lovelace@example.org",
            "\"ada\"@example.org",
            "ada@[127.0.0.1]",
            "ad\u{e4}@example.org",
            "\u{430}da@example.org",
            "ada@ex\u{e4}mple.org",
            "ada@example.org' OR 1=1 --",
            "Ada <ada@example.org>",
            &long_local,
            &long,
            &long_label,
        ] {
            assert_eq!(Email::try_from(text), Err(MalformedEmail), "{text:.60}");
        }
    }

    #[test]
    fn an_address_that_is_debugged_shows_nothing() {
        assert_eq!(format!("{:?}", Email::try_from("ada@example.org").unwrap()), "Email(…)");
    }
}
