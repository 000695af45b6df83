//! Kept data that a person deletes, beside a server that may run.
//!
//! Its folder is put out of everybody's reach in one step. Only then is it looked at for good: a server that takes data up does so
//! by the same step, so that one of the two finds nothing. What is not certainly kept, or not at rest, is put back. The state goes
//! last of all, so that a call that was cut off can be made again.

use super::error::Error;
use super::kept::{Kept, Standing, of, seen};
use super::layout::{InstanceFolder, Layout, remove_folder};
use super::process;
use super::state::State;
use std::path::Path;

/// Data that nobody can take up any more, and that is not deleted yet.
#[derive(Debug)]
pub struct Discarding {
    kept: Kept,
    folder: InstanceFolder,
}

/// Puts kept data out of everybody's reach; what is not certainly kept is left as it is.
pub fn discard(root: &Path, uid: &str) -> Result<Discarding, Error> {
    let layout = Layout::look(root)?;
    let refuse = |why: String| Error::NotDeleted { uid: uid.to_owned(), why };
    let unseen = |error: Error| refuse(format!("whether it is kept cannot be seen, as {error}"));
    let Some(kept) = of(&layout, uid).map_err(unseen)? else {
        return Err(refuse(format!("there is nothing of it below {}", root.display())));
    };
    let folder = layout.deleted(uid);
    if kept.standing == Standing::Deleting {
        return Ok(Discarding { kept, folder });
    }
    check(&kept, &layout.instance(uid)).map_err(&refuse)?;
    layout.put_aside(uid)?;
    let state = State::read(&folder.state()).map_err(unseen);
    let kept = state.map(|state| seen(uid, &folder, &state));
    let checked = kept.and_then(|kept| {
        check(&kept, &folder).and_then(|()| check(&kept, &layout.instance(uid))).map_err(&refuse)?;
        Ok(kept)
    });
    match checked {
        Ok(kept) => Ok(Discarding { kept: Kept { standing: Standing::Deleting, ..kept }, folder }),
        Err(why) => {
            layout.put_back(uid)?;
            Err(why)
        }
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
