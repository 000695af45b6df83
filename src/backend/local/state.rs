//! What is remembered of an instance: what was asked for, its ports, its passwords.
//!
//! The file is ours alone (mode 0600), replaced in one step, and written before anything relies on it. One that cannot
//! be read is left as it is.

use super::account::{Account, Readers};
use super::desired::Desired;
use super::error::Error;
use super::file;
use super::gauge::Band;
use crate::backend::postgresql::{Issued, Login};
use apimachinery::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

/// Server parameters by name.
pub(super) type Parameters = BTreeMap<String, String>;

/// What is remembered of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// What was asked for last.
    pub(super) desired: Desired,
    /// The major version that wrote the data.
    pub(super) major: u32,
    /// The port of each server; the first is the primary's.
    pub(super) ports: Vec<u16>,
    /// The login of the role that manages the servers; none before the first look at the data of an earlier release.
    #[serde(default)]
    pub(super) manager: Option<Login>,
    pub(super) superuser: Login,
    /// Whether the superuser's password was handed out, or may have been.
    #[serde(default = "unknown")]
    pub(super) superuser_shared: bool,
    pub(super) replication: Login,
    /// The logins of owners and users.
    pub(super) logins: BTreeMap<String, Login>,
    /// The roles that were listed once and are not now: they may do nothing.
    #[serde(default)]
    pub(super) retired: BTreeSet<String>,
    /// The owner each database was last given, with everything that the one before owned in it.
    #[serde(default)]
    pub(super) owners: BTreeMap<String, String>,
    /// The parameters the primary runs with.
    pub(super) parameters: Option<Parameters>,
    /// The parameters the primary last started with: those of a reload may keep it from starting.
    #[serde(default)]
    pub(super) started: Option<Parameters>,
    /// The parameters PostgreSQL would not take, which are not tried again.
    pub(super) rejected: Option<Rejected>,
    /// The restart that was last made.
    pub(super) restarted_at: Option<String>,
    /// The certificate signed by the CA of the data root.
    pub(super) certificate: Option<Issued>,
    /// The number of the folder that each server lies in, the primary's first: a standby that takes over stays where it is. What
    /// is not listed lies in that of its own number.
    #[serde(default)]
    pub(super) places: Vec<u32>,
    /// How often the primary failed to start, look after look.
    #[serde(default)]
    pub(super) failures: u32,
    /// How the primary came to be it, where it was a standby.
    #[serde(default)]
    pub(super) takeover: Option<String>,
    /// How full it is.
    #[serde(default)]
    pub(super) band: Band,
    /// Whether it was ever ready.
    pub(super) created: bool,
    /// Whether its servers were stopped because the program that looks after them ended, and are to be up again.
    #[serde(default)]
    pub(super) resting: bool,
    /// Whether it was removed with its data kept.
    pub(super) retained: bool,
    /// How it came to be kept; an earlier release did not write that down.
    #[serde(default)]
    pub(super) keeping: Option<Keeping>,
    /// The uids of the objects that had the data before, the first one first.
    #[serde(default)]
    pub(super) former: Vec<String>,
}

/// How data came to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Keeping {
    /// When, in RFC 3339.
    pub(super) since: String,
    /// Whether no removal was asked for: its object was not there any more.
    pub(super) orphaned: bool,
}

/// Parameters PostgreSQL would not take, and its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rejected {
    pub(super) parameters: Parameters,
    pub(super) message: String,
}

/// What an earlier release did not write down is taken to have been.
fn unknown() -> bool {
    true
}

impl State {
    /// The state of an instance that does not exist yet.
    pub(super) fn new(desired: Desired, major: u32) -> Result<Self, Error> {
        Ok(Self {
            restarted_at: desired.restarted_at.clone(),
            desired,
            major,
            ports: Vec::new(),
            manager: Some(Login::generate()?),
            superuser: Login::generate()?,
            superuser_shared: false,
            replication: Login::generate()?,
            logins: BTreeMap::new(),
            retired: BTreeSet::new(),
            owners: BTreeMap::new(),
            parameters: None,
            started: None,
            rejected: None,
            certificate: None,
            places: Vec::new(),
            failures: 0,
            takeover: None,
            band: Band::default(),
            created: false,
            resting: false,
            retained: false,
            keeping: None,
            former: Vec::new(),
        })
    }

    /// Reads a state file.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let corrupt = |message: String| Error::CorruptState { path: path.to_owned(), message };
        let bytes = file::read(path).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => corrupt(error.to_string()),
            _ => Error::io("read", path)(error),
        })?;
        let mut state: Self = serde_json::from_slice(&bytes).map_err(|error| corrupt(error.to_string()))?;
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        if folder != state.desired.uid.as_str() {
            if !state.retained {
                return Err(corrupt(format!("it is of the instance with uid {}", state.desired.uid)));
            }
            // It changed hands, and that was not written down yet.
            let uid = folder.to_string_lossy().into_owned();
            state.former.push(std::mem::replace(&mut state.desired.uid, uid));
            state.take_up();
        }
        Ok(state)
    }

    /// Its data is kept from now on, if it was not before; what a removal asked for is no orphan any more.
    pub(super) fn keep(&mut self, orphaned: bool) {
        if !self.retained {
            self.keeping = Some(Keeping { since: Time::now().to_string(), orphaned });
        } else if let Some(keeping) = &mut self.keeping {
            keeping.orphaned &= orphaned;
        }
        self.retained = true;
    }

    /// An object has it.
    pub(super) fn take_up(&mut self) {
        self.retained = false;
        self.keeping = None;
    }

    /// Writes a state file.
    pub(super) fn write(&self, path: &Path, account: &Account) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::CorruptState { path: path.to_owned(), message: error.to_string() })?;
        account.write(path, &bytes, Readers::Us)
    }

    /// Makes the logins of roles that have none yet. Roles that are no longer listed lose theirs.
    pub(super) fn make_logins(&mut self) -> Result<(), Error> {
        let owners = self.desired.databases.iter().map(|database| database.owner.clone());
        let users = self.desired.users.iter().map(|user| user.name.clone());
        let listed: BTreeSet<String> = owners.chain(users).collect();
        let gone: Vec<String> = self.logins.keys().filter(|role| !listed.contains(*role)).cloned().collect();
        for role in gone {
            self.logins.remove(&role);
            self.retired.insert(role);
        }
        for role in listed {
            self.retired.remove(&role);
            if let Entry::Vacant(place) = self.logins.entry(role) {
                place.insert(Login::generate()?);
            }
        }
        if self.manager.is_none() {
            self.manager = Some(Login::generate()?);
        }
        self.superuser_shared |= self.desired.superuser_access;
        Ok(())
    }

    /// The number of the folder that a server lies in.
    pub(super) fn place(&self, index: u32) -> u32 {
        self.places.get(index as usize).copied().unwrap_or(index)
    }

    /// Gives every server that has a port a folder of its own, and none to others.
    pub(super) fn settle(&mut self) {
        self.places.truncate(self.ports.len());
        while self.places.len() < self.ports.len() {
            let free = (0..).find(|place| !self.places.contains(place));
            self.places.extend(free);
        }
    }

    /// Makes a server the primary, and the primary that server.
    pub(super) fn exchange(&mut self, index: u32) {
        self.settle();
        if (index as usize) < self.places.len() {
            self.places.swap(0, index as usize);
        }
    }

    /// The parameters to run with: what was asked for, unless PostgreSQL would not take it.
    pub(super) fn effective_parameters(&self) -> &Parameters {
        match (&self.rejected, &self.parameters) {
            (Some(rejected), Some(last)) if rejected.parameters == self.desired.parameters => last,
            _ => &self.desired.parameters,
        }
    }
}
