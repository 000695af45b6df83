//! Flags of the audit log. Names and defaults are kube-apiserver's.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is recorded of requests, and where.
#[derive(Args, Debug)]
pub(in crate::server) struct AuditFlags {
    /// A Policy (audit.k8s.io/v1), which says what is recorded of which requests; with none nothing is.
    #[arg(long, value_name = "FILE", requires = "audit_log_path")]
    pub audit_policy_file: Option<PathBuf>,

    /// The file that events are written to, one a line; - is standard output.
    #[arg(long, value_name = "FILE")]
    pub audit_log_path: Option<PathBuf>,

    /// How many days files that were put aside are kept; 0: for ever.
    #[arg(long, default_value_t = 366)]
    pub audit_log_maxage: u64,

    /// How many files that were put aside are kept; 0: all.
    #[arg(long, default_value_t = 100)]
    pub audit_log_maxbackup: usize,

    /// At how many megabytes a file is put aside; 0: never.
    #[arg(long, default_value_t = 100)]
    pub audit_log_maxsize: u64,

    /// The form of events: json.
    #[arg(long, default_value = "json", value_parser = format)]
    pub audit_log_format: String,

    /// Whether requests wait for their events to be written, and what becomes of them when that fails.
    #[arg(long, value_enum, default_value_t = AuditMode::Blocking)]
    pub audit_log_mode: AuditMode,

    /// How many events wait to be written in mode batch, or 64 MB of them; more are lost, and counted.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub audit_log_batch_buffer_size: u32,

    /// Write events that are too large without their objects.
    #[arg(long)]
    pub audit_log_truncate_enabled: bool,

    /// From how many bytes on an event is too large.
    #[arg(long, default_value_t = 102_400, value_parser = clap::value_parser!(u32).range(1..))]
    pub audit_log_truncate_max_event_size: u32,
}

/// How requests and the log depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::server) enum AuditMode {
    /// Events are written behind the requests.
    Batch,
    /// A request waits until its event is written, and goes on when it cannot be.
    Blocking,
    /// Likewise, but one that cannot be recorded when it comes is answered 500.
    BlockingStrict,
}

fn format(text: &str) -> Result<String, String> {
    match text {
        "json" => Ok(text.to_owned()),
        "legacy" => {
            Err("events are written as json; a reader of the format legacy must be taught that".to_owned())
        }
        _ => Err("it must be json".to_owned()),
    }
}
