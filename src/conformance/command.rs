//! The command: its flags, what it prints, and its exit code.

use super::checks::{TESTS, Test};
use super::class::{Class, KIND};
use super::portability;
use super::report::{About, report, untested};
use super::run::{self as runner, Outcome, Result as Became};
use super::seen::Seen;
use super::suite::{Limits, Suite, resource};
use crate::cluster::Cluster;
use apimachinery::wire::yaml;
use kube::api::{Api, DynamicObject};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// What it is for.
pub const ABOUT: &str = "Test whether a class does what it claims, against any server of the standard";

/// The exit code where nothing could be tested.
const NOTHING_TESTED: u8 = 2;

/// Flags of `conformance`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// The DatabaseClass that is tested.
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    class: Option<String>,

    /// The kubeconfig of the cluster, or of a server that runs alone; else ~/.kube/config, else the pod's own rights.
    #[arg(long, value_name = "FILE", env = "KUBECONFIG")]
    kubeconfig: Option<PathBuf>,

    /// The namespace for what is made. It is made where it is not there, and only then removed.
    #[arg(long, default_value = "conformance")]
    namespace: String,

    /// Where the report is written, as YAML. To `-` it is printed, as a document that begins with `---` and ends with `...`.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Run these tests alone.
    #[arg(long, value_name = "TEST,…", value_delimiter = ',')]
    only: Vec<String>,

    /// List the tests with the features that they need, and end.
    #[arg(long)]
    list: bool,

    /// How long an object may take to become what its spec asks for.
    #[arg(long, default_value = "5m", value_parser = duration)]
    timeout: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: apimachinery::time::Duration = text.parse().map_err(|error| format!("{error}"))?;
    u64::try_from(parsed.0).map(Duration::from_nanos).map_err(|_| "must not be negative".to_owned())
}

/// Writes a line. Whoever reads may be gone; the run goes on for the report, and to remove what it made.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Tests a class: success if nothing that it claims failed, failure if something did, 2 where nothing could be tested.
pub async fn run(options: Options) -> ExitCode {
    if options.list {
        TESTS.iter().for_each(|test| say(&listed(test)));
        return ExitCode::SUCCESS;
    }
    match tested(&options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            let _ = writeln!(io::stderr(), "conformance: {why}");
            ExitCode::from(NOTHING_TESTED)
        }
    }
}

fn listed(test: &Test) -> String {
    let needs: Vec<String> = test.features.iter().map(|feature| format!("{KIND}{feature}")).collect();
    let needs = if needs.is_empty() { "Core".to_owned() } else { needs.join(", ") };
    format!("{} [{needs}]\n    {}", test.name, test.about)
}

/// Whether nothing failed; or why nothing was tested.
async fn tested(options: &Options) -> Result<bool, String> {
    if let Some(unknown) = options.only.iter().find(|name| TESTS.iter().all(|test| test.name != **name)) {
        return Err(format!("there is no test {unknown}; --list tells which there are"));
    }
    let kubeconfig = options.kubeconfig.clone().or_else(of_home);
    let cluster =
        Cluster::connect(kubeconfig.as_deref(), "conformance").await.map_err(|error| error.to_string())?;
    let client = cluster.client().clone();
    let version = client.apiserver_version().await;
    let version = version.map_err(|error| crate::cluster::Error::from(error).to_string())?;
    let class = class(&client, options.class.as_deref().unwrap_or_default()).await?;
    let limits =
        Limits { timeout: options.timeout, grace: Duration::from_secs(60), quiet: Duration::from_secs(2) };
    let suite = Suite::new(client, class, &options.namespace, limits);
    let Some(found) = until_signal(&suite, &options.only).await? else {
        say("ended before all tests were done");
        return Ok(false);
    };
    let date = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let Found { outcomes, engine, portability } = found;
    let about = About { date, server: version.git_version, engine, portability };
    if let Some(path) = &options.report {
        written(path, &yaml::encode(&report(&suite.class, &about, &outcomes)))?;
    }
    Ok(summed_up(&suite.class, &outcomes))
}

fn written(path: &Path, report: &str) -> Result<(), String> {
    if path == Path::new("-") {
        say(&format!("---\n{report}..."));
        return Ok(());
    }
    std::fs::write(path, report)
        .map_err(|error| format!("cannot write the report to {}: {error}", path.display()))
}

fn of_home() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("HOME")?).join(".kube/config");
    path.exists().then_some(path)
}

async fn class(client: &kube::Client, name: &str) -> Result<Class, String> {
    let api: Api<DynamicObject> =
        Api::all_with(client.clone(), &resource("DatabaseClass", "databaseclasses"));
    let found = api.get(name).await.map_err(|error| crate::cluster::Error::from(error).to_string())?;
    let seen = Seen(serde_json::to_value(found).map_err(|error| error.to_string())?);
    Class::of(&seen).map_err(|error| error.to_string())
}

/// What a run found.
struct Found {
    outcomes: Vec<Outcome>,
    engine: String,
    portability: serde_json::Value,
}

/// Runs the tests and removes what they made; none where a signal came first.
async fn until_signal(suite: &Suite, only: &[String]) -> Result<Option<Found>, String> {
    let cannot = |error: io::Error| format!("signals cannot be received: {error}");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let is_asked = |test: &Test| only.is_empty() || only.iter().any(|name| name == test.name);
    let work = async {
        suite.prepare().await.map_err(|error| error.to_string())?;
        let outcomes = runner::run(suite, TESTS, is_asked, |outcome| say(&told(outcome))).await;
        let (engine, portability) = (suite.engine().await, portability::measured(suite).await);
        Ok(Found { outcomes, engine, portability })
    };
    let done = tokio::select! {
        done = work => Some(done),
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
    };
    if done.is_none() {
        say("removing what was made; another signal leaves it");
    }
    let left = tokio::select! {
        left = suite.clean() => left,
        _ = interrupt.recv() => vec!["what was not removed yet".to_owned()],
        _ = terminate.recv() => vec!["what was not removed yet".to_owned()],
    };
    left.iter().for_each(|what| say(&format!("left behind: {what}")));
    done.transpose()
}

/// The line of a test.
fn told(outcome: &Outcome) -> String {
    let (name, took) = (outcome.test.name, outcome.took.as_secs_f64());
    match &outcome.result {
        Became::Pass => format!("pass        {name} ({took:.1} s)"),
        Became::Fail(why) => format!("FAIL        {name} ({took:.1} s): {why}"),
        Became::NotClaimed => format!("not claimed {name}: needs {}", outcome.test.feature()),
        Became::Skipped => format!("skipped     {name}"),
    }
}

/// Says what came of all; whether nothing failed.
fn summed_up(class: &Class, outcomes: &[Outcome]) -> bool {
    let count = |name: &str| outcomes.iter().filter(|outcome| outcome.result.as_str() == name).count();
    let (passed, failed) = (count("pass"), count("fail"));
    let (unclaimed, skipped) = (count("notClaimed"), count("skipped"));
    let name = &class.name;
    let untested = untested(class, outcomes);
    if !untested.is_empty() {
        say(&format!("claimed, and no test looks at it: {}", untested.join(", ")));
    }
    say(&format!(
        "class {name}: {passed} passed, {failed} failed, {unclaimed} not claimed, {skipped} skipped"
    ));
    failed == 0
}
