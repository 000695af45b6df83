//! Reads: one snapshot of the store.

use std::ops::ControlFlow;

use ::redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageError};

use super::super::feed::{SCAN, Scan};
use super::super::key;
use super::shared::Failure;
use super::tables::{LOG, META, META_COMPACTED, META_REVISION, Record, VERSIONS};
use crate::{Error, Event, KeyValue, Page, ReadAt, Revision};

/// One snapshot.
pub(super) struct View {
    log: ReadOnlyTable<Revision, &'static [u8]>,
    versions: ReadOnlyTable<(&'static str, Revision), bool>,
    revision: Revision,
    oldest: Revision,
}

impl View {
    pub(super) fn open(database: &Database) -> Result<Self, Failure> {
        let snapshot = database.begin_read()?;
        let meta = snapshot.open_table(META)?;
        Ok(Self {
            log: snapshot.open_table(LOG)?,
            versions: snapshot.open_table(VERSIONS)?,
            revision: number(&meta, META_REVISION)?,
            oldest: number(&meta, META_COMPACTED)?,
        })
    }

    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    pub(super) fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Failure> {
        let at = self.resolve(at)?;
        Ok((newest(&self.versions, &self.log, key, at)?, at))
    }

    pub(super) fn list(
        &self,
        prefix: &str,
        start: Option<&str>,
        limit: usize,
        at: ReadAt,
    ) -> Result<Page, Failure> {
        let revision = self.resolve(at)?;
        let limit = if limit == 0 { usize::MAX } else { limit };
        let mut page = Page { items: Vec::new(), revision, more: false };
        self.each_live(key::start(prefix, start), &key::end(prefix), revision, |key, since| {
            page.more = page.items.len() == limit;
            if page.more {
                return Ok(ControlFlow::Break(()));
            }
            page.items.push(load(&self.log, key, since)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(page)
    }

    /// Calls `found` with each key of the range that is there at `at`, and the revision of its value, until it breaks.
    fn each_live(
        &self,
        start: &str,
        end: &str,
        at: Revision,
        mut found: impl FnMut(&str, Revision) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        if start >= end {
            return Ok(());
        }
        let mut newest: Option<(String, Revision, bool)> = None;
        for entry in self.versions.range((start, 0)..(end, 0))? {
            let (version, live) = entry?;
            let (key, revision) = version.value();
            match &mut newest {
                _ if revision > at => {}
                Some((known, since, alive)) if known == key => (*since, *alive) = (revision, live.value()),
                _ => {
                    let next = Some((key.to_owned(), revision, live.value()));
                    if let Some((key, since, true)) = std::mem::replace(&mut newest, next)
                        && found(&key, since)?.is_break()
                    {
                        return Ok(());
                    }
                }
            }
        }
        if let Some((key, since, true)) = newest {
            let _ = found(&key, since)?;
        }
        Ok(())
    }

    pub(super) fn events(&self, prefix: &str, after: Revision, until: Revision) -> Result<Scan, Failure> {
        self.check_kept(after)?;
        let until = until.min(self.revision).min(after + SCAN);
        let mut events = Vec::new();
        for entry in self.log.range(after + 1..=until)? {
            let (revision, record) = entry?;
            let record = Record::decode(revision.value(), record.value())?;
            if record.key.starts_with(prefix) {
                events.push(self.event(revision.value(), &record)?);
            }
        }
        Ok(Scan { events, until })
    }

    fn event(&self, revision: Revision, record: &Record<'_>) -> Result<Event, Failure> {
        let previous = match record.previous {
            0 => None,
            previous => Some(load(&self.log, record.key, previous)?),
        };
        Ok(Event { kind: record.kind, key: record.key.to_owned(), value: record.value(), previous, revision })
    }

    /// Whether every event after `after` is still known.
    pub(super) fn check_kept(&self, after: Revision) -> Result<(), Failure> {
        if after < self.oldest {
            return Err(Error::Compacted { requested: after, oldest: self.oldest }.into());
        }
        Ok(())
    }

    fn resolve(&self, at: ReadAt) -> Result<Revision, Failure> {
        match at {
            ReadAt::Latest => Ok(self.revision),
            ReadAt::Exactly(requested) if requested > self.revision => {
                Err(Error::FutureRevision { requested, current: self.revision }.into())
            }
            ReadAt::Exactly(requested) => self.check_kept(requested).map(|()| requested),
        }
    }
}

/// What `key` held at `at`.
pub(super) fn newest(
    versions: &impl ReadableTable<(&'static str, Revision), bool>,
    log: &impl ReadableTable<Revision, &'static [u8]>,
    key: &str,
    at: Revision,
) -> Result<Option<KeyValue>, Failure> {
    match versions.range((key, 0)..=(key, at))?.next_back().transpose()? {
        Some((version, live)) if live.value() => load(log, key, version.value().1).map(Some),
        _ => Ok(None),
    }
}

/// The value that `key` got at `revision`.
fn load(
    log: &impl ReadableTable<Revision, &'static [u8]>,
    key: &str,
    revision: Revision,
) -> Result<KeyValue, Failure> {
    let entry = log.get(revision)?;
    let entry =
        entry.ok_or_else(|| StorageError::Corrupted(format!("the log's entry {revision} is missing")))?;
    let value = Record::decode(revision, entry.value())?.value();
    Ok(KeyValue { key: key.to_owned(), value, revision })
}

/// A number of the table `meta`; 0 when it is not there.
pub(super) fn number(meta: &impl ReadableTable<&'static str, u64>, name: &str) -> Result<u64, Failure> {
    Ok(meta.get(name)?.map_or(0, |number| number.value()))
}
