//! Where it is looked, and what a person is told who may not look there, or named another folder.

use crate::backend::local;
use crate::standard::options::instances;
use nix::unistd::{Uid, User};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a wrong folder is answered with.
const RIGHT: &str = "name the folder that the server has as its --data-dir";

/// Where the databases of this machine are, if that is what the folder has.
pub(super) fn root(data_dir: &Path) -> Result<PathBuf, String> {
    let (shown, root) = (data_dir.display(), instances(data_dir));
    let denied = |error: io::Error| with_owner(data_dir, &error, &format!("cannot read {shown}: {error}"));
    let has_layout = |folder: &Path| std::fs::metadata(folder.join("layout.json"));
    match std::fs::metadata(data_dir) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(format!("{shown} is no folder: {RIGHT}")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(format!("{shown} does not exist: {RIGHT}"));
        }
        Err(error) => return Err(denied(error)),
    }
    match has_layout(&root) {
        Ok(_) => Ok(root),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(denied(error)),
        Err(_) if has_layout(data_dir).is_ok() => {
            Err(format!("{shown} is a part of a data directory: name the folder that it is in"))
        }
        Err(_) => Err(format!("no server ever made a database on this machine in {shown}: {RIGHT}")),
    }
}

/// What went wrong, with what to do where the folder is another user's.
pub(super) fn told(data_dir: &Path, error: &local::Error) -> String {
    match error {
        local::Error::Io { source, .. } => with_owner(data_dir, source, &error.to_string()),
        // What an object is told of it is not for who may have none.
        local::Error::CorruptState { path, message } => {
            format!("{} cannot be read ({message}); put it back from a copy", path.display())
        }
        _ => error.to_string(),
    }
}

fn with_owner(data_dir: &Path, error: &io::Error, said: &str) -> String {
    if error.kind() != ErrorKind::PermissionDenied {
        return said.to_owned();
    }
    let owner = std::fs::metadata(data_dir).ok().map(|found| Uid::from_raw(found.uid()));
    let known = owner.and_then(|uid| User::from_uid(uid).ok().flatten());
    let owner = known.map(|account| format!(", such as {}, who owns it", account.name)).unwrap_or_default();
    format!("{said}; run this as the user that the server runs as{owner}")
}
