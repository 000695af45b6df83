//! Why a storage call failed.

use crate::Revision;

/// Why a storage call failed. A failed comparison is not an error: see [`crate::Update::Conflict`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The history before `oldest` was compacted away.
    #[error("revision {requested} was compacted; the oldest kept is {oldest}")]
    Compacted {
        /// The revision asked for.
        requested: Revision,
        /// The oldest revision that can be read.
        oldest: Revision,
    },
    /// The revision is not reached yet.
    #[error("revision {requested} is ahead of the store's {current}")]
    FutureRevision {
        /// The revision asked for.
        requested: Revision,
        /// The store's revision.
        current: Revision,
    },
    /// The value is larger than the engine takes.
    #[error("the value of {size} bytes exceeds the limit of {limit}")]
    TooLarge {
        /// The value's size.
        size: usize,
        /// The largest that is taken.
        limit: usize,
    },
    /// The key cannot be stored.
    #[error("invalid key {0:?}")]
    InvalidKey(String),
    /// The store was never reached since the start: nothing was done, and it is being waited for.
    #[error("the store is not there yet")]
    NotOpen,
    /// The store cannot be reached, or did not answer in time; the write may or may not have happened.
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    /// The store cannot be opened or written: a full or read-only disk, a foreign file, missing rights.
    #[error("{0}")]
    Io(String),
    /// The store's contents are damaged.
    #[error("storage is damaged: {0}")]
    Corrupt(String),
}
