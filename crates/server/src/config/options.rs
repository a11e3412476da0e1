//! The table of options: the one place where an option is named.
//!
//! Its rows are in files by subject. A new option is a row there and a field of [`Config`].

mod identity;
mod limits;
mod network;
mod operations;
mod storage;

use std::time::Duration;

use super::{Config, values::Environment};

/// One option.
#[derive(Clone, Copy)]
pub struct Opt {
    /// The name in the documents: upper case, as in the environment.
    pub key: &'static str,
    /// Other names for the same, in the order in which they are looked for.
    pub aliases: &'static [&'static str],
    /// The value when nothing is configured; empty: none.
    pub default: &'static str,
    /// What production makes of that default.
    pub production: Production,
    /// What it is, in one sentence, for the documents.
    pub doc: &'static str,
    /// Whether the value may be shown.
    pub secrecy: Secrecy,
    /// Reads a value into the configuration, or says why not.
    pub set: fn(&mut Config, &str) -> Result<(), String>,
}

/// What becomes of an option's default in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Production {
    /// It stays.
    Same,
    /// It is another one.
    Default(&'static str),
    /// There is none: the option must be set; the text says to what.
    MustBeSet(&'static str),
}

/// Whether a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// In logs, messages and `paraclete config`.
    Public,
    /// Nowhere.
    Secret,
}

impl Opt {
    /// The default in this environment; `None` when the option is unset by default or must be set.
    #[must_use]
    pub fn default_in(&self, environment: Environment) -> Option<&'static str> {
        let default = match (environment, self.production) {
            (Environment::Development, _) | (Environment::Production, Production::Same) => self.default,
            (Environment::Production, Production::Default(other)) => other,
            (Environment::Production, Production::MustBeSet(_)) => return None,
        };
        Some(default).filter(|default| !default.is_empty())
    }

    /// All names, the documented one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.key).chain(self.aliases.iter().copied())
    }
}

/// Names that other servers of this kind know: accepted and ignored with a warning, so that an existing
/// environment can be kept. The sentence says what happens instead.
pub const IGNORED: &[(&str, &str)] = &[
    ("KURENTO_URL", "Paraclete does not speak to Kurento"),
    ("ELASTICSEARCH_URL", "Paraclete writes its logs to standard error: ship them from there"),
];

/// The words of `PARACLETE_ENV`. `test` is what test runners set `NODE_ENV` to; what else is found there is bent to
/// `development` by [`load`](super::load) before it is read.
pub(super) const ENVIRONMENTS: [(&str, Environment); 3] = [
    ("development", Environment::Development),
    ("production", Environment::Production),
    ("test", Environment::Development),
];

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

const SWITCH: [(&str, bool); 2] = [("true", true), ("false", false)];

const fn row(
    key: &'static str,
    default: &'static str,
    doc: &'static str,
    set: fn(&mut Config, &str) -> Result<(), String>,
) -> Opt {
    Opt { key, aliases: &[], default, production: Production::Same, doc, secrecy: Secrecy::Public, set }
}

const GROUPS: [&[Opt]; 5] = [network::ROWS, identity::ROWS, storage::ROWS, limits::ROWS, operations::ROWS];

const COUNT: usize = GROUPS[0].len() + GROUPS[1].len() + GROUPS[2].len() + GROUPS[3].len() + GROUPS[4].len();

/// Every option, in the order of the documents.
pub static TABLE: &[Opt] = &joined();

const fn joined() -> [Opt; COUNT] {
    let mut all = [GROUPS[0][0]; COUNT];
    let (mut group, mut count) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            all[count] = GROUPS[group][row];
            (row, count) = (row + 1, count + 1);
        }
        group += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_accepted_by_its_own_parser() {
        for option in TABLE {
            for environment in [Environment::Development, Environment::Production] {
                let Some(default) = option.default_in(environment) else { continue };
                let mut config = Config::defaults(Environment::Development);
                assert_eq!((option.set)(&mut config, default), Ok(()), "{}", option.key);
            }
        }
    }

    #[test]
    fn every_name_is_of_upper_case_letters_and_digits_and_used_once() {
        let mut names: Vec<&str> = TABLE.iter().flat_map(Opt::names).collect();
        names.extend(IGNORED.iter().map(|(name, _)| *name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a name is used twice");
        for name in names {
            assert!(
                name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
                "{name}"
            );
        }
    }

    #[test]
    fn every_sentence_ends_and_fits_a_table() {
        for option in TABLE {
            assert!(option.doc.ends_with('.') && !option.doc.contains(['|', '\n']), "{}", option.key);
        }
    }
}
