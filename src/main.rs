//! The server's command line.

use clap::{Parser, Subcommand};
use databases_apiserver::server::{self, Serve, Standalone};
use databases_apiserver::telemetry::{self, LogFormat};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An API server for databases.standard.k8s.io.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Which log lines to write, as in `info,databases_apiserver=debug`.
    #[arg(long, global = true, env = "DATABASES_LOG", default_value = "info")]
    log: String,

    /// Write log lines as JSON.
    #[arg(long, global = true)]
    log_json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve without a cluster: with its own storage, its own certificates, and databases on this machine.
    Standalone(Box<Standalone>),
    /// Serve behind a cluster's API server, as an aggregated API: with its users, its rules and its namespaces.
    Serve(Box<Serve>),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let format = if arguments.log_json { LogFormat::Json } else { LogFormat::Text };
    if let Err(error) = telemetry::init(format, &arguments.log) {
        eprintln!("databases-apiserver: {error}");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("databases-apiserver: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = match arguments.command {
        Command::Standalone(options) => runtime.block_on(server::standalone(*options)),
        Command::Serve(options) => runtime.block_on(server::serve(*options)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("databases-apiserver: {error}");
            ExitCode::FAILURE
        }
    }
}
