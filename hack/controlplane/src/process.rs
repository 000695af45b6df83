//! A child process with a log, which ends with the value that stands for it.
//!
//! Each has a keeper: a shell that waits for the end of this process and then ends the child, so
//! that nothing is left running when a test is killed and no destructor runs.

use std::fs::File;
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use crate::{Error, Result};

/// How long anything may take to get ready or to end.
pub const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);
const TAIL: usize = 20;
const PORTS: Range<u16> = 10_000..30_000;

/// Waits for the end of its stdin, which this process holds open, and kills the process it is given.
const KEEPER: &str = r#"while read -r _; do :; done; kill -KILL "$1" 2>/dev/null"#;

/// A running program.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    keeper: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` with `arguments`; what it prints goes to `LOGS/NAME.log`.
    ///
    /// It is in a process group of its own: Ctrl-C in a terminal reaches only us.
    pub fn spawn<S: AsRef<std::ffi::OsStr>>(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = S>,
        logs: &Path,
    ) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let unwritable = |source| Error::Write { path: log.clone(), source };
        // A program that is started again goes on in the same log.
        let file = File::options().create(true).append(true).open(&log).map_err(unwritable)?;
        let also = file.try_clone().map_err(unwritable)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(also)
            .process_group(0)
            .spawn()
            .map_err(|source| Error::Start { program: program.to_owned(), source })?;
        let keeper = Command::new("/bin/sh")
            .args(["-c", KEEPER, "keeper", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match keeper {
            Ok(keeper) => Ok(Self { name: name.to_owned(), child, keeper, log }),
            Err(source) => {
                end(&mut child);
                Err(Error::Start { program: "/bin/sh".into(), source })
            }
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it writes what it prints.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Sends it a signal.
    pub fn signal(&mut self, signal: Signal) {
        if self.ended().is_none()
            && let Ok(pid) = i32::try_from(self.pid())
        {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Waits until it ends by itself, and says how.
    pub async fn watch(&mut self) -> Result<()> {
        loop {
            if let Some(status) = self.ended() {
                return Err(self.ended_with(status));
            }
            sleep(POLL).await;
        }
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.ended() {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(self.not_ready("it did not end after SIGTERM"));
            }
            sleep(POLL).await;
        }
    }

    /// Asks until the answer is `Ok`, for as long as the program runs and the patience lasts.
    pub async fn ready(&mut self, mut ask: impl AsyncFnMut() -> Result<(), String>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Err(last) = ask().await else { return Ok(()) };
            if let Some(status) = self.ended() {
                return Err(self.ended_with(status));
            }
            if Instant::now() >= deadline {
                return Err(self.not_ready(&last));
            }
            sleep(POLL).await;
        }
    }

    fn ended_with(&self, status: ExitStatus) -> Error {
        let (name, log) = (self.name.clone(), self.log.clone());
        Error::Ended { name, status: status.to_string(), tail: tail(&log), log }
    }

    fn not_ready(&self, last: &str) -> Error {
        let (name, seconds, log) = (self.name.clone(), PATIENCE.as_secs(), self.log.clone());
        Error::NotReady { name, seconds, last: last.to_owned(), log }
    }
}

impl Drop for Process {
    /// The keeper first: afterwards the child's id may be somebody else's.
    fn drop(&mut self) {
        end(&mut self.keeper);
        end(&mut self.child);
    }
}

/// Asks until the answer is `Ok`, as long as the patience lasts; `logs` say more.
pub(crate) async fn eventually(
    what: &str,
    logs: &Path,
    mut ask: impl AsyncFnMut() -> Result<(), String>,
) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let Err(last) = ask().await else { return Ok(()) };
        if Instant::now() >= deadline {
            let (name, seconds, log) = (what.to_owned(), PATIENCE.as_secs(), logs.to_owned());
            return Err(Error::NotReady { name, seconds, last, log });
        }
        sleep(POLL).await;
    }
}

/// A port of 127.0.0.1 that nobody listens on, and that this process names once.
///
/// It lies below the ports a kernel gives to connections (32768 and above on Linux) and below those of Services (30000 and
/// above): one of those could be taken before whoever asked listens on it.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(97);
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrInUse);
    for _ in PORTS {
        let offset =
            begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % u32::from(PORTS.end - PORTS.start);
        let port = PORTS.start + u16::try_from(offset).unwrap_or_default();
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, logs: &Path) -> Process {
        Process::spawn("shell", Path::new("/bin/sh"), ["-c", script], logs).unwrap()
    }

    fn exists(pid: u32) -> bool {
        Path::new(&format!("/proc/{pid}")).exists()
    }

    #[test]
    fn it_ends_with_its_value() {
        let logs = tempfile::tempdir().unwrap();
        let process = shell("exec sleep 1000", logs.path());
        let (pid, keeper) = (process.pid(), process.keeper.id());
        assert!(exists(pid) && exists(keeper));
        drop(process);
        assert!(!exists(pid) && !exists(keeper));
    }

    #[tokio::test]
    async fn one_that_ends_says_why() {
        let logs = tempfile::tempdir().unwrap();
        let mut process = shell("echo no such flag; exit 3", logs.path());
        let error = process.ready(async || Err("no answer".to_owned())).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.ends_with("no such flag"), "{text}");
    }

    #[tokio::test]
    async fn without_this_process_the_keeper_ends_the_child() {
        let logs = tempfile::tempdir().unwrap();
        let mut process = shell("exec sleep 1000", logs.path());
        drop(process.keeper.stdin.take());
        let ended = tokio::task::spawn_blocking(move || process.child.wait());
        let status = tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap().unwrap();
        assert_eq!(status.to_string(), "signal: 9 (SIGKILL)");
    }
}
