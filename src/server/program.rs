//! The program: its command line, its runtime and its end.

use super::{Api, Error, Facts, Serve, Standalone, command, serve, standalone};
use crate::telemetry::{self, LogFormat};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use futures_util::future::LocalBoxFuture;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

/// The flag that says where a server keeps everything.
const DATA_DIR: &str = "data_dir";
/// How long the end waits for threads that are still at work.
const LAST: Duration = Duration::from_secs(5);

#[derive(Parser)]
struct Arguments<F: Args, C: Args> {
    #[command(subcommand)]
    command: Command<F, C>,

    #[command(flatten)]
    log: Log,
}

/// What a command of the API's own writes of the log unless it is asked for: it tells whoever calls it what there is to tell, and
/// the libraries that it calls, such as the client of the cluster's API, would tell the same before it, in their own words.
const UNASKED: &str = "off";

#[derive(Args)]
struct Log {
    /// Which log lines to write, as in `info,databases_apiserver=debug`. What does not serve writes none where this is not given.
    #[arg(long, global = true, default_value = "info")]
    log: String,

    /// Write log lines as JSON.
    #[arg(long, global = true)]
    log_json: bool,
}

impl Log {
    /// Of a command of the API's own.
    fn of_own_command(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let said = Log::from_arg_matches(matches)?;
        Ok(match matches.value_source("log") {
            Some(ValueSource::DefaultValue) => Log { log: UNASKED.to_owned(), ..said },
            _ => said,
        })
    }
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
    let own = A::commands();
    let mut command = command::<A>(&own);
    let matches = command.clone().get_matches();
    let (log, work) = match work::<A>(&own, &matches) {
        Ok(work) => work,
        Err(error) => error.format(&mut command).exit(),
    };
    match run(&log, work) {
        Ok(code) => code,
        Err(error) => {
            // Standard error may be closed, or a file on a full disk.
            let _ = writeln!(io::stderr(), "{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is done until the program ends.
type Work = LocalBoxFuture<'static, Result<ExitCode, Error>>;

/// What the command line asks for: to serve, or a command of the API's own.
fn work<A: Api>(own: &[command::Command], matches: &ArgMatches) -> Result<(Log, Work), clap::Error> {
    let asked = matches.subcommand();
    let found = own.iter().find(|own| asked.is_some_and(|(name, _)| name == own.line.get_name()));
    if let Some((own, (_, flags))) = found.zip(asked) {
        let started = own.start(flags)?;
        return Ok((Log::of_own_command(matches)?, Box::pin(async { Ok(started.await) })));
    }
    let Arguments { command, log } = Arguments::<A::Flags, A::ClusterFlags>::from_arg_matches(matches)?;
    let served: Work = match command {
        Command::Standalone(options) => {
            Box::pin(async { standalone::<A>(*options).await.map(|()| ExitCode::SUCCESS) })
        }
        Command::Serve(options) => Box::pin(async { serve::<A>(*options).await.map(|()| ExitCode::SUCCESS) }),
    };
    Ok((log, served))
}

/// The command line, with the names and defaults that follow from the API's.
fn command<A: Api>(own: &[command::Command]) -> clap::Command {
    let Facts { group, version, .. } = A::FACTS;
    let (log, data_dir) = (A::FACTS.variable("log"), A::FACTS.variable(DATA_DIR));
    let common = |command: clap::Command| {
        let prefix = A::FACTS.prefix();
        command
            // What is no number of a flag's kind is that flag's fault, and no flag of its own.
            .allow_negative_numbers(true)
            .mut_arg(DATA_DIR, |arg| arg.env(data_dir.clone()))
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
        .subcommands(own.iter().map(|own| {
            let has_data_dir = own.line.get_arguments().any(|arg| arg.get_id() == DATA_DIR);
            let line = own.line.clone();
            if has_data_dir { line.mut_arg(DATA_DIR, |arg| arg.env(data_dir.clone())) } else { line }
        }))
}

fn run(log: &Log, work: Work) -> Result<ExitCode, Error> {
    let format = if log.log_json { LogFormat::Json } else { LogFormat::Text };
    telemetry::init(format, &log.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(LAST);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_for_persons_logs_what_it_is_asked_to() {
        let log = |line: &[&str]| {
            let find = clap::Command::new("find");
            let program = Log::augment_args(clap::Command::new("program")).subcommand(find);
            let matches = program.try_get_matches_from(line).expect("a command line");
            Log::of_own_command(&matches).expect("a log").log
        };
        assert_eq!(log(&["program", "find"]), "off");
        for asked in [&["program", "find", "--log", "info"], &["program", "--log", "info", "find"]] {
            assert_eq!(log(asked), "info", "{asked:?}");
        }
    }
}
