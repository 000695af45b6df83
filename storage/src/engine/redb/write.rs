//! Writes: what happens inside one transaction.

use ::redb::{Database, ReadableDatabase, ReadableTable, Table, TableError, TableHandle, WriteTransaction};

use super::super::Write;
use super::shared::Failure;
use super::tables::{
    FORMAT, LOG, META, META_COMPACTED, META_FORMAT, META_REVISION, META_SWEPT, Record, VERSIONS,
};
use super::view::{newest, number};
use crate::{Error, Event, EventKind, Revision, Update};

/// How many log entries one transaction of a compaction looks at.
const SWEEP: u64 = 2048;

/// Checks the layout, or makes it in a new file, and gives the newest revision.
pub(super) fn prepare(database: &Database) -> Result<Revision, Failure> {
    let snapshot = database.begin_read()?;
    match snapshot.open_table(META) {
        Ok(meta) => {
            let format = number(&meta, META_FORMAT)?;
            if format != FORMAT {
                return Err(unknown_format(format));
            }
            number(&meta, META_REVISION)
        }
        Err(TableError::TableDoesNotExist(_)) if snapshot.list_tables()?.next().is_none() => create(database),
        Err(TableError::TableDoesNotExist(_) | TableError::TableTypeMismatch { .. }) => Err(foreign()),
        Err(error) => Err(error.into()),
    }
}

/// Like etcd, an empty store stands at 1, so that 0 never is the revision of a state.
fn create(database: &Database) -> Result<Revision, Failure> {
    let transaction = database.begin_write()?;
    {
        transaction.open_table(LOG)?;
        transaction.open_table(VERSIONS)?;
        let mut meta = transaction.open_table(META)?;
        meta.insert(META_FORMAT, FORMAT)?;
        for name in [META_REVISION, META_COMPACTED, META_SWEPT] {
            meta.insert(name, 1)?;
        }
    }
    transaction.commit()?;
    Ok(1)
}

fn unknown_format(format: u64) -> Failure {
    Failure::Refused(Error::Io(format!(
        "the database has layout {format} and this server knows layout {FORMAT}; \
         use the version of the server that wrote it"
    )))
}

fn foreign() -> Failure {
    Failure::Refused(Error::Io(format!(
        "the database belongs to another program: it has no table {:?} of ours; choose another path",
        META.name()
    )))
}

/// The tables of a transaction that writes.
pub(super) struct Batch<'a> {
    log: Table<'a, Revision, &'static [u8]>,
    versions: Table<'a, (&'static str, Revision), bool>,
    meta: Table<'a, &'static str, u64>,
    revision: Revision,
    events: Vec<Event>,
}

impl<'a> Batch<'a> {
    pub(super) fn open(transaction: &'a WriteTransaction) -> Result<Self, Failure> {
        let meta = transaction.open_table(META)?;
        Ok(Self {
            log: transaction.open_table(LOG)?,
            versions: transaction.open_table(VERSIONS)?,
            revision: number(&meta, META_REVISION)?,
            meta,
            events: Vec::new(),
        })
    }

    /// Does `write` if what it expects is so.
    pub(super) fn apply(&mut self, write: &Write) -> Result<Update, Failure> {
        let Write { key, expected, value } = write;
        let previous = newest(&self.versions, &self.log, key, self.revision)?;
        if previous.as_ref().map(|kv| kv.revision) != *expected {
            return Ok(Update::Conflict(previous));
        }
        let revision = self.revision + 1;
        let kind = match (&previous, value) {
            (_, None) => EventKind::Deleted,
            (None, _) => EventKind::Created,
            (Some(_), _) => EventKind::Updated,
        };
        let bytes = value.clone().unwrap_or_default();
        let record = Record { kind, previous: expected.unwrap_or(0), key, value: &bytes };
        self.log.insert(revision, record.encode().as_slice())?;
        self.versions.insert((key.as_str(), revision), value.is_some())?;
        self.revision = revision;
        self.events.push(Event { kind, key: key.clone(), value: bytes, previous, revision });
        Ok(Update::Done(revision))
    }

    /// Makes `revision` the oldest that can be read. What is behind it is removed by [`sweep`].
    pub(super) fn compact(&mut self, revision: Revision) -> Result<Result<Update, Error>, Failure> {
        if revision > self.revision {
            return Ok(Err(Error::FutureRevision { requested: revision, current: self.revision }));
        }
        if revision > number(&self.meta, META_COMPACTED)? {
            self.meta.insert(META_COMPACTED, revision)?;
        }
        Ok(Ok(Update::Done(revision)))
    }

    /// The newest revision, and the events since the transaction began.
    pub(super) fn finish(mut self) -> Result<(Revision, Vec<Event>), Failure> {
        if !self.events.is_empty() {
            self.meta.insert(META_REVISION, self.revision)?;
        }
        Ok((self.revision, self.events))
    }
}

/// Removes some of what compaction made unreadable; whether more is left.
///
/// An event up to the oldest readable revision makes the version before it unreadable, and itself as well if
/// it removed the key. So only events since the last compaction are looked at, never the live keys.
pub(super) fn sweep(database: &Database) -> Result<bool, Failure> {
    let transaction = database.begin_write()?;
    let (swept, compacted);
    {
        let mut meta = transaction.open_table(META)?;
        let from = number(&meta, META_SWEPT)?;
        compacted = number(&meta, META_COMPACTED)?;
        swept = compacted.min(from + SWEEP);
        if from >= swept {
            return Ok(false);
        }
        let mut log = transaction.open_table(LOG)?;
        let mut versions = transaction.open_table(VERSIONS)?;
        for (key, revision) in unreadable(&log, from, swept)? {
            log.remove(revision)?;
            versions.remove((key.as_str(), revision))?;
        }
        meta.insert(META_SWEPT, swept)?;
    }
    transaction.commit()?;
    Ok(swept < compacted)
}

/// The versions that the events after `from` up to `until` made unreadable.
fn unreadable(
    log: &impl ReadableTable<Revision, &'static [u8]>,
    from: Revision,
    until: Revision,
) -> Result<Vec<(String, Revision)>, Failure> {
    let mut found = Vec::new();
    for entry in log.range(from + 1..=until)? {
        let (revision, record) = entry?;
        let record = Record::decode(revision.value(), record.value())?;
        if record.previous != 0 {
            found.push((record.key.to_owned(), record.previous));
        }
        if record.kind == EventKind::Deleted {
            found.push((record.key.to_owned(), revision.value()));
        }
    }
    Ok(found)
}
