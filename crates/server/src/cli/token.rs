//! `paraclete token`: what there is to say about tokens.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use domain::{RoomPattern, Tenant, UserId, Username};
use serde_json::Value;

use super::{flag, text};
use crate::{commands::time, config};

/// How long a token may live at most.
const LONGEST: Duration = Duration::from_secs(400 * 86_400);

/// Claims that have a flag, or that follow from the configuration and the clock.
const OWN_CLAIMS: &[&str] =
    &["iss", "aud", "sub", "userId", "name", "username", "role", "iat", "exp", "jti", "rooms", "tenant"];

/// What to do with tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenCommand {
    /// Make one and print it.
    Create(Box<NewToken>),
    /// Read one and say what is in it.
    Inspect {
        /// The token; `None`: it comes on standard input.
        token: Option<String>,
    },
    /// Make some count no more.
    Revoke(Revocation),
}

/// What a new token is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose it is.
    pub user: UserId,
    /// What others see them called.
    pub name: Option<Username>,
    /// A role of the app's own.
    pub role: Option<String>,
    /// How long it is good.
    pub expires_in: Duration,
    /// The rooms that its bearer may join; empty: all.
    pub rooms: Vec<RoomPattern>,
    /// The world that it is for.
    pub tenant: Tenant,
    /// Claims beyond these.
    pub claims: Vec<(String, Value)>,
}

/// Which tokens are to count no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Which.
    pub what: What,
    /// Only those that were issued before this time, in milliseconds since 1970; `None`: before now.
    pub issued_before_ms: Option<u64>,
    /// The world that they are for.
    pub tenant: Tenant,
}

/// Whose tokens, or which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The one with this id (`jti`).
    Id(String),
    /// All of this user.
    User(UserId),
    /// All of everybody.
    All,
}

pub(super) fn definition() -> Command {
    Command::new("token")
        .about("Make, read and revoke tokens")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(create())
        .subcommand(
            Command::new("inspect")
                .about("Say what a token says, and whether the configured keys vouch for it")
                .arg(text("token", "TOKEN").required(false).help(
                    "The token; - or nothing reads it from standard input, which keeps it out of the shell's history",
                )),
        )
        .subcommand(revoke())
}

fn create() -> Command {
    Command::new("create")
        .about("Make a token, signed by JWT_SECRET or the private key of JWT_KEY_FILE, and print it")
        .arg(
            text("user", "ID").long("user").required(true).value_parser(user).help("Whose it is"),
        )
        .arg(
            text("name", "NAME")
                .long("name")
                .value_parser(|text: &str| Username::try_from(text).map_err(|refusal| refusal.to_string()))
                .help("What others see them called"),
        )
        .arg(
            text("role", "ROLE")
                .long("role")
                .help("A role of your app's; it makes nobody an admin here: see ADMIN_CLAIM, and --claim"),
        )
        .arg(
            text("expires-in", "DURATION")
                .long("expires-in")
                .default_value("1h")
                .value_parser(|text: &str| config::parse_duration(text, Duration::from_secs(1)..=LONGEST))
                .help("How long it is good: 15m, 1h, 7d"),
        )
        .arg(
            text("room", "PATTERN")
                .long("room")
                .action(ArgAction::Append)
                .value_parser(|text: &str| RoomPattern::try_from(text).map_err(|refusal| refusal.to_string()))
                .help("A room that they may join and publish in: abc, abc-* or *; may be given again [default: all]"),
        )
        .arg(tenant())
        .arg(
            text("claim", "NAME=JSON")
                .long("claim")
                .action(ArgAction::Append)
                .value_parser(claim)
                .help("Another claim: team='\"red\"', level=3; may be given again"),
        )
}

fn revoke() -> Command {
    Command::new("revoke")
        .about("Make tokens count no more, and end the connections that were opened with them")
        .arg(text("id", "JTI").long("id").help("The one with this id, which `token inspect` shows as jti"))
        .arg(text("user", "ID").long("user").value_parser(user).help("All of this user, and all of their log-ins"))
        .arg(flag("all", "All of everybody, and all log-ins").requires("issued-before"))
        .group(ArgGroup::new("what").args(["id", "user", "all"]).required(true))
        .arg(
            text("issued-before", "TIME")
                .long("issued-before")
                .conflicts_with("id")
                .value_parser(time::past)
                .help("Only those issued before: 2026-11-20T18:40:00Z, 2026-11-20, seconds since 1970, or now, which is the default for a user"),
        )
        .arg(tenant())
}

fn tenant() -> Arg {
    text("tenant", "NAME")
        .long("tenant")
        .value_parser(|text: &str| Tenant::try_from(text).map_err(|refusal| refusal.to_string()))
        .help("The world that it is for [default: the one without a name]")
}

pub(super) fn read(matches: &mut ArgMatches) -> Option<TokenCommand> {
    let (name, mut inner) = matches.remove_subcommand()?;
    Some(match name.as_str() {
        "create" => TokenCommand::Create(Box::new(NewToken {
            user: inner.remove_one("user")?,
            name: inner.remove_one("name"),
            role: inner.remove_one("role"),
            expires_in: inner.remove_one("expires-in")?,
            rooms: inner.remove_many("room").into_iter().flatten().collect(),
            tenant: inner.remove_one("tenant").unwrap_or_default(),
            claims: inner.remove_many("claim").into_iter().flatten().collect(),
        })),
        "inspect" => TokenCommand::Inspect { token: inner.remove_one("token").filter(|token| token != "-") },
        _ => TokenCommand::Revoke(Revocation {
            what: match (inner.remove_one("id"), inner.remove_one("user")) {
                (Some(id), _) => What::Id(id),
                (None, Some(user)) => What::User(user),
                (None, None) => What::All,
            },
            issued_before_ms: inner.remove_one("issued-before"),
            tenant: inner.remove_one("tenant").unwrap_or_default(),
        }),
    })
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::try_from(text).map_err(|refusal| refusal.to_string())
}

fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, json) = text.split_once('=').ok_or("expected NAME=JSON")?;
    if OWN_CLAIMS.contains(&name) {
        return Err(format!("{name} has a flag of its own, or follows from the configuration"));
    }
    let value = serde_json::from_str(json).map_err(|error| {
        format!("expected JSON behind {name}=, and text in quotes: {name}='\"text\"' ({error})")
    })?;
    Ok((name.to_owned(), value))
}
