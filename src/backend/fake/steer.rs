//! What tests tell a fake to do, and ask it.

use super::Fake;
use crate::backend::{Announcer, BackupPhase, Code, Error, News, Observed, Offer, Reference, Warning};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a backend does, in the order in which it does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Says who it is.
    Introduce,
    /// Says what it offers.
    Offer,
    /// Says what a change would disturb.
    Plan,
    /// Says where a database will be.
    Reference,
    /// Looks.
    Observe,
    /// Writes down that a database is wanted.
    Record,
    /// Makes its data.
    Make,
    /// Starts it.
    Start,
    /// Makes its users.
    Fill,
    /// Stops it because its object says so.
    Stop,
    /// Makes a backup because its object goes.
    BackUp,
    /// Ends it because its object goes.
    End,
    /// Removes its data.
    Remove,
}

/// What it says that is not so.
#[derive(Clone, Debug)]
pub(crate) enum Lie {
    /// Nothing is there.
    Gone,
    /// This is there.
    Observed(Box<Observed>),
    /// It will be there.
    Reference(Reference),
    /// What is so, and why a step fails, in other words each time.
    Babble,
    /// A backup was made, and nobody says where.
    BackedUp,
}

/// Which steps fail, and how.
#[derive(Default)]
pub(super) struct Failures {
    all: Option<Error>,
    at: BTreeMap<Step, Error>,
}

impl Failures {
    pub(super) fn of(&self, step: Step) -> Option<Error> {
        // Who can do nothing may still see, and say what it could do.
        let idle =
            matches!(step, Step::Introduce | Step::Observe | Step::Reference | Step::Offer | Step::Plan);
        self.at.get(&step).or(self.all.as_ref().filter(|_| !idle)).cloned()
    }
}

impl Fake {
    /// From now on it can do nothing, and says why; or it can again.
    pub(crate) fn fail(&self, why: Option<&str>) {
        self.world().failures.all = why.map(|why| Error::retried(Code::Unavailable, why));
    }

    /// A step fails from now on; or no longer.
    pub(crate) fn fail_at(&self, step: Step, error: Option<Error>) {
        let failures = &mut self.world().failures.at;
        match error {
            Some(error) => drop(failures.insert(step, error)),
            None => drop(failures.remove(&step)),
        }
    }

    /// It comes to a step and no further, for ever; or goes on again.
    pub(crate) fn hang_at(&self, step: Option<Step>) {
        self.world().hangs_at = step;
    }

    /// It says from now on what is not so; or the truth again.
    pub(crate) fn lie(&self, lie: Option<Lie>) {
        self.world().lie = lie;
    }

    /// It remembers no passwords from now on: those that were published are the ones that it knows.
    pub(crate) fn forgets_logins(&self) {
        self.world().forgets_logins = true;
    }

    /// A class is offered this from now on, and that is announced.
    pub(crate) fn offers(&self, class: &str, offer: Offer) {
        self.world().offers.insert(class.to_owned(), offer);
        self.announcer.tell(News::Class { name: class.to_owned() });
    }

    /// A database dies by itself.
    pub(crate) fn crash(&self, uid: &str) {
        if let Some(database) = self.world().databases.get_mut(uid) {
            database.up = false;
        }
        self.announcer.tell(News::Object { uid: uid.to_owned() });
    }

    /// Whoever looks after a database warns.
    pub(crate) fn warn(&self, uid: &str, reason: &str, message: &str) {
        let warning = Warning { uid: uid.to_owned(), reason: reason.to_owned(), message: message.to_owned() };
        self.warner.tell(warning);
    }

    /// Its process ends, whatever it was doing, and another one begins.
    pub(crate) fn restarted(&self) -> Arc<Fake> {
        let (announcer, warner) = (Announcer::default(), self.warner.clone());
        Arc::new(Fake { name: self.name, world: self.world.clone(), announcer, warner })
    }

    /// Whether a database runs; `None` where no object has it.
    pub(crate) fn is_up(&self, uid: &str) -> Option<bool> {
        self.world().databases.get(uid).filter(|database| database.kept).map(|database| database.up)
    }

    /// Whether the data of a database is there, whoever has it.
    pub(crate) fn has_data(&self, uid: &str) -> bool {
        self.world().databases.get(uid).is_some_and(|database| database.made)
    }

    /// How often a database was started.
    pub(crate) fn starts(&self, uid: &str) -> u32 {
        self.world().databases.get(uid).map_or(0, |database| database.starts)
    }

    /// A client writes a row.
    pub(crate) fn write(&self, uid: &str, row: &str) {
        if let Some(database) = self.world().databases.get_mut(uid) {
            database.rows.insert(row.to_owned());
        }
    }

    /// Whether a client reads that row.
    pub(crate) fn reads(&self, uid: &str, row: &str) -> bool {
        let world = self.world();
        world.databases.get(uid).is_some_and(|database| database.up && database.rows.contains(row))
    }

    /// This becomes of the backups that are not made yet.
    pub(crate) fn backups_are(&self, phase: BackupPhase, message: &str) {
        self.world().backs_up = (phase, message.to_owned());
    }

    /// Whether that row is in the backup of a database.
    pub(crate) fn is_backed_up(&self, uid: &str, row: &str) -> bool {
        self.world().backups.get(uid).is_some_and(|rows| rows.contains(row))
    }

    /// Everything there is, in words.
    pub(crate) fn everything(&self) -> String {
        format!("{:?}", self.world().databases)
    }

    /// The steps that it came to since this was asked last, such as `Make shop`.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.world().asked)
    }
}
