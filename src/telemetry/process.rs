//! The metrics of this process, as client libraries of Prometheus name them. They are read when they are asked for.

use std::fmt;
use std::fs;

use nix::unistd::{SysconfVar, sysconf};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// In `/proc/self/stat`, counted from 1 (proc_pid_stat(5)).
const USER_TIME: usize = 14;
const SYSTEM_TIME: usize = 15;
const START_TIME: usize = 22;
const VIRTUAL_MEMORY: usize = 23;
const RESIDENT_PAGES: usize = 24;
/// The first field behind the name, which may have spaces and parentheses.
const BEHIND_NAME: usize = 3;

/// This process.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(Usage { cpu, started, virtual_bytes, resident_bytes }) = Usage::read() else {
            return Ok(());
        };
        counter(&mut encoder, "process_cpu_seconds", "User and system time spent, in seconds", cpu)?;
        let help = "When the process began, in seconds since 1970";
        gauge(&mut encoder, "process_start_time_seconds", help, started)?;
        gauge(&mut encoder, "process_virtual_memory_bytes", "Size of the virtual memory", virtual_bytes)?;
        gauge(&mut encoder, "process_resident_memory_bytes", "Size of the resident memory", resident_bytes)?;
        if let Some(open) = open_files() {
            gauge(&mut encoder, "process_open_fds", "File descriptors that are open", open)?;
        }
        if let Some(most) = most_files() {
            gauge(&mut encoder, "process_max_fds", "File descriptors that may be open", most)?;
        }
        Ok(())
    }
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    let metric = ConstCounter::new(value);
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    let metric = ConstGauge::new(value);
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// What the process took; times in seconds, sizes in bytes.
struct Usage {
    cpu: f64,
    started: f64,
    virtual_bytes: f64,
    resident_bytes: f64,
}

impl Usage {
    fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - BEHIND_NAME)?.parse::<f64>().ok();
        let ticks = constant(SysconfVar::CLK_TCK)?;
        Some(Self {
            cpu: (field(USER_TIME)? + field(SYSTEM_TIME)?) / ticks,
            started: booted()? + field(START_TIME)? / ticks,
            virtual_bytes: field(VIRTUAL_MEMORY)?,
            resident_bytes: field(RESIDENT_PAGES)? * constant(SysconfVar::PAGE_SIZE)?,
        })
    }
}

fn constant(name: SysconfVar) -> Option<f64> {
    sysconf(name).ok().flatten().map(|value| value as f64)
}

/// When the machine began, in seconds since 1970.
fn booted() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.parse().ok()
}

fn open_files() -> Option<f64> {
    fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64)
}

fn most_files() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
