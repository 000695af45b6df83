//! Servers held to what they may take of processors and memory, by the kernel's control groups (cgroups(7)).
//!
//! A server that is held has a group of its own below `databases-standard`: in the one hierarchy of version 2, or in the two of
//! version 1 that count processors and memory. It is started inside, so that all it takes is counted from the first page on.
//! One that runs already is moved in with its processes; what it took before counts where it was, until its next start. Limits
//! change while a server runs, unless it has more memory in use than it may have: then it is stopped before, and started.
//!
//! A request of processors is a share where they are scarce, as the kubelet makes one of it. A request of memory reserves none.

use super::account::Account;
use super::desired::{Amounts, Resources};
use super::error::Error;
use super::instance::Instance;
use super::process;
use super::server::ShutdownMode;
use nix::errno::Errno;
use nix::unistd::Pid;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The group that all others lie in.
const PARENT: &str = "databases-standard";
/// The period that limits of processors are counted in, and the least of it that the kernel takes, in microseconds.
const PERIOD: u64 = 100_000;
const LEAST_QUOTA: u64 = 1_000;
/// No machine has more, in thousandths of a processor, and the kernel takes no such number.
const MOST_CPU: u64 = 10_000_000;
/// The shares of one processor, and the least and most that the kernel takes (version 1).
const SHARES: u64 = 1024;
const SHARE_BOUNDS: (u64, u64) = (2, 262_144);

/// The control groups of this machine.
#[derive(Debug)]
pub(super) struct Groups {
    root: PathBuf,
    /// None where none are mounted that count processors and memory.
    version: Option<Version>,
}

/// How a kernel has its control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// The group of one server.
#[derive(Debug)]
pub(super) struct Group {
    version: Version,
    folders: Vec<PathBuf>,
}

impl Groups {
    /// Those that are mounted there, if any are.
    pub(super) fn at(root: PathBuf) -> Self {
        Self { version: version(&root), root }
    }

    /// Why no server can be held here, in words that follow "because", as far as that is seen without making anything.
    pub(super) fn barred(&self, account: &Account) -> Option<String> {
        if !account.is_root() {
            return Some("this server does not run as root".to_owned());
        }
        let root = self.root.display();
        self.version.is_none().then(|| format!("no control groups for cpu and memory are mounted at {root}"))
    }

    /// Why no server can be held here, in words that follow "because".
    pub(super) fn lack(&self, account: &Account) -> Option<String> {
        if let Some(why) = self.barred(account) {
            return Some(why);
        }
        let version = self.version?;
        let made = self
            .parents(version)
            .iter()
            .try_for_each(|parent| make(parent))
            .and_then(|()| self.delegate(version));
        made.err().map(|error| format!("control groups cannot be made at {}: {error}", self.root.display()))
    }

    /// The group of a server, whether there is one or not; none where there are no groups at all.
    pub(super) fn of(&self, uid: &str, place: u32) -> Option<Group> {
        let version = self.version?;
        let folders =
            self.parents(version).iter().map(|parent| parent.join(format!("{uid}.{place}"))).collect();
        Some(Group { version, folders })
    }

    /// Removes the groups of an instance that runs no more. One that is in use stays, and so harms nobody.
    pub(super) fn forget(&self, uid: &str, places: impl Iterator<Item = u32>) {
        for group in places.filter_map(|place| self.of(uid, place)) {
            for folder in group.folders {
                // The kernel's own files in it are not counted.
                let _ = std::fs::remove_dir(folder);
            }
        }
    }

    fn parents(&self, version: Version) -> Vec<PathBuf> {
        match version {
            Version::Two => vec![self.root.join(PARENT)],
            Version::One => ["cpu", "memory"].map(|name| self.root.join(name).join(PARENT)).into(),
        }
    }

    /// Lets groups below the parent count what the kernel counts above it.
    fn delegate(&self, version: Version) -> std::io::Result<()> {
        if version == Version::One {
            return Ok(());
        }
        [self.root.clone(), self.root.join(PARENT)]
            .iter()
            .try_for_each(|group| std::fs::write(group.join("cgroup.subtree_control"), "+cpu +memory"))
    }
}

impl Group {
    /// The files that a process is written into which is to be held.
    pub(super) fn doors(&self) -> Vec<PathBuf> {
        self.folders.iter().map(|folder| folder.join("cgroup.procs")).filter(|door| door.exists()).collect()
    }

    /// Makes it, with these limits.
    fn hold(&self, wanted: &Resources) -> Result<(), Error> {
        for folder in &self.folders {
            make(folder).map_err(Error::io("create", folder))?;
        }
        for (file, value) in settings(self.version, wanted) {
            let path = self.folders.iter().map(|folder| folder.join(file)).find(|path| path.exists());
            // Whether memory is counted in swap is the kernel's configuration.
            let Some(path) = path else { continue };
            std::fs::write(&path, value).map_err(|error| not_taken(&path, error))?;
        }
        Ok(())
    }

    /// How many bytes its processes have in use that the kernel cannot take back without swap.
    fn in_use(&self) -> u64 {
        let stat = |folder: &PathBuf| std::fs::read_to_string(folder.join("memory.stat")).ok();
        let stat = self.folders.iter().find_map(stat).unwrap_or_default();
        let lines = stat.lines().filter_map(|line| line.split_once(' '));
        let counted = lines.filter(|(name, _)| ["anon", "rss", "shmem"].contains(name));
        counted.filter_map(|(_, bytes)| bytes.parse::<u64>().ok()).sum()
    }

    /// Takes the processes of a running server in, its first one before those that it forked.
    fn take(&self, server: Pid, data: &Path) -> Result<(), Error> {
        for door in self.doors() {
            let inside = std::fs::read_to_string(&door).map_err(Error::io("read", &door))?;
            if inside.lines().any(|line| line == server.to_string()) {
                continue;
            }
            for pid in std::iter::once(server).chain(process::processes(data)) {
                match std::fs::write(&door, pid.to_string()) {
                    // It has ended meanwhile.
                    Err(error) if error.raw_os_error() == Some(Errno::ESRCH as i32) => {}
                    other => other.map_err(Error::io("write", &door))?,
                }
            }
        }
        Ok(())
    }
}

impl Instance<'_> {
    /// Holds each server that is there to what it may take. A group that nobody asks for any more holds nothing.
    pub(super) async fn hold(&self) -> Result<(), Error> {
        let wanted = &self.state.desired.resources;
        for index in 0..self.state.ports.len() as u32 {
            let Some(group) = self.group(index) else { continue };
            if *wanted == Resources::default() && group.doors().is_empty() {
                continue;
            }
            if wanted.limits.memory.is_some_and(|most| group.in_use() > most) {
                tracing::info!(server = %self.server(index).name, "stopping: it may have less memory than it has in use");
                self.server(index).stop(ShutdownMode::Fast).await?;
            }
            group.hold(wanted)?;
            let server = self.server(index);
            if let Some(running) = server.running() {
                group.take(running.pid, &server.folder.data())?;
            }
        }
        Ok(())
    }

    /// The control group of the n-th server.
    pub(super) fn group(&self, index: u32) -> Option<Group> {
        self.host.groups.of(&self.state.desired.uid, self.state.place(index))
    }
}

/// How the control groups that are mounted there count processors and memory.
fn version(root: &Path) -> Option<Version> {
    if let Ok(controllers) = std::fs::read_to_string(root.join("cgroup.controllers")) {
        let has = |name| controllers.split_whitespace().any(|controller| controller == name);
        return (has("cpu") && has("memory")).then_some(Version::Two);
    }
    let is_mounted = |name: &str| root.join(name).join("cgroup.procs").exists();
    (is_mounted("cpu") && is_mounted("memory")).then_some(Version::One)
}

/// What is written where: files by name, and their values.
fn settings(version: Version, wanted: &Resources) -> Vec<(&'static str, String)> {
    let Amounts { cpu, memory } = wanted.limits;
    let quota = cpu.map(|millis| (millis.min(MOST_CPU) * PERIOD / 1000).max(LEAST_QUOTA));
    // What has only a limit needs as much as its limit.
    let share = wanted.requests.cpu.or(cpu).map(|millis| {
        let (least, most) = SHARE_BOUNDS;
        (millis.min(MOST_CPU) * SHARES / 1000).clamp(least, most)
    });
    let or = |number: Option<u64>, none: &str| number.map_or(none.to_owned(), |number| number.to_string());
    match version {
        Version::One => vec![
            ("cpu.cfs_period_us", PERIOD.to_string()),
            ("cpu.cfs_quota_us", or(quota, "-1")),
            ("cpu.shares", share.unwrap_or(SHARES).to_string()),
            ("memory.limit_in_bytes", or(memory, "-1")),
        ],
        Version::Two => vec![
            ("cpu.max", format!("{} {PERIOD}", or(quota, "max"))),
            ("cpu.weight", share.map_or(100, weight).to_string()),
            ("memory.max", or(memory, "max")),
            ("memory.swap.max", or(memory.map(|_| 0), "max")),
        ],
    }
}

/// The weight of version 2 that stands for shares of version 1: one range laid over the other, as runtimes do.
fn weight(shares: u64) -> u64 {
    let (least, most) = SHARE_BOUNDS;
    1 + (shares - least) * 9999 / (most - least)
}

/// Why the kernel does not take a limit.
fn not_taken(path: &Path, error: std::io::Error) -> Error {
    if error.kind() != ErrorKind::ResourceBusy {
        return Error::io("write", path)(error);
    }
    let what = "spec.resources.limits.memory is less than the server has in use though it does not run";
    Error::InvalidSpec(format!("{what}, as data that lies in memory (tmpfs) is: ask for more"))
}

fn make(folder: &Path) -> std::io::Result<()> {
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: Version, limits: Amounts, requests: Amounts) -> Vec<(&'static str, String)> {
        settings(version, &Resources { limits, requests, others: Vec::new() })
    }

    #[test]
    fn limits_and_shares_are_written_as_each_version_has_them() {
        let limits = Amounts { cpu: Some(1500), memory: Some(1 << 30) };
        let requests = Amounts { cpu: Some(500), memory: Some(1 << 29) };
        let text = |settings: Vec<(&str, String)>| {
            settings.into_iter().map(|(file, value)| format!("{file}={value}")).collect::<Vec<_>>()
        };
        let one = text(written(Version::One, limits, requests));
        let two = text(written(Version::Two, limits, requests));
        assert_eq!(
            one,
            [
                "cpu.cfs_period_us=100000",
                "cpu.cfs_quota_us=150000",
                "cpu.shares=512",
                "memory.limit_in_bytes=1073741824"
            ]
        );
        assert_eq!(
            two,
            ["cpu.max=150000 100000", "cpu.weight=20", "memory.max=1073741824", "memory.swap.max=0"]
        );
    }

    #[test]
    fn what_has_no_limit_is_let_go_and_what_has_only_a_limit_gets_its_share() {
        let none = Amounts::default();
        let free = written(Version::Two, none, none);
        assert_eq!(free[0].1, "max 100000");
        assert_eq!((free[1].1.as_str(), free[2].1.as_str(), free[3].1.as_str()), ("100", "max", "max"));
        let limit = Amounts { cpu: Some(2000), memory: None };
        assert_eq!(written(Version::One, limit, none)[2].1, "2048");
        let least = Amounts { cpu: Some(1), memory: None };
        assert_eq!(written(Version::One, least, none)[1].1, "1000");
    }
}
