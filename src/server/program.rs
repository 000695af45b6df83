//! The program: its command line, its runtime and its end.

use super::{Api, Error, Facts, Serve, Standalone, serve, standalone};
use crate::telemetry::{self, LogFormat};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::io::{self, Write as _};
use std::process::ExitCode;

#[derive(Parser)]
struct Arguments<F: Args, C: Args> {
    #[command(subcommand)]
    command: Command<F, C>,

    /// Which log lines to write, as in `info,databases_apiserver=debug`.
    #[arg(long, global = true, default_value = "info")]
    log: String,

    /// Write log lines as JSON.
    #[arg(long, global = true)]
    log_json: bool,
}

#[derive(Subcommand)]
enum Command<F: Args, C: Args> {
    /// Serve without a cluster: with its own storage, its own certificates, and all it makes on this machine.
    Standalone(Box<Standalone<F>>),
    /// Serve behind a cluster's API server, as an aggregated API: with its users, its rules and its namespaces.
    Serve(Box<Serve<F, C>>),
}

/// Runs the server of an API, as the command line says.
pub fn main<A: Api>() -> ExitCode {
    let program = A::FACTS.program();
    let mut command = command::<A>();
    let matches = command.clone().get_matches();
    let arguments = match Arguments::<A::Flags, A::ClusterFlags>::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.format(&mut command).exit(),
    };
    match run::<A>(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed, or a file on a full disk.
            let _ = writeln!(io::stderr(), "{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The command line, with the names and defaults that follow from the API's.
fn command<A: Api>() -> clap::Command {
    let Facts { group, version, .. } = A::FACTS;
    let (log, data_dir) = (A::FACTS.variable("log"), A::FACTS.variable("data_dir"));
    let common = |command: clap::Command| {
        let prefix = A::FACTS.prefix();
        command
            .mut_arg("data_dir", |arg| arg.env(data_dir.clone()))
            .mut_arg("etcd_prefix", |arg| arg.default_value(prefix))
    };
    Arguments::<A::Flags, A::ClusterFlags>::command()
        .name(A::FACTS.program())
        .about(format!("An API server for {group}"))
        .version(version)
        .mut_arg("log", |arg| arg.env(log))
        .mut_subcommand("standalone", common)
        .mut_subcommand("serve", |command| {
            common(command).mut_arg("lease_namespace", |arg| arg.default_value(A::FACTS.namespace()))
        })
}

fn run<A: Api>(arguments: Arguments<A::Flags, A::ClusterFlags>) -> Result<(), Error> {
    let format = if arguments.log_json { LogFormat::Json } else { LogFormat::Text };
    telemetry::init(format, &arguments.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    match arguments.command {
        Command::Standalone(options) => runtime.block_on(standalone::<A>(*options)),
        Command::Serve(options) => runtime.block_on(serve::<A>(*options)),
    }
}
