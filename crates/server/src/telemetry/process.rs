//! What the operating system knows about the process, read when somebody asks.

use std::{fmt, fs};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Numbers from `/proc`; all 0 where there is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// Memory that is in RAM, in bytes.
    pub resident_bytes: u64,
    /// Memory of its own (heap and stacks) that is in RAM, in bytes.
    pub private_bytes: u64,
    /// Memory of its own that it asked for, in RAM or not, in bytes.
    pub reserved_bytes: u64,
    /// CPU time spent, in seconds.
    pub cpu_s: f64,
    /// Open descriptors.
    pub open_fds: u64,
    /// Bytes that the machine's network received (the container's, where it has one of its own).
    pub network_receive_bytes: u64,
    /// Bytes that it sent.
    pub network_transmit_bytes: u64,
}

impl Process {
    /// Reads them all.
    #[must_use]
    pub fn read() -> Self {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        let status = text("/proc/self/status");
        let [network_receive_bytes, network_transmit_bytes] = octets(&text("/proc/self/net/netstat"));
        Self {
            resident_bytes: kib(&status, "VmRSS:"),
            private_bytes: kib(&status, "RssAnon:"),
            reserved_bytes: kib(&status, "VmData:"),
            cpu_s: cpu_ticks(&text("/proc/self/stat")) as f64
                / rustix::param::clock_ticks_per_second().max(1) as f64,
            open_fds: fs::read_dir("/proc/self/fd").map_or(0, |fds| fds.count() as u64),
            network_receive_bytes,
            network_transmit_bytes,
        }
    }
}

/// A `Name:   123 kB` line of `/proc/self/status`, in bytes.
fn kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok());
    number.unwrap_or(0) * 1_024
}

/// User and system time, the 14th and 15th field. The second one is a name in parentheses, which may hold
/// blanks, so that counting begins behind it, at the third.
fn cpu_ticks(stat: &str) -> u64 {
    let behind_name = stat.rfind(')').map_or("", |end| &stat[end + 1..]);
    behind_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// `InOctets` and `OutOctets` of the `IpExt:` pair of lines: names first, then values.
fn octets(netstat: &str) -> [u64; 2] {
    let mut lines = netstat.lines().filter(|line| line.starts_with("IpExt:"));
    let (Some(names), Some(values)) = (lines.next(), lines.next()) else { return [0, 0] };
    ["InOctets", "OutOctets"].map(|wanted| {
        let mut pairs = names.split_whitespace().zip(values.split_whitespace());
        pairs.find(|(name, _)| *name == wanted).and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
    })
}

/// Publishes the numbers under the names that dashboards know.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let now = Process::read();
        let counters = [
            (
                "process_network_receive_bytes",
                "Bytes received by the machine's network",
                now.network_receive_bytes,
            ),
            (
                "process_network_transmit_bytes",
                "Bytes sent by the machine's network",
                now.network_transmit_bytes,
            ),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let gauges = [
            ("process_resident_memory_bytes", "Memory in RAM", now.resident_bytes),
            ("process_open_fds", "Open descriptors", now.open_fds),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let cpu = ConstCounter::new(now.cpu_s);
        cpu.encode(encoder.encode_descriptor(
            "process_cpu_seconds",
            "CPU time spent",
            None,
            cpu.metric_type(),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0";
        assert_eq!(cpu_ticks(stat), 42);
        assert_eq!(cpu_ticks(""), 0);
    }

    #[test]
    fn network_bytes_are_found_by_their_names() {
        let netstat = "TcpExt: A\nTcpExt: 1\nIpExt: InNoRoutes InOctets OutOctets\nIpExt: 0 12 34\n";
        assert_eq!(octets(netstat), [12, 34]);
        assert_eq!(octets(""), [0, 0]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_memory_and_descriptors() {
        let now = Process::read();
        assert!(
            now.resident_bytes > 0 && now.private_bytes > 0 && now.reserved_bytes > 0 && now.open_fds > 2
        );
    }
}
