//! Whom a change of a database concerns that is to be copied: who waits for it is looked at when it becomes Ready.

use super::super::referring::Referring;
use super::{Database, key};
use crate::controller::runtime::Queue;
use crate::registry::{Objects, Stored};
use std::sync::Arc;

/// Keeps account of whose copies are not made yet, and looks at those of a database that changed.
pub(super) fn copied<K: Database>(objects: Objects<K>) -> impl FnMut(&Arc<Stored>, &Queue<String>) + Send {
    let copies = Referring::default();
    move |stored, queue| {
        let object = objects.known(stored.namespace(), stored.name());
        let waits = object.filter(|object| object.status().version.is_empty());
        let source = waits.as_ref().and_then(|object| object.copied());
        let source = source.map(|source| format!("{}/{}", stored.namespace(), source.name));
        copies.set(key(stored), source.into_iter().collect());
        copies.to(&key(stored)).iter().for_each(|copy| queue.add(copy));
    }
}
