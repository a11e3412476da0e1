//! The machine a result belongs to.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

/// One line for each thing that figures depend on.
pub(crate) fn describe() -> Vec<String> {
    let cpu_info = read("/proc/cpuinfo");
    let field = |name: &str| {
        let line = cpu_info.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let cores = cpu_info.lines().filter(|line| line.starts_with("processor")).count();
    let guest = if field("flags").contains("hypervisor") { ", virtual machine" } else { "" };
    let load = read("/proc/loadavg");
    let kernel = read("/proc/sys/kernel/osrelease");
    vec![
        format!(
            "{}, {cores} cores{guest}, Linux {}",
            field("model name"),
            // What comes behind says who built it, and nothing that a figure depends on.
            kernel.trim().splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
        ),
        format!("load average before the first run: {}", load.split(' ').next().unwrap_or("unknown")),
        said("rustc", &["--version"]),
        format!("commit {}", said("git", &["rev-parse", "--short", "HEAD"])),
    ]
}

/// Whether the commit is all that was measured: nothing is changed or added but the document itself.
///
/// # Errors
/// When something is, or when git cannot tell.
pub(crate) fn ensure_committed(document: &Path) -> anyhow::Result<()> {
    let but_document = format!(":(exclude){}", document.display());
    let output = Command::new("git")
        .args(["status", "--porcelain", "--", ":/", &but_document])
        .output()
        .context("cannot run git")?;
    ensure!(output.status.success(), "git does not know this tree: {}", text(&output.stderr));
    ensure!(
        output.stdout.is_empty(),
        "figures belong to a commit, and these are not in one:\n{}",
        text(&output.stdout)
    );
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    match text.trim() {
        "" => format!("{program}: unknown"),
        text => text.to_owned(),
    }
}
