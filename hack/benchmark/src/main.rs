//! The command line of the benchmark.

use benchmark::error::Error;
use benchmark::options::Options;
use benchmark::{lab, raw_etcd, raw_hyper, report, sample, workload};
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
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(options) => run(options).await,
        Command::RawHyper(options) => raw_hyper::run(options).await,
        Command::RawEtcd(options) => raw_etcd::run(options).await,
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
    let lab = lab::Lab::open(&options).await?;
    let mut results = sample::Results::default();
    for round in 1..=options.rounds {
        for workload in workload::ALL.iter().filter(|workload| workload.is_chosen(&options)) {
            for peer in workload.peers().iter().copied().filter(|peer| lab.has(*peer)) {
                eprintln!("round {round} of {}: {}, {}", options.rounds, workload.title(), peer.title());
                results.add(*workload, peer, workload.measure(&lab, peer).await?);
            }
        }
    }
    let text = report::write(&options, &lab, &results);
    println!("{text}");
    match &options.report {
        Some(path) => std::fs::write(path, text).map_err(|source| Error::file(path, source)),
        None => Ok(()),
    }
}
