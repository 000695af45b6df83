//! A server of one's own: a temporary folder, a free port, and an end to everything in it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use quickstart::client::Client;
use quickstart::server::{Launch, Server};
use tempfile::TempDir;

use crate::programs;
use crate::wait::until;

/// A folder for one server, and the server while it runs.
pub struct Sandbox {
    /// How the server is started.
    pub launch: Launch,
    server: Option<Server>,
    folder: TempDir,
}

impl Sandbox {
    /// A folder in which nothing runs yet; `None` (and said so) when there is no server to run.
    pub fn new() -> Option<Self> {
        let Some(program) = programs::server() else {
            programs::skipped("databases-apiserver is not built (cargo build --release)");
            return None;
        };
        Some(Self::of(program))
    }

    /// The same for another server.
    pub fn of(program: PathBuf) -> Self {
        let folder = temporary_folder();
        let data_dir = folder.path().join("data");
        let launch = Launch { program, data_dir, port: free_port(), flags: Vec::new() };
        Self { launch, server: None, folder }
    }

    /// Adds flags for the next start.
    #[must_use]
    pub fn with_flags<const N: usize>(mut self, flags: [&str; N]) -> Self {
        self.launch.flags.extend(flags.map(str::to_owned));
        self
    }

    /// A folder beside the server's, for the test's own files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&mut self) -> Client {
        let mut server = Server::spawn(&self.launch).expect("the server starts");
        let ready = tokio::select! {
            ready = self.launch.ready() => ready,
            ended = server.exited() => Err(ended),
        };
        self.server = Some(server);
        ready.expect("the server becomes ready")
    }

    /// Starts the server and waits only until it answers at all.
    pub async fn start_unready(&mut self) -> Client {
        let mut server = Server::spawn(&self.launch).expect("the server starts");
        let answering = until("the server answers", async || {
            let client = Client::from_kubeconfig(&self.launch.kubeconfig()).ok()?.at(self.launch.address());
            client.get("/livez").await.ok().map(|_| client.clone())
        });
        let client = tokio::select! {
            client = answering => Ok(client),
            ended = server.exited() => Err(ended),
        };
        self.server = Some(server);
        client.expect("the server answers")
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.server.as_ref().map_or(0, Server::pid)
    }

    /// Stops the server as an operator would; it must end well.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            let status = server.stop().await.expect("the server stops");
            assert!(status.success(), "the server ended with {status}");
        }
    }

    /// Ends the server as a power cut would.
    pub async fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().await;
        }
    }

    /// The largest resident set the server ever had, in MiB.
    pub fn peak_memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says VmHWM");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of kB") / 1024
    }

    /// The process ids of the PostgreSQL servers below the data directory that run now.
    pub fn postmasters(&self) -> Vec<i32> {
        postmasters(&self.launch.data_dir)
    }
}

/// The process ids of the PostgreSQL servers below a folder that run now.
pub fn postmasters(folder: &Path) -> Vec<i32> {
    let mut found = Vec::new();
    postmaster_files(folder, &mut found);
    let pid = |file: &PathBuf| std::fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok();
    found.iter().filter_map(pid).filter(|pid| is_postgres(*pid)).collect()
}

/// Ends the PostgreSQL servers below a folder.
pub fn end_postmasters(folder: &Path) {
    for pid in postmasters(folder) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
    }
}

impl Drop for Sandbox {
    /// The server first, so that it repairs nothing; then each PostgreSQL it left running.
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.signal(Signal::SIGKILL);
        }
        end_postmasters(&self.launch.data_dir);
    }
}

/// A stale file may name a process that is somebody else's by now.
fn is_postgres(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres")
}

/// A folder that PostgreSQL's user can get into, too.
pub fn temporary_folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("dbs-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir()
        .expect("a temporary folder")
}

/// A port of 127.0.0.1 that nobody listens on.
pub fn free_port() -> u16 {
    controlplane::process::free_port().expect("a free port")
}

fn postmaster_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|name| name == "postmaster.pid") {
            found.push(path);
        } else if path.is_dir() && !path.join("PG_VERSION").exists() {
            postmaster_files(&path, found);
        } else if path.join("postmaster.pid").exists() {
            found.push(path.join("postmaster.pid"));
        }
    }
}
