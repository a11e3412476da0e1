//! Accounts: people who registered here.

use std::fmt;

use domain::UserId;

use crate::error::Error;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never used twice. A UUID of version 7 by convention, so that lists come in the order of registration.
    pub id: UserId,
    /// Normalised by the caller (lower case): the store compares bytes. No two accounts share one.
    pub email: String,
    /// What others see them called, as it was given.
    pub name: String,
    /// Where their picture is, if they have one.
    pub avatar: Option<String>,
    /// What they may do beyond their own.
    pub role: Role,
    /// Whether they may come in.
    pub standing: Standing,
    /// What their password is checked against.
    pub password_hash: PasswordHash,
    /// When they registered, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When anything of the above last changed, in milliseconds since 1970.
    pub updated_at_ms: u64,
}

impl User {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Error::unless_storable("email", &self.email)?;
        Error::unless_storable("name", &self.name)?;
        Error::unless_storable("avatar", self.avatar.as_deref().unwrap_or_default())?;
        self.password_hash.check()
    }
}

/// What an account may do beyond its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing.
    User,
    /// What the documents allow administrators.
    Admin,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Active,
    /// It may not: no log-in, no refresh. It keeps its id and email address.
    Disabled,
}

/// The hash of a password, in the form that whoever made it reads. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Keeps that text.
    pub const fn new(text: String) -> PasswordHash {
        PasswordHash(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        Error::unless_storable("password hash", &self.0)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// What of a profile is to change; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// Another name.
    pub name: Option<String>,
    /// Another picture, or with `Some(None)` none.
    pub avatar: Option<Option<String>>,
}

impl ProfileChange {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Error::unless_storable("name", self.name.as_deref().unwrap_or_default())?;
        let avatar = self.avatar.as_ref().and_then(Option::as_deref);
        Error::unless_storable("avatar", avatar.unwrap_or_default())
    }
}

/// How many words of a name can be searched for; the rest of a longer one is found by the words before it.
pub(crate) const SEARCHED_WORDS: usize = 25;

/// What names are compared in: lower case, blanks made one space.
pub(crate) fn searchable(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The ends of a name that begin at one of its words: who has typed the beginning of one finds the name.
pub(crate) fn searchable_ends(name: &str) -> Vec<String> {
    let name = searchable(name);
    let mut ends: Vec<String> = Vec::new();
    let starts = std::iter::once(0).chain(name.match_indices(' ').map(|(index, _)| index + 1));
    for end in starts.take(SEARCHED_WORDS).map(|start| name[start..].to_owned()) {
        if !end.is_empty() && !ends.contains(&end) {
            ends.push(end);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_searched_from_the_beginning_of_each_of_its_words() {
        assert_eq!(searchable_ends("  Ana María\tLópez "), ["ana maría lópez", "maría lópez", "lópez"]);
        assert_eq!(searchable_ends("김 철수"), ["김 철수", "철수"]);
        assert_eq!(searchable_ends(" \t "), Vec::<String>::new());
        assert_eq!(searchable_ends(&"a ".repeat(1_000)).len(), SEARCHED_WORDS);
    }

    #[test]
    fn a_password_hash_is_hidden_when_it_is_debugged() {
        assert_eq!(format!("{:?}", PasswordHash::new("$argon2id$x".to_owned())), "PasswordHash(..)");
    }
}
