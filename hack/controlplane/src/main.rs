//! The program behind `hack/e2e up`: a control plane with our server registered, until Ctrl-C.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use controlplane::databases::{self, DatabasesServer};
use controlplane::process::{Process, free_port};
use controlplane::sample::SampleServer;
use controlplane::{Aggregated, ControlPlane, Error, Programs, Result};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(name = "hack/e2e")]
struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Leaves a control plane with a server registered, in the foreground.
    Up {
        /// Folder of its certificates, data and logs; what an earlier run left in it goes.
        #[arg(long)]
        folder: PathBuf,
        /// The databases-apiserver program; without it, upstream's sample-apiserver is registered.
        #[arg(long)]
        server: Option<PathBuf>,
        /// Run databases as processes of this machine.
        #[arg(long, requires = "server")]
        local_backend: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Up { folder, server, local_backend } = Flags::parse().command;
    match up(&folder, server, local_backend).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hack/e2e: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn up(folder: &Path, server: Option<PathBuf>, local_backend: bool) -> Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut interrupted = async || tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} };
    let (_cluster, mut server) = tokio::select! {
        begun = begin(folder, server, local_backend) => begun?,
        () = interrupted() => return Ok(()),
    };
    tokio::select! {
        ended = server.watch() => return ended,
        () = interrupted() => {}
    }
    // It ends its databases before the control plane goes.
    server.stop().await.map(drop)
}

/// Starts and registers everything, and says how to go on.
async fn begin(
    folder: &Path,
    server: Option<PathBuf>,
    local_backend: bool,
) -> Result<(ControlPlane, Process)> {
    let began = Instant::now();
    let cluster = start(folder).await?;
    println!("control plane   {} ({:.1} s)", cluster.address(), began.elapsed().as_secs_f64());
    let (process, registration) = serve(&cluster, server, local_backend).await?;
    cluster.register(&registration, &cluster.pki.serving.pem()).await?;
    cluster.available(&registration).await?;
    let (group, seconds) = (registration.group, began.elapsed().as_secs_f64());
    println!("{group} is available at 127.0.0.1:{} ({seconds:.1} s)", registration.port);
    println!("logs            {}", cluster.logs().display());
    println!("\nexport KUBECONFIG={}", cluster.kubeconfig().display());
    println!("kubectl api-resources --api-group={group}\n\nCtrl-C stops it all.");
    Ok((cluster, process))
}

/// A control plane in a folder from which an earlier run is removed.
async fn start(folder: &Path) -> Result<ControlPlane> {
    let programs = Programs::find()?;
    for name in ["pki", "etcd", "logs", "sample-apiserver", "databases"] {
        let path = folder.join(name);
        match std::fs::remove_dir_all(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(Error::Write { path, source }),
            _ => {}
        }
    }
    ControlPlane::start(&programs, folder).await
}

/// Our server, or the sample.
async fn serve(
    cluster: &ControlPlane,
    server: Option<PathBuf>,
    local_backend: bool,
) -> Result<(Process, Aggregated<'static>)> {
    let Some(program) = server else {
        let server = SampleServer::start(cluster).await?;
        let registration = server.registration();
        return Ok((server.process, registration));
    };
    let more = match local_backend {
        true => databases::local_backend(&cluster.folder().join("databases")),
        false => Vec::new(),
    };
    let mut server =
        DatabasesServer::spawn_with(cluster, &program, "databases-apiserver", free_port()?, more).await?;
    server.ready(cluster).await?;
    let registration = server.registration();
    Ok((server.process, registration))
}
