//! One server: made, started, stopped.
//!
//! A server is started by `pg_ctl`, in a session of its own and with its output in a file, so that it lives on whatever
//! becomes of us.

use super::account::{Account, Readers};
use super::config::{IDENT_FILE, REPLICATION_ROLE, SETTINGS_FILE};
use super::error::Error;
use super::hold::Group;
use super::install::Install;
use super::layout::ServerFolder;
use super::manager;
use super::parameters::complaint;
use super::port::{self, Holder};
use super::process::{self, Postmaster};
use super::sql::streaming_options;
use crate::backend::postgresql::{Login, Secret};
use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// How long a server may take to start, in seconds.
const PATIENCE: &str = "60";
/// A log longer than this is set aside at the next start.
const LOG_LIMIT: u64 = 16 << 20;
/// How much of the end of a log is looked at.
const LOG_TAIL: u64 = 16 << 10;

/// Where the temporary files of queries lie.
const TEMPORARY: &str = "pgsql_tmp";

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutdownMode {
    /// Connections are ended and everything is written out.
    Fast,
    /// At once; the next start recovers from the log.
    Immediate,
}

impl ShutdownMode {
    /// What tells a server to stop so.
    pub(super) fn signal(self) -> Signal {
        match self {
            ShutdownMode::Fast => Signal::SIGINT,
            ShutdownMode::Immediate => Signal::SIGQUIT,
        }
    }
}

/// One server of an instance.
pub(super) struct Server<'a> {
    pub(super) account: &'a Account,
    pub(super) install: &'a Install,
    pub(super) folder: ServerFolder,
    pub(super) sockets: &'a Path,
    /// What holds it, where something does.
    pub(super) group: Option<Group>,
    pub(super) name: String,
    pub(super) port: u16,
}

impl Server<'_> {
    /// The running server, if it runs.
    pub(super) fn running(&self) -> Option<Postmaster> {
        process::running(&self.folder.data())
    }

    /// Makes an empty data directory with its superuser and the role that manages it.
    pub(super) async fn initialise(&self, password: &Secret, manager: &Login) -> Result<(), Error> {
        self.folder.create(self.account)?;
        let data = self.folder.prepare(self.account)?;
        let file = self.folder.conf("initdb.password");
        self.account.write(&file, password.expose().as_bytes(), Readers::Server)?;
        let mut command = self.account.command(&self.install.program("initdb"), &data);
        command.arg("-D").arg(&data).arg(format!("--pwfile={}", file.display()));
        command.args(["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"]);
        command.args(["--data-checksums", "--no-instructions"]);
        let made = self.account.run(&mut command).await;
        std::fs::remove_file(&file).map_err(Error::io("remove", &file))?;
        made.map_err(|error| full_disk(error, &data))?;
        self.run_single(&data, &manager::statements(manager)).await?;
        self.folder.finish()
    }

    /// Makes the data directory a copy of the primary's that streams from it.
    pub(super) async fn copy(&self, primary: u16, password: &Secret, slot: &str) -> Result<(), Error> {
        self.folder.create(self.account)?;
        let data = self.folder.prepare(self.account)?;
        let mut command = self.account.command(&self.install.program("pg_basebackup"), &data);
        command.arg("-D").arg(&data).arg("-h").arg(self.sockets).args(["-p", &primary.to_string()]);
        command.args(["-U", REPLICATION_ROLE, "-w", "-X", "stream", "-c", "fast", "-S", slot]);
        command.env("PGPASSWORD", password.expose()).env("PGOPTIONS", streaming_options(self.install.major));
        self.account.run(&mut command).await.map_err(|error| full_disk(error, &data))?;
        self.account.touch(&data.join("standby.signal"))?;
        super::layout::remove_tree(&self.folder.data()).await?;
        self.folder.finish()
    }

    /// Starts the server and waits until it accepts connections.
    pub(super) async fn start(&self) -> Result<(), Error> {
        let data = self.folder.data();
        self.install.check()?;
        self.check_major(&data)?;
        process::clear(&data, self.sockets).await?;
        self.clear_overrides()?;
        let before = self.turn_log()?;
        let doors = self.group.as_ref().map(Group::doors).unwrap_or_default();
        let mut command = self.account.command_inside(&doors, &self.install.program("pg_ctl"), &data);
        command.args(["start", "-s", "-w", "-t", PATIENCE]);
        command.arg("-D").arg(&data).arg("-l").arg(self.folder.log()).arg("-o").arg(self.own_files());
        match self.account.run(&mut command).await {
            Ok(_) => Ok(()),
            Err(Error::Program { .. }) if self.running().is_some() => {
                Err(Error::Timeout(format!("the start of server {}", self.name)))
            }
            Err(Error::Program { output, .. }) => Err(self.explain(before, &output)),
            Err(error) => Err(error),
        }
    }

    /// What makes a server read our files alone, as `pg_ctl` hands it to a shell: those in the data directory are within
    /// reach of everybody who runs commands as PostgreSQL. The data root is no path that quotes do not keep.
    fn own_files(&self) -> String {
        let path = |file| self.folder.conf(file).display().to_string();
        format!("--config_file=\"{}\" --ident_file=\"{}\"", path(SETTINGS_FILE), path(IDENT_FILE))
    }

    /// Stops the server; that it does not run is fine.
    pub(super) async fn stop(&self, mode: ShutdownMode) -> Result<(), Error> {
        process::stop(&self.folder.data(), mode.signal()).await
    }

    fn check_major(&self, data: &Path) -> Result<(), Error> {
        let file = data.join("PG_VERSION");
        let found = process::read_small(&file).map_err(Error::io("read", &file))?.trim().to_owned();
        if found == self.install.major.to_string() {
            return Ok(());
        }
        Err(Error::OtherMajor { path: data.to_owned(), found, wanted: self.install.major })
    }

    /// Sets a long log aside; gives the length of the log the next start appends to.
    fn turn_log(&self) -> Result<u64, Error> {
        let log = self.folder.log();
        let length = std::fs::symlink_metadata(&log).map_or(0, |metadata| metadata.len());
        if length < LOG_LIMIT {
            return Ok(length);
        }
        std::fs::rename(&log, log.with_extension("log.1")).map_err(Error::io("rename", &log))?;
        Ok(0)
    }

    fn explain(&self, before: u64, output: &str) -> Error {
        let log = self.read_log(before).unwrap_or_default();
        if log.contains("Address already in use") {
            return Error::PortTaken(self.port, Holder::Process);
        }
        if log.contains("could not bind") && log.contains("Permission denied") {
            return port::barred(self.port);
        }
        if log.contains("No space left on device") {
            return Error::DiskFull(self.folder.data());
        }
        let said = complaint(&log).or_else(|| complaint(output));
        let log = said.unwrap_or_else(|| {
            format!(
                "PostgreSQL ended and did not say why, as one does that is killed for want of memory; its log is {}",
                self.folder.log().display()
            )
        });
        Error::StartFailed { server: self.name.clone(), log }
    }

    /// The end of what was logged since. The log's folder is the server's own: a link in it is not followed.
    fn read_log(&self, before: u64) -> std::io::Result<String> {
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let mut file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(self.folder.log())?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(before.max(end.saturating_sub(LOG_TAIL))))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// How many bytes of disk a data directory takes, without temporary files.
pub(super) fn disk_usage(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() && entry.file_name() == TEMPORARY => 0,
        Ok(metadata) if metadata.is_dir() => disk_usage(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        Err(_) => 0,
    };
    entries.map(size).sum()
}

fn full_disk(error: Error, path: &Path) -> Error {
    match error {
        Error::Program { output, .. } if output.contains("No space left on device") => {
            Error::DiskFull(path.to_owned())
        }
        error => error,
    }
}
