//! Layers over layers: which value an option has, and where it came from.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

use super::{
    Config, file,
    options::{ENVIRONMENTS, IGNORED, Opt, Production, Secrecy, TABLE},
    rules,
    values::Environment,
};

/// Everything the configuration depends on, as values.
pub struct Inputs<'a> {
    /// The configuration file: its path, for messages, and its text.
    pub file: Option<(PathBuf, String)>,
    /// The text of `.env`.
    pub dotenv: Option<String>,
    /// The environment's variables.
    pub environment: BTreeMap<String, String>,
    /// The names of those variables of the environment whose values are not UTF-8.
    pub unreadable: Vec<String>,
    /// Keys and values of the command line, in its order; a later one of the same key wins.
    pub arguments: Vec<(String, String)>,
    /// Reads the file that an `X_FILE` names.
    pub read_file: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// The effective configuration and how it came about.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// One entry for each option, in the table's order.
    pub settings: Vec<Setting>,
    /// What is odd but no reason to stop, to be logged once logs are set up.
    pub warnings: Vec<String>,
}

/// An option's value as text, and its origin.
pub struct Setting {
    /// The option.
    pub option: &'static Opt,
    /// Its value; `None` when unset.
    pub value: Option<String>,
    /// Where the value came from.
    pub source: Source,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} ({})", self.option.key, self.shown(), self.source)
    }
}

impl Setting {
    /// The value as it may be shown: a secret is hidden.
    #[must_use]
    pub fn shown(&self) -> &str {
        shown(self.option, self.value.as_deref().unwrap_or(""))
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The configuration file of this path.
    File(PathBuf),
    /// `.env`, under this name.
    DotEnv(String),
    /// The environment, under this name.
    Environment(String),
    /// The command line.
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::DotEnv(name) => write!(f, ".env, {name}"),
            Self::Environment(name) => write!(f, "environment, {name}"),
            Self::CommandLine => write!(f, "command line"),
        }
    }
}

/// Why the server does not start: every problem, one sentence each.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is refused:\n  {}", .0.join("\n  "))]
pub struct Refused(pub Vec<String>);

/// Reads all layers into one configuration.
///
/// # Errors
/// All problems at once: keys that are unknown, values that are refused, what production demands.
pub fn load(inputs: &Inputs<'_>) -> Result<Loaded, Refused> {
    let mut gathering =
        Gathering { inputs, found: BTreeMap::new(), warnings: Vec::new(), problems: Vec::new() };
    gathering.all_layers();
    let Gathering { mut found, mut warnings, mut problems, .. } = gathering;

    if let Some(found) = found.get_mut("PARACLETE_ENV") {
        warnings.extend(bend_node_env(found));
    }
    let environment = match found.get("PARACLETE_ENV").map(|found| found.value.as_str()) {
        Some("production") => Environment::Production,
        Some(_) | None => Environment::Development,
    };
    let mut config = Config::unset();
    let mut settings = Vec::with_capacity(TABLE.len());
    for option in TABLE {
        let (value, source) = match found.remove(option.key) {
            Some(found) => (Some(found.value), found.source),
            None => (option.default_in(environment).map(str::to_owned), Source::Default),
        };
        match (&value, option.production) {
            (Some(value), _) => {
                if let Err(reason) = (option.set)(&mut config, value) {
                    let shown = shown(option, value);
                    problems.push(format!("{}={shown} ({source}): {reason}", option.key));
                }
            }
            (None, Production::MustBeSet(to_what)) => {
                problems.push(format!("{} has to be set in production: {to_what}", option.key));
            }
            (None, Production::Same | Production::Default(_)) => {}
        }
        settings.push(Setting { option, value, source });
    }
    rules::check(&config, &mut problems, &mut warnings);
    if problems.is_empty() { Ok(Loaded { config, settings, warnings }) } else { Err(Refused(problems)) }
}

/// `NODE_ENV` is not ours: staging and build tools set it to words of their own, and no such word should end the
/// start. Whatever we do not know is development, and a warning says so.
fn bend_node_env(found: &mut Found) -> Option<String> {
    let is_known = ENVIRONMENTS.iter().any(|(word, _)| *word == found.value);
    if found.rank < FIRST_ALIAS || is_known {
        return None;
    }
    let word = std::mem::replace(&mut found.value, "development".to_owned());
    Some(format!(
        "NODE_ENV={word} ({}) counts as development: if this is production, set PARACLETE_ENV=production",
        found.source
    ))
}

fn shown<'a>(option: &Opt, value: &'a str) -> &'a str {
    match option.secrecy {
        Secrecy::Public => value,
        Secrecy::Secret => "(hidden)",
    }
}

/// A value that a layer gave.
struct Found {
    value: String,
    source: Source,
    /// Which name it was given under: within one layer the lower rank wins.
    rank: usize,
}

/// The rank of the first name that is not the option's own.
const FIRST_ALIAS: usize = 2;

struct Gathering<'a> {
    inputs: &'a Inputs<'a>,
    found: BTreeMap<&'static str, Found>,
    warnings: Vec<String>,
    problems: Vec<String>,
}

/// Whose names a layer holds.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    /// Ours alone, in any case: an unknown one is a mistake.
    Ours,
    /// Everybody's: an unknown one is a mistake only if it begins with our prefix, and then a warning.
    Shared,
}

const PREFIX: &str = "PARACLETE_";

impl Gathering<'_> {
    fn all_layers(&mut self) {
        let inputs = self.inputs;
        if let Some((path, text)) = &inputs.file {
            match file::read(text) {
                Ok(pairs) => self.layer(&pairs, Names::Ours, |_| Source::File(path.clone())),
                Err(reason) => self.problems.push(format!("{}: {reason}", path.display())),
            }
        }
        if let Some(text) = &inputs.dotenv {
            match dotenvy::from_read_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>() {
                Ok(pairs) => self.layer(&pairs, Names::Shared, |name| Source::DotEnv(name.to_owned())),
                // The error holds the line, and the line may hold a secret.
                Err(_) => self.problems.push(".env: a line is not NAME=value".to_owned()),
            }
        }
        let environment: Vec<_> =
            inputs.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        self.layer(&environment, Names::Shared, |name| Source::Environment(name.to_owned()));
        for name in &inputs.unreadable {
            let source = Source::Environment(name.clone());
            if self.resolve(name, Names::Shared, &source).is_some() {
                self.problems.push(format!("{name} ({source}): its value is not UTF-8"));
            }
        }
        self.layer(&inputs.arguments, Names::Ours, |_| Source::CommandLine);
    }

    fn layer(&mut self, pairs: &[(String, String)], names: Names, source: impl Fn(&str) -> Source) {
        let mut layer: BTreeMap<&'static str, Found> = BTreeMap::new();
        for (name, value) in pairs {
            // Compose files and shells hand unset variables down as empty ones.
            if names == Names::Shared && value.is_empty() {
                continue;
            }
            let source = source(name);
            let Some((option, rank, form)) = self.resolve(name, names, &source) else { continue };
            let value = match form {
                Form::Value => value.clone(),
                Form::PathOfValue => match (self.inputs.read_file)(Path::new(value)) {
                    Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
                    Err(error) => {
                        self.problems.push(format!("{name} ({source}): cannot read {value}: {error}"));
                        continue;
                    }
                },
            };
            if layer.get(option.key).is_none_or(|other| rank <= other.rank) {
                layer.insert(option.key, Found { value, source, rank });
            }
        }
        self.found.append(&mut layer);
    }

    /// The option of that name, how preferred the name is, and whether it names the value or its file.
    fn resolve(&mut self, name: &str, names: Names, source: &Source) -> Option<(&'static Opt, usize, Form)> {
        let plain = match names {
            Names::Ours => name.to_ascii_uppercase().replace('-', "_"),
            Names::Shared => name.to_owned(),
        };
        let unprefixed = plain.strip_prefix(PREFIX).unwrap_or(&plain);
        for (form, name) in
            [(Form::Value, Some(plain.as_str())), (Form::PathOfValue, plain.strip_suffix("_FILE"))]
        {
            let Some(name) = name else { continue };
            let unprefixed = name.strip_prefix(PREFIX);
            for option in TABLE {
                for (position, known) in option.names().enumerate() {
                    if unprefixed == Some(known) {
                        return Some((option, 2 * position, form));
                    }
                    if name == known {
                        return Some((option, 2 * position + 1, form));
                    }
                }
            }
        }
        if let Some((known, instead)) = IGNORED.iter().find(|(known, _)| *known == unprefixed) {
            self.warnings.push(format!("{known} ({source}) is ignored: {instead}"));
            return None;
        }
        let sentence = format!("{name} ({source}) is not an option; {}", nearest(unprefixed));
        match names {
            Names::Ours => self.problems.push(sentence),
            Names::Shared if plain.starts_with(PREFIX) => self.warnings.push(sentence),
            Names::Shared => {}
        }
        None
    }
}

/// Whether a name stands for a value or for the path of a file that holds it.
#[derive(Clone, Copy)]
enum Form {
    Value,
    PathOfValue,
}

/// A pointer to the known key that is most like the name.
fn nearest(name: &str) -> String {
    let likeness = |known: &&str| strsim::jaro_winkler(name, known);
    let nearest = TABLE.iter().flat_map(Opt::names).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.map_or_else(String::new, |known| format!("the nearest known one is {known}"))
}
