//! The command line of the benchmark.

use benchmark::error::Error;
use benchmark::options::Options;
use benchmark::report::{self, Facts};
use benchmark::sample::Results;
use benchmark::{alone, cluster, instances, raw_etcd, raw_hyper};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures every workload and writes the report.
    Run(Options),
    /// The limit of HTTP: static bytes over TLS and HTTP/2.
    RawHyper(raw_hyper::Options),
    /// The limit of etcd: its client and nothing else.
    RawEtcd(raw_etcd::Options),
    /// A backend that does nothing.
    NullBackend(instances::null::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(options) => run(options).await,
        Command::RawHyper(options) => raw_hyper::run(options).await,
        Command::RawEtcd(options) => raw_etcd::run(options).await,
        Command::NullBackend(options) => instances::null::run(options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hack/bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Error> {
    let mut results = Results::default();
    let facts = Facts {
        alone: alone::measure(&options, &mut results).await?,
        cluster: cluster::measure(&options, &mut results).await?,
        instances: instances::measure(&options).await?,
    };
    let text = report::write(&options, &facts, &results);
    println!("{text}");
    match &options.report {
        Some(path) => std::fs::write(path, text).map_err(|source| Error::file(path, source)),
        None => Ok(()),
    }
}
