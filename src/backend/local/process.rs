//! Whether a server runs, found out from the system alone.
//!
//! A process is a server's when the kernel says that its working directory is the data directory; a process id alone
//! says nothing, because ids are used again. Where the data directory was moved away, what was started on it runs on in
//! its new place: it is then known by the path it was started with.

use super::error::Error;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);
/// How long processes without a server may take to end before they are killed.
const ORPHAN_GRACE: Duration = Duration::from_secs(5);
/// How long a server may take to stop, and how long once it was told to leave everything.
const PATIENCE: Duration = Duration::from_secs(60);
const QUIT: Duration = Duration::from_secs(10);
/// No file read here is longer.
const SMALL: u64 = 4 << 10;

/// A running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    /// The port it listens on, which its configuration may have changed since.
    pub(super) port: u16,
}

/// The server that runs on a data directory, as its `postmaster.pid` and the kernel agree.
pub(super) fn running(data: &Path) -> Option<Postmaster> {
    if !data.exists() {
        let pid = pids().find(|pid| was_started_on(*pid, data))?;
        return read_postmaster(Path::new(&format!("/proc/{pid}/cwd"))).filter(|found| found.pid == pid);
    }
    read_postmaster(data).filter(|found| is_alive(found.pid) && works_in(found.pid, data))
}

/// What `postmaster.pid` says, whether true or not.
fn read_postmaster(data: &Path) -> Option<Postmaster> {
    let text = read_small(&data.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = Pid::from_raw(lines.next()?.trim().parse().ok()?);
    let port = lines.nth(2)?.trim().parse().ok()?;
    Some(Postmaster { pid, port })
}

/// Stops the server of a data directory by signals alone, so that neither its programs nor its files need be there:
/// as asked, then without ceremony, then by the kernel. What was committed is in the log and survives all three.
pub(super) async fn stop(data: &Path, signal: Signal) -> Result<(), Error> {
    for (signal, patience) in [(signal, PATIENCE), (Signal::SIGQUIT, QUIT), (Signal::SIGKILL, QUIT)] {
        let Some(server) = running(data) else { return Ok(()) };
        send(server.pid, signal);
        if signal == Signal::SIGKILL {
            signal_all(data, signal);
        }
        if down(server.pid, data, patience).await {
            return Ok(());
        }
        tracing::warn!(data = %data.display(), %signal, "PostgreSQL does not stop");
    }
    Err(Error::Timeout(format!("the stop of the server of {}", data.display())))
}

/// Waits for the end of the process: a server removes `postmaster.pid` a moment before.
async fn down(pid: Pid, data: &Path, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while works_in(pid, data) || was_started_on(pid, data) {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
    true
}

/// Clears away what a server that died left behind: its remaining processes, and the lock files with its process id,
/// which another process, or a zombie, may have.
pub(super) async fn clear(data: &Path, sockets: &Path) -> Result<(), Error> {
    signal_all(data, Signal::SIGQUIT);
    if !ended(data, ORPHAN_GRACE).await {
        signal_all(data, Signal::SIGKILL);
        if !ended(data, ORPHAN_GRACE).await {
            return Err(Error::Timeout(format!(
                "the end of the processes that still use {}",
                data.display()
            )));
        }
    }
    for lock in socket_locks(data, sockets) {
        remove_file(&lock.with_extension(""))?;
        remove_file(&lock)?;
    }
    remove_file(&data.join("postmaster.pid"))
}

/// The lock files of sockets that name this data directory in their second line.
fn socket_locks(data: &Path, sockets: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sockets).into_iter().flatten().flatten().map(|entry| entry.path());
    let locks = entries.filter(|path| path.extension().is_some_and(|extension| extension == "lock"));
    let names_data =
        |path: &PathBuf| read_small(path).is_ok_and(|text| text.lines().nth(1).map(Path::new) == Some(data));
    locks.filter(names_data).collect()
}

/// The text of a small file in a folder of the server's, where links are not followed nor pipes waited for.
pub(super) fn read_small(path: &Path) -> std::io::Result<String> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file: File = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let mut text = String::new();
    file.take(SMALL).read_to_string(&mut text)?;
    Ok(text)
}

fn remove_file(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
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
        send(pid, signal);
    }
}

fn send(pid: Pid, signal: Signal) {
    match kill(pid, signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => tracing::warn!(%pid, %error, "cannot signal a process of a server"),
    }
}

/// Every process that works in the data directory.
pub(super) fn processes(data: &Path) -> Vec<Pid> {
    pids().filter(|pid| works_in(*pid, data)).collect()
}

fn pids() -> impl Iterator<Item = Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).map(Pid::from_raw)
}

/// Whether a process is the server that was started with `-D data`.
fn was_started_on(pid: Pid, data: &Path) -> bool {
    data_of(pid).is_some_and(|started| started == data)
}

/// The data directories below a folder that servers were started on which still run, wherever those are now.
pub(super) fn started_below(folder: &Path) -> Vec<PathBuf> {
    pids().filter_map(data_of).filter(|data| data.starts_with(folder)).collect()
}

/// The data directory that a process was started on as a server.
fn data_of(pid: Pid) -> Option<PathBuf> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    words.first().filter(|program| program.ends_with(b"/postgres"))?;
    let pair = words.windows(2).find(|pair| pair.first() == Some(&b"-D".as_slice()))?;
    pair.last().map(|data| PathBuf::from(OsStr::from_bytes(data)))
}

fn works_in(pid: Pid, data: &Path) -> bool {
    std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == data)
}

fn is_alive(pid: Pid) -> bool {
    matches!(kill(pid, None), Ok(()) | Err(Errno::EPERM))
}
