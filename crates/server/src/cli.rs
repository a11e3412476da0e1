//! The command line: which command, and which options it sets.
//!
//! The flags are made from the table of options, so `--max-peers-per-room 4`, `--set
//! MAX_PEERS_PER_ROOM=4` and `MAX_PEERS_PER_ROOM=4` in the environment are the same thing. What commands take beyond
//! options is in `cli/`, a file for each group; what they do is in [`crate::commands`].

mod token;
mod user;

use std::{ffi::OsString, path::PathBuf};

use clap::{Arg, ArgAction, ArgMatches, value_parser};

pub use token::{NewToken, Revocation, TokenCommand, What};
pub use user::{NewUser, PasswordFrom, UserCommand, Whom};

use crate::config::{Opt, Secrecy, TABLE};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cli {
    /// What to do.
    pub command: Command,
    /// `--config`: the file to read instead of `paraclete.toml`.
    pub config_file: Option<PathBuf>,
    /// Keys and values, in the order of the table, those of `--set` last.
    pub settings: Vec<(String, String)>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Serve until a signal.
    Serve,
    /// Print the effective configuration.
    Config,
    /// Print `.env.example`.
    ConfigExample,
    /// Print the README's table of options.
    ConfigMarkdown,
    /// Bring the database's schema up to date.
    Migrate,
    /// Something about tokens.
    Token(TokenCommand),
    /// Something about accounts.
    User(UserCommand),
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// What clap has to say: a mistake, or the text of `--help` and `--version`.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut matches = definition().try_get_matches_from(arguments)?;
    let (config_file, settings) = {
        // Flags of options hold for every command, and the innermost has them all.
        let mut innermost = &matches;
        while let Some((_, inner)) = innermost.subcommand() {
            innermost = inner;
        }
        (innermost.get_one("config").cloned(), settings(innermost)?)
    };
    Ok(Cli { command: command(&mut matches), config_file, settings })
}

fn command(matches: &mut ArgMatches) -> Command {
    let Some((name, mut inner)) = matches.remove_subcommand() else { return Command::Serve };
    let command = match name.as_str() {
        "config" if inner.get_flag("example") => Some(Command::ConfigExample),
        "config" if inner.get_flag("markdown") => Some(Command::ConfigMarkdown),
        "config" => Some(Command::Config),
        "migrate" => Some(Command::Migrate),
        "token" => token::read(&mut inner).map(Command::Token),
        "user" => user::read(&mut inner).map(Command::User),
        _ => None,
    };
    // What is required is there, or the line would not have been taken.
    command.unwrap_or(Command::Serve)
}

fn settings(matches: &ArgMatches) -> Result<Vec<(String, String)>, clap::Error> {
    let mut settings = Vec::new();
    for option in TABLE.iter().filter(has_flag) {
        if let Some(value) = matches.get_one::<String>(option.key) {
            settings.push((option.key.to_owned(), value.clone()));
        }
    }
    for pair in matches.get_many::<String>("set").into_iter().flatten() {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            definition()
                .error(clap::error::ErrorKind::ValueValidation, format!("--set {pair}: expected KEY=VALUE"))
        })?;
        if let Some(secret) = secret_named(key) {
            let reason = format!(
                "--set {key}=...: everybody on this machine can read the command line, and this is a secret: set {secret} in the environment, \
                 or {secret}_FILE to a file that holds it"
            );
            return Err(definition().error(clap::error::ErrorKind::ValueValidation, reason));
        }
        settings.push((key.to_owned(), value.to_owned()));
    }
    Ok(settings)
}

fn definition() -> clap::Command {
    clap::Command::new("paraclete")
        .about("WebRTC signaling over Socket.IO, in one binary")
        .version(env!("CARGO_PKG_VERSION"))
        .args(shared())
        .subcommand(clap::Command::new("serve").about("Serve until a signal (the default)"))
        .subcommand(
            clap::Command::new("config")
                .about("Print the effective configuration and where each value came from")
                .arg(flag("example", "Print .env.example instead"))
                .arg(
                    flag("markdown", "Print the README's table of options instead").conflicts_with("example"),
                ),
        )
        .subcommand(
            clap::Command::new("migrate")
                .about("Bring the database's schema up to date, as the server does when it starts"),
        )
        .subcommand(token::definition())
        .subcommand(user::definition())
}

/// The arguments of every command; global, so that they may stand before or after it.
fn shared() -> Vec<Arg> {
    let mut args = vec![
        Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .global(true)
            .help("The configuration file [default: paraclete.toml, if there is one]"),
        Arg::new("set")
            .long("set")
            .value_name("KEY=VALUE")
            .action(ArgAction::Append)
            .global(true)
            .help("Sets an option by its name"),
    ];
    args.extend(TABLE.iter().filter(has_flag).map(|option| {
        Arg::new(option.key)
            .long(option.key.to_ascii_lowercase().replace('_', "-"))
            .value_name("VALUE")
            .action(ArgAction::Set)
            .overrides_with(option.key)
            .allow_hyphen_values(true)
            .global(true)
            .help(option.doc.replace('`', ""))
    }));
    args
}

/// The secret option of that name, in whatever form it is written.
fn secret_named(key: &str) -> Option<&'static str> {
    let name = key.to_ascii_uppercase().replace('-', "_");
    let name = name.strip_prefix("PARACLETE_").unwrap_or(&name);
    let secret = TABLE.iter().find(|option| !has_flag(option) && option.names().any(|known| known == name));
    secret.map(|option| option.key)
}

/// A secret on the command line shows in the process list: those have no flag.
fn has_flag(option: &&Opt) -> bool {
    option.secrecy == Secrecy::Public
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// An argument that is a text; with `.long` a flag that takes one.
fn text(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).value_name(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_default_command_is_serve_and_flags_may_stand_before_or_after_it() {
        for line in ["paraclete --port 7", "paraclete serve --port 7", "paraclete --port 7 serve"] {
            let cli = parsed(line).unwrap();
            assert_eq!(cli.command, Command::Serve, "{line}");
            assert_eq!(cli.settings, [("PORT".to_owned(), "7".to_owned())], "{line}");
        }
    }

    #[test]
    fn set_takes_any_key_and_comes_after_the_flags() {
        let cli = parsed("paraclete serve --set port=8 --port 7 --config other.toml").unwrap();
        let settings = [("PORT", "7"), ("port", "8")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(cli.settings, settings);
        assert_eq!(cli.config_file, Some(PathBuf::from("other.toml")));
        assert!(parsed("paraclete --set port").unwrap_err().to_string().contains("KEY=VALUE"));
    }

    #[test]
    fn a_secret_is_not_taken_from_the_command_line_by_any_of_its_names() {
        for key in ["JWT_SECRET", "jwt-secret", "socket_jwt_secret", "PARACLETE_DATABASE_URL", "db_password"]
        {
            let refusal = parsed(&format!("paraclete --set {key}=hunter2")).unwrap_err().to_string();
            assert!(refusal.contains("_FILE to a file") && !refusal.contains("hunter2"), "{refusal}");
        }
        assert!(parsed("paraclete --set jwt_secret_file=/run/secret").is_ok());
    }

    #[test]
    fn an_unknown_flag_is_refused_with_the_nearest_known_one() {
        let refusal = parsed("paraclete --prot 7").unwrap_err().to_string();
        assert!(refusal.contains("--port"), "{refusal}");
    }

    #[test]
    fn config_prints_the_values_or_one_of_the_documents() {
        assert_eq!(parsed("paraclete config").unwrap().command, Command::Config);
        assert_eq!(parsed("paraclete config --example").unwrap().command, Command::ConfigExample);
        assert_eq!(parsed("paraclete config --markdown").unwrap().command, Command::ConfigMarkdown);
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }
}
