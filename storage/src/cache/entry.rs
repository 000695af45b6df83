//! What the cache holds and hands out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::CacheError;
use crate::{EventKind, Revision};

/// What the owner makes of a stored value. Called once per change.
///
/// Every `Fn(&str, &Bytes, Revision) -> Result<T, String>` is one. An `Err` keeps the key in the cache as
/// damaged: [`Entry::value`] says why, and watchers do not see it.
pub trait Decode<T>: Send + Sync + 'static {
    /// Decodes the value of `key` that was written at `revision`.
    fn decode(&self, key: &str, value: &Bytes, revision: Revision) -> Result<T, String>;

    /// What must be waited for before a value can be decoded. It ends in a time that a reader can wait, whatever comes of it.
    fn prepare(&self, _: &Bytes) -> Option<BoxFuture<'static, ()>> {
        None
    }
}

impl<T, D> Decode<T> for D
where
    D: Fn(&str, &Bytes, Revision) -> Result<T, String> + Send + Sync + 'static,
{
    fn decode(&self, key: &str, value: &Bytes, revision: Revision) -> Result<T, String> {
        self(key, value, revision)
    }
}

/// A key with what the owner decoded its value to.
#[derive(Debug)]
pub struct Entry<T> {
    /// The full key.
    pub key: Arc<str>,
    /// The revision of the write that put the value there.
    pub revision: Revision,
    pub(super) value: Result<Arc<T>, Arc<str>>,
}

impl<T> Entry<T> {
    /// The object, or [`CacheError::Damaged`].
    pub fn value(&self) -> Result<&Arc<T>, CacheError> {
        self.value
            .as_ref()
            .map_err(|reason| CacheError::Damaged { key: self.key.clone(), reason: reason.clone() })
    }
}

impl<T: 'static> Entry<T> {
    /// Decodes a value; a decoder that fails or panics leaves a damaged entry and a line in the log.
    pub(super) fn decode(decode: &dyn Decode<T>, key: Arc<str>, value: &Bytes, revision: Revision) -> Self {
        let outcome = catch_unwind(AssertUnwindSafe(|| decode.decode(&key, value, revision)))
            .unwrap_or_else(|_| Err("the decoder panicked".to_owned()));
        if let Err(reason) = &outcome {
            tracing::error!(%key, revision, %reason, "a stored value cannot be decoded");
        }
        Self { key, revision, value: outcome.map(Arc::new).map_err(Arc::from) }
    }
}

/// One change of one key, shared by all watchers.
#[derive(Debug)]
pub struct Change<T, F = ()> {
    /// What happened.
    pub kind: EventKind,
    /// The revision of the change; for a deletion not the one that the object carries.
    pub revision: Revision,
    /// The full key.
    pub key: Arc<str>,
    /// The new object; for a deletion the last one that was intact.
    pub object: Arc<T>,
    /// The object before; `None` when created, or when what was there was damaged.
    pub previous: Option<Arc<T>>,
    /// Room for what the owner makes of the change once for all watchers (its encoded frames).
    pub frames: F,
}

/// What a watcher got in one go.
#[derive(Debug)]
pub struct Batch<T, F = ()> {
    /// The changes below the watcher's prefix, in revision order; never empty.
    pub changes: Vec<Arc<Change<T, F>>>,
    /// Every change up to and including this revision was delivered with this batch or before it.
    pub revision: Revision,
}
