//! The machine a result belongs to.

use std::{fs, process::Command};

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
    vec![
        format!(
            "{}, {cores} cores{guest}, Linux {}",
            field("model name"),
            read("/proc/sys/kernel/osrelease").trim()
        ),
        format!("load average before the first run: {}", load.split(' ').next().unwrap_or("unknown")),
        said("rustc", &["--version"]),
        format!("commit {}", said("git", &["describe", "--always", "--dirty"])),
    ]
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
