//! The server as a child process: in its own process group, its stderr kept in a file.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::client::Client;
use crate::{Error, Result};

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(50);

/// What to start, and where it keeps its data.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The `databases-apiserver` program.
    pub program: PathBuf,
    /// Its data directory.
    pub data_dir: PathBuf,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Further flags.
    pub flags: Vec<String>,
}

impl Launch {
    /// `host:port` of the server.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The kubeconfig the server writes.
    pub fn kubeconfig(&self) -> PathBuf {
        self.data_dir.join("kubeconfig")
    }

    /// Where the child's stderr goes.
    pub fn log(&self) -> PathBuf {
        self.data_dir.join("apiserver.log")
    }

    /// Waits until `/readyz` says so, and gives a client.
    ///
    /// A kubeconfig of an earlier run is overwritten by the server while it starts, so it is read
    /// anew for every attempt.
    pub async fn ready(&self) -> Result<Client> {
        let deadline = Instant::now() + START;
        let mut last = "no answer yet".to_owned();
        while Instant::now() < deadline {
            match Client::from_kubeconfig(&self.kubeconfig()) {
                Err(error) => last = error.to_string(),
                Ok(client) => match client.clone().at(self.address()).get("/readyz").await {
                    Ok(answer) if answer.status == StatusCode::OK => return Ok(client),
                    Ok(answer) => last = format!("{} {}", answer.status, answer.message().trim()),
                    Err(error) => last = error.to_string(),
                },
            }
            sleep(POLL).await;
        }
        Err(Error::NotReady { seconds: START.as_secs(), last, log: self.log() })
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pid: u32,
    last_line: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Server {
    /// Starts the program; it need not be ready yet.
    pub fn spawn(launch: &Launch) -> Result<Self> {
        let start = |source| Error::Start { program: launch.program.clone(), source };
        let mut child = Command::new(&launch.program)
            .arg("standalone")
            .arg("--data-dir")
            .arg(&launch.data_dir)
            .args(["--bind-address", "127.0.0.1", "--port", &launch.port.to_string()])
            .args(&launch.flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(start)?;
        let last_line = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().ok_or_else(|| start(std::io::Error::other("no stderr")))?;
        let reader = tokio::spawn(keep(stderr, launch.log(), Arc::clone(&last_line)));
        let pid = child.id().unwrap_or_default();
        Ok(Self { child, pid, last_line, reader })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for the server to end by itself, and says how it ended.
    pub async fn exited(&mut self) -> Error {
        let status = self.child.wait().await;
        // The pipe stays open while a grandchild holds it; the last line is there by then.
        let _ = timeout(Duration::from_secs(1), &mut self.reader).await;
        let line = self.last_line.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Error::Exited(match (line.is_empty(), status) {
            // What it said last is no reason for that.
            (_, Ok(status)) if status.signal().is_some() => {
                format!("the server was ended from outside ({status}); hack/up again finds everything")
            }
            (_, Ok(status)) if status.success() => {
                "the server was told to end (SIGTERM); hack/up again finds everything".to_owned()
            }
            (false, _) => line.trim_start_matches("databases-apiserver: ").to_owned(),
            (true, Ok(status)) => format!("the server ended by itself ({status}) and said nothing"),
            (true, Err(error)) => format!("the server was lost: {error}"),
        })
    }

    /// Asks the server to drain, and waits for its end.
    pub async fn stop(mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM);
        match timeout(STOP, self.child.wait()).await {
            Ok(Ok(status)) => Ok(status),
            Ok(Err(error)) => Err(Error::Exited(format!("the server was lost: {error}"))),
            Err(_) => {
                self.kill().await;
                Err(Error::NotStopped { pid: self.pid, seconds: STOP.as_secs() })
            }
        }
    }

    /// Ends the server as a power cut would.
    pub async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait().await;
    }

    /// Sends a signal to the server itself; an ended server is left alone.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

/// A log is begun anew from this size on, and the one before kept beside it.
const LARGEST_LOG: u64 = 16 << 20;

/// Opens a log, for its owner alone: it names what people have, and how it fares. What stands in it stays: it may be that of a
/// server that is running, or tell why the one before ended.
async fn open(log: &Path) -> std::io::Result<tokio::fs::File> {
    let owner_only = 0o600;
    if tokio::fs::metadata(log).await.is_ok_and(|file| file.len() > LARGEST_LOG) {
        tokio::fs::rename(log, log.with_extension("log.1")).await?;
    }
    let mut options = tokio::fs::OpenOptions::new();
    let file = options.append(true).create(true).mode(owner_only).open(log).await?;
    file.set_permissions(Permissions::from_mode(owner_only)).await?;
    Ok(file)
}

/// Copies stderr to `log`, which can be opened only once the server has made its directory.
async fn keep(stderr: ChildStderr, log: PathBuf, last_line: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stderr).lines();
    let mut early = Vec::new();
    let mut file = None;
    while let Ok(Some(line)) = lines.next_line().await {
        early.extend_from_slice(line.as_bytes());
        early.push(b'\n');
        if !line.trim().is_empty() {
            *last_line.lock().unwrap_or_else(PoisonError::into_inner) = line;
        }
        if file.is_none() {
            file = open(&log).await.ok();
        }
        if let Some(file) = &mut file
            && file.write_all(&early).await.is_ok()
        {
            early.clear();
            let _ = file.flush().await;
        }
    }
}
