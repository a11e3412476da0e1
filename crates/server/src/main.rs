//! `paraclete`: reads what it is told, and does it.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Read as _, Write as _},
    panic,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use server::{
    app,
    cli::{self, Cli, Command},
    commands,
    config::{self, Inputs, Loaded},
    telemetry::logs,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Read when it is there, and `--config` names no other.
const CONFIG_FILE: &str = "paraclete.toml";

/// How long the end waits for tasks that are dropped to say what is lost with them.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The longest file that an `X_FILE` may name, in bytes: a key in its PEM form is a tenth of it.
const MAX_VALUE_BYTES: u64 = 64 << 10;

fn main() -> ExitCode {
    let cli = match cli::parse(env::args_os()) {
        Ok(cli) => cli,
        Err(answer) => {
            let _ = answer.print();
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2));
        }
    };
    // There can be one for the process, and every library that asks finds this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "paraclete: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve => serve(load(cli)?),
        Command::Config => {
            let loaded = load(cli)?;
            for warning in &loaded.warnings {
                writeln!(io::stderr(), "warning: {warning}")?;
            }
            print(&config::report(&loaded))
        }
        Command::ConfigExample => print(&config::example()),
        Command::ConfigMarkdown => print(&config::markdown()),
        Command::Migrate => commands::migrate(&load(cli)?.config),
        Command::Token(ref command) => commands::token(command.clone(), &load(cli)?.config),
        Command::User(ref command) => commands::user(command.clone(), &load(cli)?.config),
    }
}

fn load(cli: Cli) -> anyhow::Result<Loaded> {
    let file = match cli.config_file {
        Some(path) => {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Some((path, text))
        }
        None => optional(Path::new(CONFIG_FILE))?.map(|text| (CONFIG_FILE.into(), text)),
    };
    let (mut environment, mut unreadable) = (BTreeMap::new(), Vec::new());
    for (name, value) in env::vars_os() {
        // No name of ours is anything but ASCII.
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => drop(environment.insert(name, value)),
            Err(_) => unreadable.push(name),
        }
    }
    let dotenv = optional(Path::new(".env"))?;
    let inputs =
        Inputs { file, dotenv, environment, unreadable, arguments: cli.settings, read_file: &read_value };
    Ok(config::load(&inputs)?)
}

/// The text of a file that an `X_FILE` names: a slip of the path may lead to a log, or to a device without end.
fn read_value(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_VALUE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_VALUE_BYTES {
        let reason = format!("it is longer than {MAX_VALUE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// The text of a file that need not be there.
fn optional(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn serve(loaded: Loaded) -> anyhow::Result<()> {
    logs::init(&loaded.config.log_level, loaded.config.log_format)?;
    // Its place, not its words: those may hold what a client sent.
    panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        tracing::error!(at, "bug: a task panicked");
    }));
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(app::run(loaded.config));
    // Tasks that outlived the drain are left behind: their time is over, but for a word on what is lost with them.
    runtime.shutdown_timeout(LAST_WORDS);
    result.map(|_ending| ())
}
