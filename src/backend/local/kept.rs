//! What is kept, as a person looks for it: whose it was, and the login that opens it.
//!
//! Nothing is changed and nothing is locked, so that it can be looked at beside a server that runs: a state is replaced in one
//! step. States are their owner's alone: who may not read them is told so.

use super::error::Error;
use super::layout::{InstanceFolder, Layout, ServerFolder};
use super::observed::Credentials;
use super::server::disk_usage;
use super::state::State;
use super::{process, validation};
use std::path::Path;

/// What is said of an instance's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// An object has it.
    InUse,
    /// A removal kept it.
    Retained,
    /// Its object was gone, and nobody had said what was to become of it.
    Orphaned,
    /// Somebody deletes it, or was cut off at that.
    Deleting,
    /// What should tell whose it is cannot be read.
    Damaged,
}

/// Data below a data root.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The uid of the object that has or had it.
    pub uid: String,
    /// That object's namespace, in which alone it is taken up.
    pub namespace: String,
    /// That object's name.
    pub name: String,
    /// What is said of it.
    pub standing: Standing,
    /// The major version of PostgreSQL that wrote it.
    pub major: u32,
    /// How many bytes it takes.
    pub bytes: u64,
    /// Since when it is kept, in RFC 3339; none where an earlier release kept it.
    pub since: Option<String>,
    /// The login that opens it; none where it has no database.
    pub login: Option<Credentials>,
    /// The other roles that had a Secret.
    pub roles: Vec<String>,
}

/// What is kept below a data root.
#[derive(Debug, Default)]
pub struct Look {
    /// What is, what was kept first before the rest; with what is damaged, which may be kept.
    pub kept: Vec<Kept>,
    /// Of what it cannot be seen, by the uid, and why: that of what is damaged, too.
    pub unreadable: Vec<(String, Error)>,
}

/// Everything that is kept below a data root.
pub fn kept(root: &Path) -> Result<Look, Error> {
    let layout = Layout::look(root)?;
    let mut look = Look::default();
    for uid in layout.folders()?.into_iter().chain(layout.all_deleted()?) {
        match of(&layout, &uid) {
            Ok(Some(kept)) if kept.standing != Standing::InUse => look.kept.push(kept),
            Ok(_) => {}
            Err(error) => {
                if error.is_damage() {
                    look.kept.push(unknown(&uid, &layout.instance(&uid), Standing::Damaged));
                }
                look.unreadable.push((uid, error));
            }
        }
    }
    look.kept.sort_by(|one, other| one.since.cmp(&other.since));
    Ok(look)
}

/// What there is of a uid; none where there is nothing.
pub fn look(root: &Path, uid: &str) -> Result<Option<Kept>, Error> {
    of(&Layout::look(root)?, uid)
}

pub(super) fn of(layout: &Layout, uid: &str) -> Result<Option<Kept>, Error> {
    if validation::check_uid(uid).is_err() {
        return Ok(None);
    }
    let (deleted, folder) = (layout.deleted(uid), layout.instance(uid));
    if deleted.path.exists() {
        return Ok(Some(being_deleted(uid, &deleted)));
    }
    if !folder.path.try_exists().map_err(Error::io("open", &folder.path))? {
        return Ok(None);
    }
    let state = State::read(&folder.state())?;
    Ok(Some(seen(uid, &folder, &state)))
}

/// What is left of it: its state goes last.
fn being_deleted(uid: &str, folder: &InstanceFolder) -> Kept {
    match State::read(&folder.state()) {
        Ok(state) => Kept { standing: Standing::Deleting, ..seen(uid, folder, &state) },
        Err(_) => unknown(uid, folder, Standing::Deleting),
    }
}

/// What can be told of it without its state.
pub(super) fn unknown(uid: &str, folder: &InstanceFolder, standing: Standing) -> Kept {
    let written = |server: ServerFolder| {
        process::read_small(&server.data().join("PG_VERSION")).ok()?.trim().parse().ok()
    };
    Kept {
        uid: uid.to_owned(),
        namespace: String::new(),
        name: String::new(),
        standing,
        major: folder.servers(0).into_iter().find_map(written).unwrap_or_default(),
        bytes: disk_usage(&folder.path),
        since: None,
        login: None,
        roles: Vec::new(),
    }
}

pub(super) fn seen(uid: &str, folder: &InstanceFolder, state: &State) -> Kept {
    let desired = &state.desired;
    let login = desired.databases.first().and_then(|bound| {
        let (username, database) = (bound.owner.clone(), bound.name.clone());
        let password = state.logins.get(&username)?.password.clone();
        Some(Credentials { username, password, database })
    });
    let owners = desired.databases.iter().skip(1).map(|database| database.owner.clone());
    let orphaned = state.keeping.as_ref().is_some_and(|keeping| keeping.orphaned);
    let standing = match (state.retained, orphaned) {
        (false, _) => Standing::InUse,
        (true, false) => Standing::Retained,
        (true, true) => Standing::Orphaned,
    };
    Kept {
        uid: uid.to_owned(),
        namespace: desired.namespace.clone(),
        name: desired.name.clone(),
        standing,
        major: state.major,
        bytes: disk_usage(&folder.path),
        since: state.keeping.as_ref().map(|keeping| keeping.since.clone()),
        login,
        roles: owners.chain(desired.users.iter().map(|user| user.name.clone())).collect(),
    }
}
