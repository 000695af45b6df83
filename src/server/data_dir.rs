//! The folder that is a server's own while it runs. Who does not have it writes nothing there: what would be written, such as the
//! kubeconfig, leads to who has it.

use super::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Nobody else has the folder while this is held. The system takes it back when the process ends, however that is.
#[derive(Debug)]
pub(super) struct DataDir {
    _lock: File,
}

impl DataDir {
    /// Creates the folder, so that everything later may count on it, and takes it.
    pub(super) fn take(path: &Path) -> Result<Self, Error> {
        let wrong = |source| Error::DataDirectory { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(wrong)?;
        std::fs::read_dir(path).map_err(wrong)?;
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(false).mode(0o600).open(path.join("lock"));
        let lock = opened.map_err(wrong)?;
        match lock.try_lock() {
            Ok(()) => Ok(DataDir { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::DataDirectoryTaken(path.to_owned())),
            Err(TryLockError::Error(error)) => {
                Err(wrong(io::Error::new(error.kind(), format!("it cannot be locked: {error}"))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_servers_until_that_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/data");
        let taken = DataDir::take(&path).expect("it is made and taken");
        let said = DataDir::take(&path).expect_err("another has it").to_string();
        assert!(said.contains(&path.display().to_string()) && said.contains("another server"), "{said}");
        drop(taken);
        DataDir::take(&path).expect("it is free again");
        std::fs::write(folder.path().join("file"), "").expect("a file");
        let said = DataDir::take(&folder.path().join("file")).expect_err("no folder").to_string();
        assert!(said.contains("cannot use the data directory"), "{said}");
    }
}
