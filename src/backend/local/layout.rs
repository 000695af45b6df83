//! Where everything lies below the data root.
//!
//! ```text
//! layout.json   the version of this layout
//! lock          held by the one process that runs these instances
//! ca/           the CA that signs serving certificates
//! run/          the servers' sockets, in one short folder because a socket's path may hold 107 bytes only
//! instances/<uid>/state.json          what was asked for, ports and passwords
//! instances/<uid>/<n>/{data,conf,log} a server; the state says which is the primary
//! instances/<uid>/<n>/data.lost       what a primary had that was lost, and that nothing starts on
//! deleted/<uid>                       kept data that a person deletes, out of everybody's reach
//! ```

use super::account::{Account, Readers};
use super::error::Error;
use super::{file, validation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use tokio::task::spawn_blocking;

const LAYOUT: u32 = 1;
/// The longest path of a socket, and what follows the data root in it.
const SOCKET_PATH: usize = 107;
const SOCKET_SUFFIX: usize = "/run/.s.PGSQL.65535".len();

#[derive(Serialize, Deserialize)]
struct Version {
    layout: u32,
}

/// The data root.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    sockets: PathBuf,
}

impl Layout {
    /// Makes what is missing, checks that PostgreSQL can get there, and locks it against other processes.
    pub(super) fn open(root: &Path, account: &Account) -> Result<(Self, File), Error> {
        check_path(root)?;
        if let Some(parent) = root.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        }
        account.our_folder(root, Readers::Server)?;
        let root = root.canonicalize().map_err(Error::io("resolve", root))?;
        check_path(&root)?;
        let longest = SOCKET_PATH - SOCKET_SUFFIX;
        if root.as_os_str().len() > longest {
            return Err(Error::PathTooLong(root, longest));
        }
        account.check_reach(&root)?;
        let layout = Self { sockets: root.join("run"), root };
        let lock = layout.lock()?;
        layout.check_version(account)?;
        account.our_folder(&layout.ca(), Readers::Us)?;
        account.our_folder(&layout.instances(), Readers::Server)?;
        account.own_folder(layout.sockets())?;
        Ok((layout, lock))
    }

    /// A data root that another process may run, to be read: nothing is made, and nothing is locked.
    pub(super) fn look(root: &Path) -> Result<Self, Error> {
        let root = root.canonicalize().map_err(Error::io("open", root))?;
        let layout = Self { sockets: root.join("run"), root };
        if layout.has_version()? { Ok(layout) } else { Err(Error::NoLayout(layout.root)) }
    }

    /// The folder of the CA.
    pub(super) fn ca(&self) -> PathBuf {
        self.root.join("ca")
    }

    /// The folder of all sockets.
    pub(super) fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// The folder of one instance.
    pub(super) fn instance(&self, uid: &str) -> InstanceFolder {
        InstanceFolder { path: self.instances().join(uid) }
    }

    /// The uids of the instances there are.
    pub(super) fn uids(&self) -> Result<Vec<String>, Error> {
        let folder = self.instances();
        let entries = std::fs::read_dir(&folder).map_err(Error::io("list", &folder))?;
        let names = entries.flatten().filter(|entry| entry.path().join("state.json").exists());
        Ok(names.filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }

    /// The names of all folders that may be an instance's, whether they have a state or not.
    pub(super) fn folders(&self) -> Result<Vec<String>, Error> {
        folders(&self.instances())
    }

    /// Gives the folder of one instance, with all that is in it, to another.
    pub(super) fn hand_over(&self, from: &str, to: &str) -> Result<(), Error> {
        rename(&self.instance(from).path, &self.instance(to).path)
    }

    /// The folder of an instance that is being deleted.
    pub(super) fn deleted(&self, uid: &str) -> InstanceFolder {
        InstanceFolder { path: self.root.join("deleted").join(uid) }
    }

    /// The names of those.
    pub(super) fn all_deleted(&self) -> Result<Vec<String>, Error> {
        let folder = self.root.join("deleted");
        if folder.exists() { folders(&folder) } else { Ok(Vec::new()) }
    }

    /// Puts the folder of an instance out of everybody's reach.
    pub(super) fn put_aside(&self, uid: &str) -> Result<(), Error> {
        let (from, to) = (self.instance(uid).path, self.deleted(uid).path);
        if let Some(folder) = to.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(Error::io("create", folder))?;
        }
        rename(&from, &to)
    }

    /// Takes that back.
    pub(super) fn put_back(&self, uid: &str) -> Result<(), Error> {
        rename(&self.deleted(uid).path, &self.instance(uid).path)
    }

    /// The folder of all instances.
    pub(super) fn instances(&self) -> PathBuf {
        self.root.join("instances")
    }

    fn lock(&self) -> Result<File, Error> {
        let path = self.root.join("lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Locked(self.root.clone())),
            Err(std::fs::TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
        }
    }

    fn check_version(&self, account: &Account) -> Result<(), Error> {
        if self.has_version()? {
            return Ok(());
        }
        let path = self.version();
        let bytes = serde_json::to_vec(&Version { layout: LAYOUT })
            .map_err(|error| Error::CorruptState { path: path.clone(), message: error.to_string() })?;
        account.write(&path, &bytes, Readers::Us)
    }

    fn version(&self) -> PathBuf {
        self.root.join("layout.json")
    }

    /// Whether it has a layout; another one than ours is an error.
    fn has_version(&self) -> Result<bool, Error> {
        let path = self.version();
        let bytes = match file::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            read => read.map_err(Error::io("read", &path))?,
        };
        let Version { layout: found } = serde_json::from_slice(&bytes)
            .map_err(|error| Error::CorruptState { path: path.clone(), message: error.to_string() })?;
        if found == LAYOUT { Ok(true) } else { Err(Error::Layout { path, found, known: LAYOUT }) }
    }
}

/// The folder of one instance.
#[derive(Debug, Clone)]
pub(super) struct InstanceFolder {
    pub(super) path: PathBuf,
}

impl InstanceFolder {
    /// The file of its state.
    pub(super) fn state(&self) -> PathBuf {
        self.path.join("state.json")
    }

    /// The folder of one server.
    pub(super) fn server(&self, index: u32) -> ServerFolder {
        ServerFolder { path: self.path.join(index.to_string()) }
    }

    /// The folders of the servers: of so many at least, and of all there are.
    pub(super) fn servers(&self, least: usize) -> Vec<ServerFolder> {
        let entries = std::fs::read_dir(&self.path).into_iter().flatten().flatten();
        let found = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let indexes: BTreeSet<u32> = found.chain(0..least as u32).collect();
        indexes.into_iter().map(|index| self.server(index)).collect()
    }

    /// What is missing of an instance whose state is gone.
    pub(super) fn missing(&self) -> Error {
        Error::DataMissing { path: if self.path.exists() { self.state() } else { self.path.clone() } }
    }

    /// Makes the folder.
    pub(super) fn create(&self, account: &Account) -> Result<(), Error> {
        account.our_folder(&self.path, Readers::Server)
    }
}

/// The folder of one server.
#[derive(Debug, Clone)]
pub(super) struct ServerFolder {
    pub(super) path: PathBuf,
}

impl ServerFolder {
    /// The data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// The data directory while it is being made; it becomes [`Self::data`] once complete.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.path.join("data.new")
    }

    /// A file of its configuration.
    pub(super) fn conf(&self, file: &str) -> PathBuf {
        self.path.join("conf").join(file)
    }

    /// What the server prints.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("log/postgresql.log")
    }

    /// Whether its data directory is complete.
    pub(super) fn is_initialised(&self) -> bool {
        self.data().join("PG_VERSION").exists()
    }

    /// Where data lies that nothing starts on any more.
    fn lost(&self) -> PathBuf {
        self.path.join("data.lost")
    }

    /// Sets data aside, in place of what was before; that there is none is fine.
    pub(super) fn set_aside(&self) -> Result<(), Error> {
        if !self.data().exists() {
            return Ok(());
        }
        remove_folder(&self.lost())?;
        std::fs::rename(self.data(), self.lost()).map_err(Error::io("rename", &self.data()))
    }

    /// What makes PostgreSQL start as a standby.
    pub(super) fn standby_signal(&self) -> PathBuf {
        self.data().join("standby.signal")
    }

    /// Whether it would start as a standby: a primary that takes no writes does.
    pub(super) fn is_frozen(&self) -> bool {
        self.standby_signal().exists()
    }

    /// Makes the folders around the data directory.
    pub(super) fn create(&self, account: &Account) -> Result<(), Error> {
        account.our_folder(&self.path, Readers::Server)?;
        account.our_folder(&self.path.join("conf"), Readers::Server)?;
        account.own_folder(&self.path.join("log"))
    }

    /// An empty folder to make a data directory in; what an attempt cut short left there is removed.
    pub(super) fn prepare(&self, account: &Account) -> Result<PathBuf, Error> {
        let folder = self.unfinished();
        remove_folder(&folder)?;
        account.own_folder(&folder)?;
        Ok(folder)
    }

    /// Turns the prepared folder into the data directory.
    pub(super) fn finish(&self) -> Result<(), Error> {
        std::fs::rename(self.unfinished(), self.data()).map_err(Error::io("rename", &self.unfinished()))
    }
}

/// The folders in a folder that may be an instance's, but for those that hold nothing.
fn folders(folder: &Path) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let entry = entry.map_err(Error::io("list", folder))?;
        let is_empty = || std::fs::read_dir(entry.path()).is_ok_and(|mut entries| entries.next().is_none());
        if let Ok(name) = entry.file_name().into_string()
            && validation::check_uid(&name).is_ok()
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && !is_empty()
        {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// Renames a folder so that it stays renamed.
fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(Error::io("rename", from))?;
    for folder in [to, from].into_iter().filter_map(Path::parent) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("write", folder))?;
    }
    Ok(())
}

/// Refuses what PostgreSQL's programs, which hand paths to a shell, a list of hosts or lines of a file, would misread.
fn check_path(root: &Path) -> Result<(), Error> {
    let misread = |c: char| c.is_control() || matches!(c, '$' | '`' | '"' | '\\' | ',');
    match root.to_str() {
        Some(text) if !text.contains(misread) => Ok(()),
        _ => Err(Error::UnusablePath(root.to_owned())),
    }
}

/// Removes a folder and all it holds; that it is missing already is fine.
pub(super) fn remove_folder(path: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The same where others wait for the thread: thousands of files take a disk seconds.
pub(super) async fn remove_tree(path: &Path) -> Result<(), Error> {
    let path = path.to_owned();
    spawn_blocking(move || remove_folder(&path))
        .await
        .unwrap_or_else(|failed| resume_unwind(failed.into_panic()))
}
