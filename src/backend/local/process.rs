//! Whether a server runs, found out from the system alone.
//!
//! A process is a server's when the kernel says that its working directory is the data directory; a process id alone
//! says nothing, because ids are used again.

use super::error::Error;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);
/// How long processes without a server may take to end before they are killed.
const ORPHAN_GRACE: Duration = Duration::from_secs(5);

/// A running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    /// The port it listens on, which its configuration may have changed since.
    pub(super) port: u16,
}

/// The server that runs on a data directory, as its `postmaster.pid` and the kernel agree.
pub(super) fn running(data: &Path) -> Option<Postmaster> {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = Pid::from_raw(lines.next()?.trim().parse().ok()?);
    let port = lines.nth(2)?.trim().parse().ok()?;
    (is_alive(pid) && works_in(pid, data)).then_some(Postmaster { pid, port })
}

/// Clears away what a server that died left behind: its remaining processes, and a process id taken by another one.
pub(super) async fn clear(data: &Path) -> Result<(), Error> {
    signal_all(data, Signal::SIGQUIT);
    if !ended(data, ORPHAN_GRACE).await {
        signal_all(data, Signal::SIGKILL);
        if !ended(data, ORPHAN_GRACE).await {
            return Err(Error::Timeout(format!("the end of the processes that still use {}", data.display())));
        }
    }
    let file = data.join("postmaster.pid");
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", &file)(error)),
        _ => Ok(()),
    }
}

async fn ended(data: &Path, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while !processes(data).is_empty() {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
    true
}

fn signal_all(data: &Path, signal: Signal) {
    for pid in processes(data) {
        match kill(pid, signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => tracing::warn!(%pid, %error, "cannot signal a process of a server that died"),
        }
    }
}

/// Every process that works in the data directory.
fn processes(data: &Path) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).map(Pid::from_raw);
    pids.filter(|pid| works_in(*pid, data)).collect()
}

fn works_in(pid: Pid, data: &Path) -> bool {
    std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == data)
}

fn is_alive(pid: Pid) -> bool {
    matches!(kill(pid, None), Ok(()) | Err(Errno::EPERM))
}
