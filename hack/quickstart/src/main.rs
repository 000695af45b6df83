//! The program behind `hack/up`.
//!
//! Starts the server, applies the example manifests, waits until every PostgreSQL among them is
//! Ready, proves it through the credentials Secret, and serves until Ctrl-C. What it started it
//! stops, whatever happens.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use quickstart::apply::{Outcome, ensure, is_there, name};
use quickstart::client::Client;
use quickstart::database::Credentials;
use quickstart::display::Display;
use quickstart::server::{Launch, Server};
use quickstart::{Error, Result, manifests, wait};
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

const ACCEPTED: Duration = Duration::from_secs(30);
const READY: Duration = Duration::from_secs(180);
const AGAIN: Duration = Duration::from_millis(200);

/// Starts a server with a PostgreSQL in it, and proves that it answers.
#[derive(Parser)]
#[command(name = "hack/up")]
struct Flags {
    /// Folder of the server's data, its kubeconfig and its log.
    #[arg(long)]
    data_dir: PathBuf,
    /// Port on 127.0.0.1.
    #[arg(long, default_value_t = 6443)]
    port: u16,
    /// Stop after the proof; the exit code says whether it was made.
    #[arg(long)]
    check: bool,
    /// The databases-apiserver program.
    #[arg(long)]
    server: PathBuf,
    /// Folder of the manifests to apply.
    #[arg(long)]
    manifests: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hack/up: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &Flags) -> Result<()> {
    let launch = Launch {
        program: flags.server.clone(),
        data_dir: flags.data_dir.clone(),
        port: flags.port,
        flags: vec!["--stop-instances-on-exit".to_owned()],
    };
    let mut display = Display::new();
    let mut interrupts = Interrupts::new().map_err(|error| Error::Exited(error.to_string()))?;
    let objects = manifests::read(&flags.manifests)?;
    display.stage(&format!("Starting the server on https://{}", launch.address()));
    let mut server = Server::spawn(&launch)?;
    let proof = tokio::select! {
        proof = prove(&launch, &objects, flags.check, &mut display) => proof.map(Some),
        error = server.exited() => return Err(error),
        () = interrupts.next() => Ok(None),
    };
    display.settled();
    let outcome = match proof {
        Ok(Some(next)) if !flags.check => {
            next.iter().for_each(|text| display.line(text));
            tokio::select! {
                error = server.exited() => return Err(error),
                () = interrupts.next() => Ok(()),
            }
        }
        Ok(None) if flags.check => Err(Error::Interrupted),
        other => other.map(|_| ()),
    };
    display.stage("Stopping the server and its PostgreSQL; the data stays");
    let stopped = server.stop().await;
    outcome.and(stopped.map(|_| ()))
}

/// Everything up to the proof; gives what a person may do next.
async fn prove(
    launch: &Launch,
    objects: &[Value],
    check: bool,
    display: &mut Display,
) -> Result<Vec<String>> {
    let began = Instant::now();
    let client = launch.ready().await?;
    display.item(&format!("kubeconfig {}", launch.kubeconfig().display()));
    display.stage("Applying the example manifests");
    let mut instances = Vec::new();
    let mut kept = Vec::new();
    for object in objects {
        let namespace = &object["metadata"]["namespace"];
        if !check && kept.contains(&namespace) && !is_there(&client, object).await? {
            display.item(&format!("{} is not there any more, and is not made again", name(object)));
            continue;
        }
        let (outcome, path) = ensure(&client, object).await?;
        if object["kind"] == "Namespace" && outcome == Outcome::Kept {
            kept.push(&object["metadata"]["name"]);
        }
        display.item(&format!("{} {outcome}", name(object)));
        match object["kind"].as_str() {
            Some("DatabaseClass") => drop(until(&client, &path, "Accepted", ACCEPTED, display).await?),
            Some("PostgreSQL") => instances.push((path, outcome)),
            _ => {}
        }
    }
    display.stage("Waiting for PostgreSQL");
    let mut next = Vec::new();
    for (path, outcome) in &instances {
        let (instance, version) = match answer(&client, path, display).await {
            // What somebody made of it since is no reason to stop everything: from here it can be put right.
            Err(error) if *outcome == Outcome::Kept && !check => {
                display.settled();
                display.item(&error.to_string());
                next.push(going_on(launch, &client.read(path).await?));
                continue;
            }
            other => other?,
        };
        display.item(&format!("{} is ready after {:.1} s", name(&instance), began.elapsed().as_secs_f64()));
        display.stage(&format!("SELECT version() on {}", name(&instance)));
        display.item(&version);
        next.push(going_on(launch, &instance));
    }
    if next.is_empty() {
        next.push(going_on(launch, &Value::Null));
    }
    Ok(next)
}

async fn until(
    client: &Client,
    path: &str,
    condition: &str,
    limit: Duration,
    display: &mut Display,
) -> Result<Value> {
    let object = wait::condition(client, path, condition, limit, |object| {
        if !wait::is_true(object, condition) {
            display.waiting(&format!("{}: {}", name(object), wait::summary(object)));
        }
    })
    .await;
    display.settled();
    object
}

/// Waits for an instance, and for its answer.
///
/// After a restart the status is that of the last run until the controller has looked, so an
/// instance that is Ready and does not answer is looked at again.
async fn answer(client: &Client, path: &str, display: &mut Display) -> Result<(Value, String)> {
    let deadline = Instant::now() + READY;
    loop {
        let instance = until(client, path, "Ready", READY, display).await?;
        match version(client, &instance).await {
            Ok(version) => return Ok((instance, version)),
            Err(error @ Error::Database { .. }) if Instant::now() < deadline => {
                display.waiting(&error.to_string());
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn version(client: &Client, instance: &Value) -> Result<String> {
    let secret = client.read(&secret_path(instance)).await?;
    Credentials::from_secret(&secret)?.query("SELECT version()").await
}

fn secret_path(instance: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, secret) =
        (text(&instance["metadata"]["namespace"]), text(&instance["status"]["binding"]["name"]));
    format!("/api/v1/namespaces/{namespace}/secrets/{secret}")
}

fn going_on(launch: &Launch, instance: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text(&instance["metadata"]["namespace"]), text(&instance["metadata"]["name"]));
    let mut about = String::new();
    if !name.is_empty() {
        about.push_str(&format!("\n  kubectl describe stdpg -n {namespace} {name}"));
    }
    if let Some(secret) = instance["status"]["binding"]["name"].as_str() {
        about.push_str(&format!(
            "\n  psql \"$(kubectl get secret -n {namespace} {secret} -o jsonpath='{{.data.uri}}' | base64 -d)\""
        ));
    }
    format!(
        "
It serves. In another terminal:

  export KUBECONFIG={}
  alias databases-apiserver={}
  kubectl get stdpg -A{about}
  kubectl explain postgresql.spec

Ctrl-C stops the server and PostgreSQL; hack/up finds both again.",
        launch.kubeconfig().display(),
        launch.program.display()
    )
}

/// Ctrl-C, SIGTERM and a closed terminal.
struct Interrupts {
    signals: [Signal; 3],
}

impl Interrupts {
    fn new() -> std::io::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Self { signals: [interrupt?, terminate?, hangup?] })
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
