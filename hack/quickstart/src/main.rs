//! The program behind `hack/up`.
//!
//! Starts the server, applies the example manifests, waits until every PostgreSQL among them is
//! Ready, proves it through the credentials Secret, and serves until Ctrl-C. What it started it
//! stops, whatever happens.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use quickstart::apply::{apply, name};
use quickstart::client::Client;
use quickstart::database::Credentials;
use quickstart::display::Display;
use quickstart::server::{Launch, Server};
use quickstart::{Error, Result, manifests, wait};
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

const ACCEPTED: Duration = Duration::from_secs(30);
const READY: Duration = Duration::from_secs(180);

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
    let outcome = tokio::select! {
        proof = prove(&launch, &objects, &mut display) => proof.map(|()| true),
        error = server.exited() => return Err(error),
        () = interrupts.next() => Ok(false),
    };
    display.settled();
    let outcome = match outcome {
        Ok(true) if !flags.check => {
            tokio::select! {
                error = server.exited() => return Err(error),
                () = interrupts.next() => Ok(()),
            }
        }
        Ok(false) if flags.check => Err(Error::Interrupted),
        other => other.map(|_| ()),
    };
    display.stage("Stopping the server and its PostgreSQL; the data stays");
    let stopped = server.stop().await;
    outcome.and(stopped.map(|_| ()))
}

/// Everything up to the proof.
async fn prove(launch: &Launch, objects: &[Value], display: &mut Display) -> Result<()> {
    let began = Instant::now();
    let client = launch.ready().await?;
    display.item(&format!("kubeconfig {}", launch.kubeconfig().display()));
    display.stage("Applying the example manifests");
    let mut instances = Vec::new();
    for object in objects {
        let (outcome, path) = apply(&client, object).await?;
        display.item(&format!("{} {outcome}", name(object)));
        match object["kind"].as_str() {
            Some("DatabaseClass") => drop(until(&client, &path, "Accepted", ACCEPTED, display).await?),
            Some("PostgreSQL") => instances.push(path),
            _ => {}
        }
    }
    for path in &instances {
        let instance = until(&client, path, "Ready", READY, display).await?;
        let version = version(&client, &instance).await?;
        display.stage(&format!("SELECT version() on {}", name(&instance)));
        display.item(&version);
        display.line(&going_on(launch, &instance, began.elapsed()));
    }
    Ok(())
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
    let object = object?;
    display.item(&format!("{} is {condition}", name(&object)));
    Ok(object)
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

fn going_on(launch: &Launch, instance: &Value, took: Duration) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, secret) =
        (text(&instance["metadata"]["namespace"]), text(&instance["status"]["binding"]["name"]));
    let (name, kubeconfig) = (text(&instance["metadata"]["name"]), launch.kubeconfig().display().to_string());
    format!(
        "
PostgreSQL {name} is ready after {:.1} s. In another terminal:

  export KUBECONFIG={kubeconfig}
  kubectl get stdpg -A
  kubectl describe stdpg -n {namespace} {name}
  psql \"$(kubectl get secret -n {namespace} {secret} -o jsonpath='{{.data.uri}}' | base64 -d)\"
  kubectl explain postgresql.spec

Ctrl-C stops the server and this PostgreSQL; hack/up finds both again.",
        took.as_secs_f64()
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
