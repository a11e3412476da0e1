//! `paraclete user`: what there is to say about accounts.

use auth::Email;
use clap::{Arg, ArgGroup, ArgMatches, Command};
use domain::{UserId, Username};
use store::{Role, Standing};

use super::{flag, text};

/// What to do with accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserCommand {
    /// Make one.
    Add(Box<NewUser>),
    /// Print all, one a line.
    List,
    /// Print one.
    Show(Whom),
    /// Let one in, or keep one out.
    SetStanding(Whom, Standing),
    /// Give one another password.
    SetPassword(Whom, PasswordFrom),
}

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Its email address.
    pub email: Email,
    /// What others see its owner called.
    pub name: Username,
    /// What it may do.
    pub role: Role,
    /// Where its password comes from.
    pub password: PasswordFrom,
}

/// Where a password comes from. Never from the command line, which others can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFrom {
    /// A line of standard input; on a terminal it is asked for twice.
    Input,
    /// A line of standard input, even on a terminal.
    InputAlone,
    /// It is made, and printed.
    Made,
}

/// Which account is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// The one with this id.
    Id(UserId),
    /// The one with this email address.
    Email(Email),
}

pub(super) fn definition() -> Command {
    Command::new("user")
        .about("Make and change accounts, beside a server that runs or without one")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("add")
                .about("Make an account; its password is asked for, or read from standard input")
                .arg(text("email", "EMAIL").long("email").required(true).value_parser(email))
                .arg(text("name", "NAME").long("name").required(true).value_parser(|text: &str| {
                    Username::try_from(text).map_err(|refusal| refusal.to_string())
                }))
                .arg(flag("admin", "Mark it as an administrator's"))
                .args(password())
                .group(ArgGroup::new("password").args(["password-stdin", "generate"])),
        )
        .subcommand(Command::new("list").about("Print all accounts: id, role, standing, email address, name"))
        .subcommand(Command::new("show").about("Print an account").arg(whom()))
        .subcommand(
            Command::new("disable")
                .about("Keep somebody out: no log-in, no token counts any more, and connections end within seconds")
                .arg(whom()),
        )
        .subcommand(Command::new("enable").about("Let somebody in again, who has to log in anew").arg(whom()))
        .subcommand(
            Command::new("set-password")
                .about("Give an account another password, and end all of its log-ins")
                .arg(whom())
                .args(password())
                .group(ArgGroup::new("password").args(["password-stdin", "generate"])),
        )
}

fn password() -> [Arg; 2] {
    [
        flag("password-stdin", "Read the password from standard input without asking, even on a terminal"),
        flag("generate", "Make a password, and print it"),
    ]
}

fn whom() -> Arg {
    text("whom", "ID|EMAIL").required(true).value_parser(|text: &str| {
        if text.contains('@')
            && let Ok(email) = Email::try_from(text)
        {
            return Ok(Whom::Email(email));
        }
        UserId::try_from(text).map(Whom::Id).map_err(|refusal| refusal.to_string())
    })
}

fn email(text: &str) -> Result<Email, String> {
    Email::try_from(text).map_err(|error| format!("expected {error}"))
}

pub(super) fn read(matches: &mut ArgMatches) -> Option<UserCommand> {
    let (name, mut inner) = matches.remove_subcommand()?;
    Some(match name.as_str() {
        "add" => UserCommand::Add(Box::new(NewUser {
            password: from(&inner),
            role: if inner.get_flag("admin") { Role::Admin } else { Role::User },
            email: inner.remove_one("email")?,
            name: inner.remove_one("name")?,
        })),
        "list" => UserCommand::List,
        "show" => UserCommand::Show(inner.remove_one("whom")?),
        "disable" => UserCommand::SetStanding(inner.remove_one("whom")?, Standing::Disabled),
        "enable" => UserCommand::SetStanding(inner.remove_one("whom")?, Standing::Active),
        _ => {
            let from = from(&inner);
            UserCommand::SetPassword(inner.remove_one("whom")?, from)
        }
    })
}

fn from(matches: &ArgMatches) -> PasswordFrom {
    if matches.get_flag("generate") {
        PasswordFrom::Made
    } else if matches.get_flag("password-stdin") {
        PasswordFrom::InputAlone
    } else {
        PasswordFrom::Input
    }
}
