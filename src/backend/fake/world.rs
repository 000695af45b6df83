//! What is there whatever becomes of the backend's process.

use super::steer::{Failures, Lie, Step};
use crate::backend::{BackupPhase, Endpoint, Error, Login, Observed, Offer, Phase, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Everything there is.
pub(super) struct World {
    /// By uid.
    pub(super) databases: BTreeMap<String, Database>,
    /// What was in a database when it was backed up, by uid; it outlives the database.
    pub(super) backups: BTreeMap<String, BTreeSet<String>>,
    /// What becomes of a backup, and why.
    pub(super) backs_up: (BackupPhase, String),
    /// What single classes are offered, by name.
    pub(super) offers: BTreeMap<String, Offer>,
    pub(super) failures: Failures,
    pub(super) lie: Option<Lie>,
    /// It remembers no passwords.
    pub(super) forgets_logins: bool,
    /// The step that nobody comes back from.
    pub(super) hangs_at: Option<Step>,
    /// The steps that were come to, each with the name of its object or class.
    pub(super) asked: Vec<String>,
}

impl Default for World {
    fn default() -> Self {
        World {
            databases: BTreeMap::new(),
            backups: BTreeMap::new(),
            backs_up: (BackupPhase::Succeeded, String::new()),
            offers: BTreeMap::new(),
            failures: Failures::default(),
            lie: None,
            forgets_logins: false,
            hangs_at: None,
            asked: Vec::new(),
        }
    }
}

impl World {
    /// The error that a step was told to end with.
    pub(super) fn failure(&self, step: Step) -> Option<Error> {
        let error = self.failures.of(step)?;
        let message =
            if matches!(self.lie, Some(Lie::Babble)) { self.babble(&error.message) } else { error.message };
        Some(Error { message, ..error })
    }

    /// Where it remembers no passwords they are the published ones, and new ones where none are.
    pub(super) fn with_passwords(&self, published: &[Login], mut logins: Vec<Login>) -> Vec<Login> {
        for login in logins.iter_mut().filter(|_| self.forgets_logins) {
            let known = published.iter().find(|known| known.username == login.username);
            login.password = known.map_or_else(|| self.babble("secret"), |known| known.password.clone());
        }
        logins
    }

    /// A message that never comes twice.
    pub(super) fn babble(&self, message: &str) -> String {
        format!("{message}, {}", self.asked.len())
    }
}

/// A database.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Database {
    /// An object has it; else only its data is there.
    pub(super) kept: bool,
    pub(super) made: bool,
    pub(super) up: bool,
    /// It is down because it should be.
    pub(super) stopped: bool,
    /// How often it was started.
    pub(super) starts: u32,
    pub(super) port: u16,
    pub(super) users: Vec<String>,
    /// What clients wrote.
    pub(super) rows: BTreeSet<String>,
}

impl Database {
    pub(super) fn make(&mut self, port: u16, rows: BTreeSet<String>) {
        if !self.made {
            (self.made, self.port, self.rows) = (true, port, rows);
        }
    }

    /// Brings it up where it is not, on another port where that is wanted.
    pub(super) fn start(&mut self, port: Option<u16>) {
        let port = port.unwrap_or(self.port);
        if !self.up || port != self.port {
            (self.up, self.port, self.starts) = (true, port, self.starts + 1);
        }
        self.stopped = false;
    }

    pub(super) fn stop(&mut self) {
        (self.up, self.stopped) = (false, true);
    }

    pub(super) fn observed(&self) -> Observed {
        let login = |user: &str| Login {
            username: user.into(),
            password: "secret".into(),
            database: "app".into(),
            ..Login::default()
        };
        let users = self.users.iter().map(|user| login(user));
        let phase = match () {
            () if self.up => Phase::Available,
            () if self.stopped => Phase::Stopped,
            () if self.made => Phase::NoPrimary,
            () => Phase::Creating,
        };
        let endpoint = Endpoint::new(Role::ReadWrite, "127.0.0.1", self.port);
        Observed {
            phase,
            message: format!("it is {}", phase.as_str()),
            version: "17.1".into(),
            selector: "example.com/of=fake".into(),
            instances: i32::from(self.up),
            ready_instances: i32::from(self.up),
            endpoints: if self.made { vec![endpoint] } else { Vec::new() },
            logins: [login("app")].into_iter().chain(users).collect(),
            ..Observed::default()
        }
    }
}
