//! The documents that are made from the table: `.env.example` and the README's table.

use std::fmt::Write as _;

use super::options::{IGNORED, Opt, Production, TABLE};

/// `.env.example`: every option with its sentence and its default, commented out.
#[must_use]
pub fn example() -> String {
    let mut out = String::from(
        "# Copy to .env and uncomment what you change. Made by `paraclete config --example`.\n\
         # Every name may also be written as PARACLETE_<NAME>, and <NAME>_FILE reads the value from a file.\n",
    );
    for option in TABLE {
        let _ = write!(out, "\n# {}", option.doc.replace('`', ""));
        if !option.aliases.is_empty() {
            let _ = write!(out, " Also: {}.", option.aliases.join(", "));
        }
        match option.production {
            Production::Same => {}
            Production::Default(value) => {
                let _ = write!(out, " In production: {value}.");
            }
            Production::MustBeSet(to_what) => {
                let _ = write!(out, " Has to be set in production: {}.", to_what.replace('`', ""));
            }
        }
        let _ = writeln!(out, "\n#{}={}", option.key, option.default);
    }
    out.push_str("\n# Known from other servers, accepted and ignored with a warning:\n");
    for (name, instead) in IGNORED {
        let _ = writeln!(out, "# {name}: {instead}.");
    }
    out
}

/// The README's table of options.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from("| option | default | meaning |\n|---|---|---|\n");
    for option in TABLE {
        let names: Vec<String> = option.names().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(out, "| {} | {} | {} |", names.join(", "), default(option), option.doc);
    }
    out
}

fn default(option: &Opt) -> String {
    let usual = if option.default.is_empty() { "unset".to_owned() } else { format!("`{}`", option.default) };
    match option.production {
        Production::Same => usual,
        Production::Default(value) => format!("{usual}; production: `{value}`"),
        Production::MustBeSet(_) => format!("{usual}; production: has to be set"),
    }
}
