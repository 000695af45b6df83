//! The versions of every key, and the events that made them.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::super::feed::{SCAN, Scan};
use super::super::{Write, key};
use crate::{Error, Event, EventKind, KeyValue, Page, ReadAt, Revision, Update};

/// Everything the store knows.
pub(super) struct State {
    revision: Revision,
    /// The oldest revision that can be read.
    oldest: Revision,
    /// Of each key, oldest first; never empty.
    versions: BTreeMap<String, Vec<Version>>,
    /// One event for each revision after `oldest`, in order.
    history: VecDeque<Event>,
}

#[derive(Clone)]
struct Version {
    revision: Revision,
    /// `None`: the key was removed.
    value: Option<Bytes>,
}

impl Default for State {
    /// Like etcd, an empty store stands at 1, so that 0 never is the revision of a state.
    fn default() -> Self {
        Self { revision: 1, oldest: 1, versions: BTreeMap::new(), history: VecDeque::new() }
    }
}

impl State {
    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    pub(super) fn write(&mut self, write: Write) -> Update {
        let Write { key, expected, value } = write;
        let previous = self.versions.get(&key).and_then(|versions| newest(&key, versions, self.revision));
        if previous.as_ref().map(|kv| kv.revision) != expected {
            return Update::Conflict(previous);
        }
        self.revision += 1;
        let kind = match (&previous, &value) {
            (_, None) => EventKind::Deleted,
            (None, _) => EventKind::Created,
            (Some(_), _) => EventKind::Updated,
        };
        let revision = self.revision;
        let version = Version { revision, value: value.clone() };
        self.versions.entry(key.clone()).or_default().push(version);
        self.history.push_back(Event { kind, key, value: value.unwrap_or_default(), previous, revision });
        Update::Done(revision)
    }

    pub(super) fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        let at = self.resolve(at)?;
        Ok((self.versions.get(key).and_then(|versions| newest(key, versions, at)), at))
    }

    pub(super) fn list(
        &self,
        prefix: &str,
        start: Option<&str>,
        limit: usize,
        at: ReadAt,
    ) -> Result<Page, Error> {
        let revision = self.resolve(at)?;
        let end = key::end(prefix);
        let mut found = self
            .versions
            .range::<str, _>((
                std::ops::Bound::Included(key::start(prefix, start)),
                std::ops::Bound::Unbounded,
            ))
            .take_while(|(key, _)| **key < end)
            .filter_map(|(key, versions)| newest(key, versions, revision));
        let items = found.by_ref().take(if limit == 0 { usize::MAX } else { limit }).collect();
        Ok(Page { items, revision, more: found.next().is_some() })
    }

    pub(super) fn events(&self, prefix: &str, after: Revision, until: Revision) -> Result<Scan, Error> {
        self.check_kept(after)?;
        let until = until.min(after + SCAN);
        let skip = usize::try_from(after - self.oldest).unwrap_or(usize::MAX).min(self.history.len());
        let events = self
            .history
            .range(skip..)
            .take_while(|event| event.revision <= until)
            .filter(|event| event.key.starts_with(prefix))
            .cloned()
            .collect();
        Ok(Scan { events, until })
    }

    /// Whether every event after `after` is still known.
    pub(super) fn check_kept(&self, after: Revision) -> Result<(), Error> {
        if after < self.oldest {
            return Err(Error::Compacted { requested: after, oldest: self.oldest });
        }
        Ok(())
    }

    pub(super) fn compact(&mut self, revision: Revision) -> Result<(), Error> {
        if revision > self.revision {
            return Err(Error::FutureRevision { requested: revision, current: self.revision });
        }
        while self.history.front().is_some_and(|event| event.revision <= revision) {
            if let Some(event) = self.history.pop_front() {
                self.forget(&event.key, revision);
            }
        }
        self.oldest = self.oldest.max(revision);
        Ok(())
    }

    /// Drops the versions of `key` that no read from `oldest` on can see.
    fn forget(&mut self, key: &str, oldest: Revision) {
        let Some(versions) = self.versions.get_mut(key) else { return };
        let visible = versions.partition_point(|version| version.revision <= oldest).saturating_sub(1);
        versions.drain(..visible);
        if versions.first().is_some_and(|first| first.revision <= oldest && first.value.is_none()) {
            versions.remove(0);
        }
        if versions.is_empty() {
            self.versions.remove(key);
        }
    }

    fn resolve(&self, at: ReadAt) -> Result<Revision, Error> {
        match at {
            ReadAt::Latest => Ok(self.revision),
            ReadAt::Exactly(requested) if requested > self.revision => {
                Err(Error::FutureRevision { requested, current: self.revision })
            }
            ReadAt::Exactly(requested) => self.check_kept(requested).map(|()| requested),
        }
    }
}

/// What a key held at `at`.
fn newest(key: &str, versions: &[Version], at: Revision) -> Option<KeyValue> {
    let seen = versions.partition_point(|version| version.revision <= at);
    let Version { revision, value } = versions.get(seen.checked_sub(1)?)?;
    value.as_ref().map(|value| KeyValue { key: key.to_owned(), value: value.clone(), revision: *revision })
}
