//! `paraclete`: reads what it is told, and does it.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write as _},
    panic,
    path::Path,
    process::ExitCode,
};

use anyhow::Context as _;
use server::{
    app,
    cli::{self, Cli, Command},
    config::{self, Inputs, Loaded},
    telemetry::logs,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Read when it is there, and `--config` names no other.
const CONFIG_FILE: &str = "paraclete.toml";

fn main() -> ExitCode {
    let cli = match cli::parse(env::args_os()) {
        Ok(cli) => cli,
        Err(answer) => {
            let _ = answer.print();
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2));
        }
    };
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
    }
}

fn load(cli: Cli) -> anyhow::Result<Loaded> {
    let read_file = |path: &Path| fs::read_to_string(path);
    let file = match cli.config_file {
        Some(path) => {
            let text = read_file(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Some((path, text))
        }
        None => optional(Path::new(CONFIG_FILE))?.map(|text| (CONFIG_FILE.into(), text)),
    };
    let environment: BTreeMap<String, String> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let dotenv = optional(Path::new(".env"))?;
    let inputs = Inputs { file, dotenv, environment, arguments: cli.settings, read_file: &read_file };
    Ok(config::load(&inputs)?)
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
    // Tasks that outlived the drain are left behind: their time is over.
    runtime.shutdown_background();
    result.map(|_ending| ())
}
