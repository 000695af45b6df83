//! What the writer, the reads and the watches of one store share.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ::redb::{Database, DatabaseError, StorageError};

use super::super::feed::{Feed, History, Scan};
use super::file::{self, Source};
use super::recent::Recent;
use super::view::View;
use super::{blocking, write};
use crate::{Error, Revision};

/// An open store.
pub(super) struct Shared {
    source: Box<dyn Source>,
    state: RwLock<State>,
    feed: Feed,
    recent: Mutex<Recent>,
}

enum State {
    Open(Database),
    /// A commit failed: what is in the file has to be read anew.
    Failed,
    /// And the file cannot be opened for writing.
    ReadOnly(Database),
    /// What is in the file cannot be trusted, and why.
    Damaged(String),
    Closed,
}

impl Shared {
    pub(super) fn open(source: Box<dyn Source>) -> Result<Self, Error> {
        let (database, revision) = prepare(source.as_ref(), file::open_checked)?;
        Ok(Self {
            source,
            state: RwLock::new(State::Open(database)),
            feed: Feed::new(revision),
            recent: Mutex::default(),
        })
    }

    pub(super) fn feed(&self) -> &Feed {
        &self.feed
    }

    pub(super) fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one snapshot.
    pub(super) fn read<T>(&self, work: impl FnOnce(&View) -> Result<T, Failure>) -> Result<T, Error> {
        self.with(Use::Read, |database| {
            let view = View::open(database)?;
            // A snapshot may be newer than what the writer has published by now.
            self.feed.publish(view.revision());
            work(&view)
        })
    }

    /// Uses the database, opening it afresh when the last commit failed.
    pub(super) fn with<T>(
        &self,
        purpose: Use,
        work: impl FnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        loop {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            match (&*state, purpose) {
                (State::Open(database), _) | (State::ReadOnly(database), Use::Read) => {
                    let path = self.source.path();
                    let work = || work(database).map_err(|failure| failure.explain(path, purpose.verb()));
                    let outcome = file::sound(path, work);
                    drop(state);
                    return outcome.unwrap_or_else(|damage| Err(self.damaged(damage)));
                }
                (State::Damaged(reason), _) => return Err(Error::Corrupt(reason.clone())),
                (State::Closed, _) => return Err(Error::Unavailable("the store was closed".to_owned())),
                (State::Failed, _) | (State::ReadOnly(_), Use::Write) => {}
            }
            drop(state);
            self.reopen(purpose)?;
        }
    }

    /// Closes the database after a failed commit, until it is needed again.
    pub(super) fn fail(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, State::Damaged(_)) {
            *state = State::Failed;
        }
    }

    /// Closes the database for good.
    pub(super) fn close(&self) {
        self.replace(State::Closed);
    }

    /// Nothing is read from what cannot be trusted, nor written there.
    fn damaged(&self, reason: String) -> Error {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *state, State::Damaged(reason.clone()));
        drop(state);
        // To close it may panic once more.
        let _ = file::sound(self.source.path(), || drop(before));
        Error::Corrupt(reason)
    }

    pub(super) fn size(&self) -> Result<u64, Error> {
        let size = self.source.size();
        size.map_err(|error| file::explain(self.source.path(), "read", StorageError::Io(error)))
    }

    fn replace(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn reopen(&self, purpose: Use) -> Result<(), Error> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match (&*state, purpose) {
            (State::Failed, _) | (State::ReadOnly(_), Use::Write) => {}
            // Somebody else was first.
            _ => return Ok(()),
        }
        // What is open holds the file's lock.
        *state = State::Failed;
        let source = self.source.as_ref();
        let (database, revision) = match (prepare(source, Source::open), purpose) {
            (Ok((database, revision)), _) => (State::Open(database), revision),
            (Err(error), Use::Write) => return Err(error),
            (Err(_), Use::Read) => {
                let (database, revision) = prepare(source, Source::open_for_reading)?;
                (State::ReadOnly(database), revision)
            }
        };
        tracing::info!(path = %source.path().display(), revision, "the database was opened afresh");
        *state = database;
        self.feed.publish(revision);
        Ok(())
    }
}

/// What the database is needed for.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Read,
    Write,
}

impl Use {
    fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Opens a database, and checks its layout.
fn prepare(
    source: &dyn Source,
    open: impl FnOnce(&dyn Source) -> Result<Database, DatabaseError>,
) -> Result<(Database, Revision), Error> {
    let path = source.path();
    let prepared = file::sound(path, || {
        let database = open(source).map_err(|error| file::cannot_open(path, error))?;
        let revision = write::prepare(&database).map_err(|failure| failure.explain(path, "open"))?;
        Ok((database, revision))
    });
    prepared.unwrap_or_else(|damage| Err(Error::Corrupt(damage)))
}

impl History for Arc<Shared> {
    async fn events(&self, prefix: &str, after: Revision, until: Revision) -> Result<Scan, Error> {
        let scan = self.recent().scan(prefix, after, until);
        if let Some(scan) = scan {
            return Ok(scan);
        }
        let (shared, prefix) = (self.clone(), prefix.to_owned());
        blocking(move || shared.read(|view| view.events(&prefix, after, until))).await
    }
}

/// Why a piece of work failed.
pub(super) enum Failure {
    /// It cannot be done, by the contract.
    Refused(Error),
    /// The database failed.
    Failed(StorageError),
}

impl Failure {
    fn explain(self, path: &std::path::Path, what: &str) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Failed(error) => file::explain(path, what, error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Every error of redb that can occur while working on an open database.
macro_rules! failures {
    ($($error:ident),+) => {
        $(impl From<::redb::$error> for Failure {
            fn from(error: ::redb::$error) -> Self {
                match error {
                    ::redb::$error::Storage(error) => Self::Failed(error),
                    other => Self::Failed(StorageError::Backend(other.to_string().into())),
                }
            }
        })+
    };
}

failures!(TransactionError, TableError, CommitError);

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Failed(error)
    }
}
