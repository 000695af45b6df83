//! What to measure, and with what.

use std::path::PathBuf;

/// What to measure, and with what.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The server's program.
    #[arg(long, env = "DATABASES_APISERVER")]
    pub server: PathBuf,
    /// etcd's program; without it everything over etcd is left out, and said so.
    #[arg(long, env = "BENCH_ETCD")]
    pub etcd: Option<PathBuf>,
    /// How many rounds.
    #[arg(long, default_value_t = 7)]
    pub rounds: usize,
    /// How many seconds a cell lasts.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// How many objects are listed.
    #[arg(long, default_value_t = 10_000)]
    pub objects: u64,
    /// Only workloads whose name contains this, or all of `alone`, of `control plane` or of `instances`.
    #[arg(long)]
    pub only: Option<String>,
    /// Where the report is written, besides stdout.
    #[arg(long)]
    pub report: Option<PathBuf>,
}
