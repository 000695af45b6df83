//! The state at one revision, on a persistent map that shares its nodes with its neighbours.

use std::ops::Bound;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::Entry;
use crate::Revision;

/// All entries at one revision. A clone costs one reference count.
#[derive(Debug)]
pub struct Snapshot<T>(pub(super) Arc<State<T>>);

/// The contents of a snapshot, and of the one in the making.
#[derive(Debug)]
pub(super) struct State<T> {
    pub(super) revision: Revision,
    entries: OrdMap<Arc<str>, Arc<Entry<T>>>,
    damaged: OrdSet<Arc<str>>,
}

impl<T> Snapshot<T> {
    /// The revision up to which every change is in here, and none after it.
    pub fn revision(&self) -> Revision {
        self.0.revision
    }

    /// The entry of one key.
    pub fn get(&self, key: &str) -> Option<&Arc<Entry<T>>> {
        self.0.get(key)
    }

    /// The entries below `prefix` in the order of the keys' bytes, from `start` (a full key, inclusive) on.
    pub fn range<'a>(
        &'a self,
        prefix: &'a str,
        start: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Entry<T>>> {
        let from = start.map_or(prefix, |start| start.max(prefix));
        self.0
            .entries
            .range::<_, str>((Bound::Included(from), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(_, entry)| entry)
    }

    /// Every entry, in key order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Entry<T>>> {
        self.0.entries.values()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// How many entries lie below `prefix`, counted one by one.
    pub fn count(&self, prefix: &str) -> usize {
        self.range(prefix, None).count()
    }

    /// The entries below `prefix` whose values are damaged, from `start` (a full key, inclusive) on. Costs next to nothing
    /// where there are none.
    pub fn damaged<'a>(
        &'a self,
        prefix: &'a str,
        start: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Entry<T>>> {
        let from = start.map_or(prefix, |start| start.max(prefix));
        let keys = self.0.damaged.range::<_, str>((Bound::Included(from), Bound::Unbounded));
        keys.take_while(move |key| key.starts_with(prefix)).filter_map(|key| self.get(key))
    }
}

impl<T> State<T> {
    pub(super) fn empty(revision: Revision) -> Self {
        Self { revision, entries: OrdMap::new(), damaged: OrdSet::new() }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Arc<Entry<T>>> {
        self.entries.get(key)
    }

    pub(super) fn is_damaged(&self) -> bool {
        !self.damaged.is_empty()
    }

    pub(super) fn insert(&mut self, entry: Arc<Entry<T>>) {
        if entry.value.is_err() {
            self.damaged.insert(entry.key.clone());
        } else if !self.damaged.is_empty() {
            self.damaged.remove(&*entry.key);
        }
        self.entries.insert(entry.key.clone(), entry);
    }

    pub(super) fn remove(&mut self, key: &str) {
        if !self.damaged.is_empty() {
            self.damaged.remove(key);
        }
        self.entries.remove(key);
    }
}

impl<T> Clone for Snapshot<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        Self { revision: self.revision, entries: self.entries.clone(), damaged: self.damaged.clone() }
    }
}
