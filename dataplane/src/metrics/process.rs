//! The process as the system sees it, read when it is scraped, under the names that everybody's dashboards know.

use std::{fmt, fs};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};

/// Ticks of a second in `/proc`, on every Linux.
const TICKS: f64 = 100.0;

/// This process.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut put = |name: &str, help: &str, unit: Option<&Unit>, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, unit, metric.metric_type())?)
        };
        if let Some((cpu, started)) = times() {
            put("process_cpu", "Processor time used", Some(&Unit::Seconds), &ConstCounter::new(cpu))?;
            put("process_start_time", "When the process began", Some(&Unit::Seconds), &ConstGauge::new(started))?;
        }
        if let Some(resident) = resident() {
            put("process_resident_memory", "Memory that is its own now", Some(&Unit::Bytes), &ConstGauge::new(resident))?;
        }
        if let Some(open) = open_files() {
            put("process_open_fds", "Files and sockets that are open", None, &ConstGauge::new(open))?;
        }
        if let Ok(most) = rlimit::getrlimit(rlimit::Resource::NOFILE).map(|(now, _)| now) {
            put("process_max_fds", "Files and sockets that may be open", None, &ConstGauge::new(most))?;
        }
        Ok(())
    }
}

/// Seconds of processor time, and the second at which the process began.
fn times() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name before it may hold anything, parentheses too.
    let (_, fields) = stat.rsplit_once(')')?;
    let field = |at: usize| fields.split_ascii_whitespace().nth(at)?.parse::<f64>().ok();
    let (user, system, started) = (field(11)?, field(12)?, field(19)?);
    Some(((user + system) / TICKS, booted()? + started / TICKS))
}

/// The second at which the machine began.
fn booted() -> Option<f64> {
    fs::read_to_string("/proc/stat").ok()?.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

fn open_files() -> Option<u64> {
    // One of them is the folder that is being read.
    u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?.checked_sub(1)
}
