//! Opening the file, and saying in one sentence why that or writing it failed.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use ::redb::{Builder, Database, DatabaseError, StorageError};

use super::Config;
use super::overlay::Overlay;
use crate::Error;

/// Where a database comes from. Tests give one that fails on demand.
pub(super) trait Source: Send + Sync + 'static {
    /// Opens the database, or makes it.
    fn open(&self) -> Result<Database, DatabaseError>;

    /// Opens the database as the last durable commit left it, without writing to the disk.
    fn open_for_reading(&self) -> Result<Database, DatabaseError> {
        Builder::new().create_with_backend(Overlay::open(self.path())?)
    }

    /// Its place.
    fn path(&self) -> &Path;

    /// The size in bytes.
    fn size(&self) -> std::io::Result<u64> {
        std::fs::metadata(self.path()).map(|metadata| metadata.len())
    }
}

/// A database in a file.
pub(super) struct File(Config);

impl File {
    pub(super) fn new(config: Config) -> Self {
        Self(config)
    }
}

impl Source for File {
    fn open(&self) -> Result<Database, DatabaseError> {
        let path = &self.0.path;
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() && found.len() == 0 => {
                let reason = "it is empty (remove it if it was never used)".to_owned();
                return Err(StorageError::Corrupted(reason).into());
            }
            Ok(_) => {}
            Err(_) => create(path)?,
        }
        Builder::new().set_cache_size(self.0.cache_size).create(path)
    }

    fn path(&self) -> &Path {
        &self.0.path
    }
}

/// Makes an empty file that only its owner may read, since objects can hold secrets, and makes sure that a
/// power cut does not take its name away.
fn create(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// Why the database at `path` cannot be opened, and what to do.
pub(super) fn cannot_open(path: &Path, error: DatabaseError) -> Error {
    let place = path.display();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Error::Io(format!(
            "the database {place} is in use by another process; stop that process, or choose another path"
        )),
        DatabaseError::UpgradeRequired(format) => Error::Io(format!(
            "the database {place} has redb's file format {format}, which this server does not read; \
             open it with the server that wrote it, or choose another path"
        )),
        DatabaseError::Storage(error) => explain(path, "open", error),
        other => Error::Io(format!("cannot open the database {place}: {other}")),
    }
}

/// Opens the database and compares all of it with its checksums. Damage that was done while it was closed shows nowhere else.
pub(super) fn open_checked(source: &dyn Source) -> Result<Database, DatabaseError> {
    let mut database = source.open()?;
    if !database.check_integrity()? {
        let path = source.path().display();
        tracing::error!(%path, "the database was damaged and is repaired: what was written last may be missing");
    }
    Ok(database)
}

/// Runs what is done with the database at `path`; or why it cannot be trusted. redb panics where its checksums do not tell.
pub(super) fn sound<T>(path: &Path, work: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it panicked");
        format!("the database {} is damaged, redb says: {text}; restore it from a backup", path.display())
    })
}

/// Why redb could not do `what` with the database at `path`, and what to do.
pub(super) fn explain(path: &Path, what: &str, error: StorageError) -> Error {
    let place = path.display();
    let error = match error {
        StorageError::Io(error) => error,
        StorageError::Corrupted(reason) => {
            return Error::Corrupt(format!("the database {place}: {reason}; restore it from a backup"));
        }
        other => return Error::Io(format!("cannot {what} the database {place}: {other}")),
    };
    let advice = match error.kind() {
        ErrorKind::InvalidData => "it is not a database of this server; choose another path, or move it away",
        ErrorKind::PermissionDenied => "give the server's user the right to read and write it and its folder",
        ErrorKind::ReadOnlyFilesystem => "its file system is read-only; choose a writable path",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free or add disk space; writes go on once there is some"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "a part of its path is not a folder",
        ErrorKind::IsADirectory => "it is a folder; give the path of a file",
        ErrorKind::ResourceBusy => "stop the other process",
        ErrorKind::NotFound => "its folder cannot be made; choose another path",
        _ => "check the disk",
    };
    Error::Io(format!("cannot {what} the database {place}: {error}; {advice}"))
}
