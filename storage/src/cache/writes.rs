//! Our own writes, which the cache knows before their events come: what was just encoded need not be decoded.
//!
//! A write is announced before it is made, because its event may come before its acknowledgement does. Whichever comes
//! first makes the object; both share it. The bytes decide: an event of other bytes is somebody else's write.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::wake::lock;
use crate::Revision;

/// How many acknowledged writes wait for their events.
const ACKNOWLEDGED: usize = 1024;

/// The writes of one key that are announced.
type Announcements<T> = Vec<Arc<dyn Meets<T>>>;
/// A key with its object.
type Kept<T> = (Arc<str>, Arc<T>);

/// The writes of one cache.
pub(super) struct Writes<T> {
    under_way: Mutex<HashMap<Arc<str>, Announcements<T>>>,
    acknowledged: Mutex<BTreeMap<Revision, Kept<T>>>,
}

impl<T> Default for Writes<T> {
    fn default() -> Self {
        Self { under_way: Mutex::default(), acknowledged: Mutex::default() }
    }
}

impl<T> Writes<T> {
    /// The object of one of our writes, where the event is of one. Writes before it have no use any more.
    pub(super) fn meet(&self, revision: Revision, key: &str, value: &Bytes) -> Option<Arc<T>> {
        let announced = lock(&self.under_way).get(key).cloned().unwrap_or_default();
        let met = announced.iter().find_map(|write| write.meet(revision, value));
        let acknowledged = self.take(revision, key);
        met.or(acknowledged)
    }

    fn take(&self, revision: Revision, key: &str) -> Option<Arc<T>> {
        let mut acknowledged = lock(&self.acknowledged);
        while acknowledged.first_key_value().is_some_and(|(first, _)| *first < revision) {
            acknowledged.pop_first();
        }
        let first = acknowledged.first_entry().filter(|first| *first.key() == revision)?;
        (*first.get().0 == *key).then(|| first.remove().1)
    }

    fn keep(&self, revision: Revision, key: Arc<str>, object: Arc<T>) {
        let mut acknowledged = lock(&self.acknowledged);
        acknowledged.insert(revision, (key, object));
        if acknowledged.len() > ACKNOWLEDGED {
            acknowledged.pop_first();
        }
    }
}

/// What the feed asks of an announced write.
trait Meets<T>: Send + Sync {
    /// The object, where the event is of this write.
    fn meet(&self, revision: Revision, value: &Bytes) -> Option<Arc<T>>;
}

/// How far a write is.
enum Progress<T, P> {
    /// Nobody knows its revision.
    Parts(P),
    Made(Revision, Arc<T>),
    Gone,
}

struct Write<T, P> {
    after: Revision,
    value: Bytes,
    make: fn(P, Revision) -> T,
    progress: Mutex<Progress<T, P>>,
}

impl<T, P> Write<T, P> {
    /// The object, unless it was made for another revision.
    fn at(&self, revision: Revision) -> Option<Arc<T>> {
        let mut progress = lock(&self.progress);
        *progress = match mem::replace(&mut *progress, Progress::Gone) {
            Progress::Parts(parts) => Progress::Made(revision, Arc::new((self.make)(parts, revision))),
            other => other,
        };
        match &*progress {
            Progress::Made(at, object) if *at == revision => Some(object.clone()),
            _ => None,
        }
    }
}

impl<T: Send + Sync, P: Send> Meets<T> for Write<T, P> {
    fn meet(&self, revision: Revision, value: &Bytes) -> Option<Arc<T>> {
        if revision <= self.after || *value != self.value {
            return None;
        }
        self.at(revision)
    }
}

/// A write that was announced and whose outcome is not known. Dropped, it is as if it had not been announced.
pub struct Announced<T: Send + Sync + 'static, P: Send + 'static> {
    writes: Arc<Writes<T>>,
    key: Arc<str>,
    write: Arc<Write<T, P>>,
}

impl<T: Send + Sync + 'static, P: Send + 'static> Announced<T, P> {
    /// Announces a write of `value`, which succeeds only if the key was not written after `after`.
    pub(super) fn new(
        writes: &Arc<Writes<T>>,
        key: &str,
        after: Revision,
        value: Bytes,
        parts: P,
        make: fn(P, Revision) -> T,
    ) -> Self {
        let (writes, key) = (writes.clone(), Arc::<str>::from(key));
        let write = Arc::new(Write { after, value, make, progress: Mutex::new(Progress::Parts(parts)) });
        lock(&writes.under_way).entry(key.clone()).or_default().push(write.clone());
        Self { writes, key, write }
    }

    /// The write was acknowledged: its object, which the cache has or will have. `None` where another write of the same
    /// bytes used what the object is made of.
    pub fn done(self, revision: Revision) -> Option<Arc<T>> {
        let known = matches!(&*lock(&self.write.progress), Progress::Made(..));
        let object = self.write.at(revision)?;
        if !known {
            // Before it ends being announced: between the two the event would find neither.
            self.writes.keep(revision, self.key.clone(), object.clone());
        }
        Some(object)
    }

    /// The write was refused: what its object would have been made of, unless another write of the same bytes used that.
    pub fn refused(self) -> Option<P> {
        match mem::replace(&mut *lock(&self.write.progress), Progress::Gone) {
            Progress::Parts(parts) => Some(parts),
            _ => None,
        }
    }
}

impl<T: Send + Sync + 'static, P: Send + 'static> Drop for Announced<T, P> {
    fn drop(&mut self) {
        let mut under_way = lock(&self.writes.under_way);
        let Some(writes) = under_way.get_mut(&*self.key) else { return };
        let ours = Arc::as_ptr(&self.write).cast::<()>();
        writes.retain(|write| Arc::as_ptr(write).cast::<()>() != ours);
        if writes.is_empty() {
            under_way.remove(&*self.key);
        }
    }
}
