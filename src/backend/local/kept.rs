//! What removals kept, as a person looks for it: whose it was, and the login that opens it.
//!
//! Nothing is changed and nothing is locked, so that it can be looked at beside a server that runs: a state is replaced in one
//! step. States are their owner's alone: who may not read them sees nothing.

use super::error::Error;
use super::layout::{InstanceFolder, Layout};
use super::observed::Credentials;
use super::server::disk_usage;
use super::state::State;
use std::path::Path;
use std::time::SystemTime;

/// Data that a removal kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The uid of the object that had it.
    pub uid: String,
    /// That object's namespace, in which alone it is taken up.
    pub namespace: String,
    /// That object's name.
    pub name: String,
    /// The major version of PostgreSQL that wrote it.
    pub major: u32,
    /// How many bytes it takes.
    pub bytes: u64,
    /// When it was kept.
    pub since: SystemTime,
    /// The login that opens it; none where it has no database.
    pub login: Option<Credentials>,
}

/// Everything that is kept below a data root, what was kept first before the rest.
pub fn kept(root: &Path) -> Result<Vec<Kept>, Error> {
    let layout = Layout::look(root)?;
    let mut found = Vec::new();
    for uid in layout.uids()? {
        let folder = layout.instance(&uid);
        match State::read(&folder.state()) {
            Ok(state) if state.retained => found.push(seen(uid, &folder, &state)?),
            Ok(_) => {}
            Err(error) => tracing::warn!(uid, %error, "whether it is kept data cannot be seen"),
        }
    }
    found.sort_by_key(|kept| kept.since);
    Ok(found)
}

fn seen(uid: String, folder: &InstanceFolder, state: &State) -> Result<Kept, Error> {
    let path = folder.state();
    let since =
        std::fs::metadata(&path).and_then(|file| file.modified()).map_err(Error::io("read", &path))?;
    let bound = state.desired.databases.first();
    let login = bound.and_then(|bound| {
        let (username, database) = (bound.owner.clone(), bound.name.clone());
        let password = state.logins.get(&username)?.password.clone();
        Some(Credentials { username, password, database })
    });
    Ok(Kept {
        uid,
        namespace: state.desired.namespace.clone(),
        name: state.desired.name.clone(),
        major: state.major,
        bytes: disk_usage(&folder.path),
        since,
        login,
    })
}
