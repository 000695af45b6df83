//! Kept data that a person deletes, beside a server that may run.
//!
//! Its folder is put out of everybody's reach in one step. Only then is it looked at for good: a server that takes data up does so
//! by the same step, so that one of the two finds nothing. What is not certainly kept, or not at rest, is put back. Who deletes it
//! has it locked: of several who want that, one does it. The state goes last of all, so that a call that was cut off can be made
//! again.

use super::error::Error;
use super::kept::{Kept, Standing, of, seen, unknown};
use super::layout::{InstanceFolder, Layout, remove_folder};
use super::process;
use super::state::State;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

/// Data that nobody can take up any more, and that is not deleted yet.
#[derive(Debug)]
pub struct Discarding {
    kept: Kept,
    folder: InstanceFolder,
    _lock: File,
}

/// What is to be deleted, and what is known of it.
struct Attempt<'a> {
    layout: Layout,
    uid: &'a str,
    /// Whether it is known that no object has it, whatever its state says, or does not.
    is_nobodys: bool,
}

/// Puts kept data out of everybody's reach; what is not certainly kept is left as it is. Of what is damaged only who asked knows
/// that: it `is_nobodys` where no object has the uid.
pub fn discard(root: &Path, uid: &str, is_nobodys: bool) -> Result<Discarding, Error> {
    let attempt = Attempt { layout: Layout::look(root)?, uid, is_nobodys };
    let (home, folder) = (attempt.layout.instance(uid), attempt.layout.deleted(uid));
    let Some(found) = attempt.found(&home)? else { return Err(attempt.nothing(root)) };
    let was_begun = found.standing == Standing::Deleting;
    if !was_begun {
        check(&found, &home).map_err(|why| attempt.refused(why))?;
        match attempt.layout.put_aside(uid) {
            // Another was quicker, and may have done it by now.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            other => other?,
        }
    }
    let Some(lock) = attempt.lock(&folder)? else { return Err(attempt.nothing(root)) };
    match attempt.judged(&home, &folder, was_begun) {
        Ok(kept) => {
            Ok(Discarding { kept: Kept { standing: Standing::Deleting, ..kept }, folder, _lock: lock })
        }
        Err(why) => {
            attempt.layout.put_back(uid)?;
            Err(why)
        }
    }
}

impl Attempt<'_> {
    fn refused(&self, why: String) -> Error {
        Error::NotDeleted { uid: self.uid.to_owned(), why }
    }

    fn nothing(&self, root: &Path) -> Error {
        self.refused(format!("there is nothing of it below {}", root.display()))
    }

    fn unseen(&self, error: &Error) -> Error {
        self.refused(format!("whether it is kept cannot be seen, as {error}"))
    }

    /// What there is of it, before it is looked at for good.
    fn found(&self, home: &InstanceFolder) -> Result<Option<Kept>, Error> {
        match of(&self.layout, self.uid) {
            Err(error) if error.is_damage() && self.is_nobodys => {
                Ok(Some(unknown(self.uid, home, Standing::Damaged)))
            }
            found => found.map_err(|error| self.unseen(&error)),
        }
    }

    /// Has the folder for itself; nothing where it is gone by then. The system lets it go when the process ends, however that is.
    fn lock(&self, folder: &InstanceFolder) -> Result<Option<File>, Error> {
        let path = &folder.path;
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(Error::io("open", path))?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(file).filter(|_| path.exists())),
            Err(TryLockError::WouldBlock) => {
                Err(self.refused("another call of this command is deleting it; it will be gone".to_owned()))
            }
            Err(TryLockError::Error(error)) => Err(Error::io("lock", path)(error)),
        }
    }

    /// What it is, now that nobody takes it up any more; or why it is not deleted. Of what `was_begun` the state may be gone.
    fn judged(&self, home: &InstanceFolder, folder: &InstanceFolder, was_begun: bool) -> Result<Kept, Error> {
        let kept = match State::read(&folder.state()) {
            Ok(state) => seen(self.uid, folder, &state),
            Err(error) if error.is_damage() && (was_begun || self.is_nobodys) => {
                unknown(self.uid, folder, Standing::Deleting)
            }
            Err(error) => return Err(self.unseen(&error)),
        };
        check(&kept, folder).and_then(|()| check(&kept, home)).map_err(|why| self.refused(why))?;
        Ok(kept)
    }
}

/// Refuses what an object has, and what a server runs on, or was started on.
fn check(kept: &Kept, folder: &InstanceFolder) -> Result<(), String> {
    let Kept { namespace, name, standing, .. } = kept;
    if *standing == Standing::InUse {
        return Err(format!(
            "PostgreSQL {namespace}/{name} has it; delete that object, with deletionPolicy Delete for its data to go with it. Where \
             there is no such object any more, the server finds that out when it starts, and keeps the data"
        ));
    }
    let servers = folder.servers(0);
    let paths = servers.iter().map(|server| &server.path).chain([&folder.path]);
    if let Some(link) = paths.into_iter().find(|path| path.is_symlink()) {
        return Err(format!("{} is a link; put what it leads to in its place first", link.display()));
    }
    let runs = servers.iter().find_map(|server| process::processes(&server.data()).first().copied());
    match (runs, process::started_below(&folder.path).first()) {
        (Some(pid), _) => Err(format!("process {pid} still works on it; end that first")),
        (None, Some(data)) => {
            Err(format!("a server that was started on {} still runs; end that first", data.display()))
        }
        (None, None) => Ok(()),
    }
}

impl Discarding {
    /// Whose it was; where an earlier call was cut off at the very end, its uid alone is known.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Deletes it.
    pub fn finish(self) -> Result<(), Error> {
        for server in self.folder.servers(0) {
            remove_folder(&server.path)?;
        }
        remove_folder(&self.folder.path)
    }
}
