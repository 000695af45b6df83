//! The words of the storage contract.

use bytes::Bytes;

/// A point in the store's history. 0 means "none"; the first write is greater.
pub type Revision = u64;

/// A key with its value and the revision of the write that put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The full key.
    pub key: String,
    /// The bytes as they were written.
    pub value: Bytes,
    /// The revision of the write that put the value there.
    pub revision: Revision,
}

/// Which state a read is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAt {
    /// The newest state, linearizable.
    Latest,
    /// Exactly the state at this revision; `Compacted` or `FutureRevision` where that is impossible.
    Exactly(Revision),
}

/// Part of a listing.
#[derive(Clone, Debug)]
pub struct Page {
    /// In key order.
    pub items: Vec<KeyValue>,
    /// The revision of the state that was read (not the greatest revision of an item).
    pub revision: Revision,
    /// Whether keys are left behind the last item.
    pub more: bool,
}

/// The outcome of a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Done; the revision of the write.
    Done(Revision),
    /// The comparison failed; what is there now (`None`: nothing).
    Conflict(Option<KeyValue>),
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The key was put where there was none.
    Created,
    /// The key's value was replaced.
    Updated,
    /// The key was removed.
    Deleted,
}

/// One change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The full key.
    pub key: String,
    /// The new value; empty when deleted.
    pub value: Bytes,
    /// The value before, with its own revision; `None` when created.
    pub previous: Option<KeyValue>,
    /// The revision of this change.
    pub revision: Revision,
}

/// What a watch delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchMessage {
    /// Changes, in revision order.
    Events(Vec<Event>),
    /// Every event up to and including this revision was delivered.
    Progress(Revision),
}
