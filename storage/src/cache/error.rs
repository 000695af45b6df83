//! Why the cache cannot answer.

use std::sync::Arc;

use crate::{Error, Revision};

/// Why the cache cannot answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CacheError {
    /// The first load is still under way; try again soon.
    #[error("the cache of {0} is not filled yet")]
    NotReady(Arc<str>),
    /// The revision was not reached within the time that a read waits.
    #[error("Too large resource version: {requested}, current: {current}")]
    TooLarge {
        /// The revision asked for.
        requested: Revision,
        /// The revision the cache has.
        current: Revision,
    },
    /// The history that is needed is no longer kept; list again and go on from there.
    #[error("revision {requested} is too old; the oldest kept is {oldest}")]
    Expired {
        /// The revision asked for, or the one up to which a watcher had come.
        requested: Revision,
        /// The oldest revision to go on from.
        oldest: Revision,
    },
    /// A stored value cannot be decoded; it is left out until it is rewritten or removed.
    #[error("the stored value of {key} cannot be decoded: {reason}")]
    Damaged {
        /// The full key.
        key: Arc<str>,
        /// What the owner's decoder said.
        reason: Arc<str>,
    },
    /// The prefix does not lie below the cache's own.
    #[error("{0:?} is outside of what the cache holds")]
    Outside(String),
    /// The cache was dropped.
    #[error("the cache was stopped")]
    Stopped,
    /// The store failed.
    #[error(transparent)]
    Storage(Arc<Error>),
}

impl From<Arc<Error>> for CacheError {
    fn from(error: Arc<Error>) -> Self {
        match *error {
            Error::Compacted { requested, oldest } => Self::Expired { requested, oldest },
            Error::FutureRevision { requested, current } => Self::TooLarge { requested, current },
            _ => Self::Storage(error),
        }
    }
}

impl From<Error> for CacheError {
    fn from(error: Error) -> Self {
        Arc::new(error).into()
    }
}
