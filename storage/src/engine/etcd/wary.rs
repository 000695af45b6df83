//! How a store is used that is not etcd but shows it by one sign: it deletes what is not there (`probe`).
//!
//! That is kine, which keeps a table of changes and refuses a second one that follows the same one. Nothing else stands between a
//! write and the table (`pkg/logstructured/logstructured.go` and `sqllog/sql.go` of 0.17.5):
//! - Of an expected revision it knows only whether something followed it. An update or a deletion that expects a revision which
//!   its key never had, or which was compacted away, is done: the key is looked at before each.
//! - Where a key is created that was deleted before, and where the table cannot be written and the key is not there, it
//!   says that it is done, at some revision: the key is looked for after each creation.
//! - A write that loses a race may be shown what was there before it: it is tried again.
//! - An event has no previous value where that is older than the last compaction, though it can be read: it is read.

use bytes::Bytes;
use etcd_client::GetOptions;
use etcd_client::proto::PbKeyValue;

use super::client::{Client, revision};
use super::store::{Change, Etcd, range};
use crate::{Error, ReadAt, Revision, Storage as _, Update};

/// So many revisions are looked through for a creation.
const FURTHEST: usize = 1000;
/// So often a write is tried that is refused although what it expects is there.
const ATTEMPTS: usize = 10;

impl Etcd {
    /// A write, with a look before or after it.
    pub(super) async fn write_warily(
        &self,
        key: &str,
        expected: Revision,
        change: Change,
    ) -> Result<Update, Error> {
        for _ in 0..ATTEMPTS {
            if expected > 0
                && let Some(conflict) = self.in_the_way(key, expected).await?
            {
                return Ok(conflict);
            }
            let before = self.client.seen();
            let answer = self.attempt(key, expected, change.clone()).await?;
            match (&answer, &change) {
                (Update::Conflict(found), _)
                    if found.as_ref().map_or(0, |found| found.revision) == expected => {}
                (Update::Done(_), Change::Put(value)) if expected == 0 => {
                    return self.created(key, value, before).await;
                }
                _ => return Ok(answer),
            }
        }
        Err(Error::Unavailable(format!("the store refuses to write {key}, and has what is expected there")))
    }

    /// What stands in the way of a write that expects a key at a revision.
    async fn in_the_way(&self, key: &str, expected: Revision) -> Result<Option<Update>, Error> {
        let found = self.get(key, ReadAt::Latest).await?.0;
        let is_expected = found.as_ref().is_some_and(|found| found.revision == expected);
        Ok((!is_expected).then_some(Update::Conflict(found)))
    }

    /// What became of a creation after a revision, of which the store says that it is done. Who deletes it at once leaves it in
    /// the history alone.
    async fn created(&self, key: &str, value: &Bytes, before: Revision) -> Result<Update, Error> {
        let place = self.prefix.checked(key)?;
        let mut at = 0;
        for _ in 0..FURTHEST {
            let (answer, seen) = self.range(&place, GetOptions::new(), at).await?;
            let found = answer.kvs.into_iter().next();
            let created = found.as_ref().map_or(0, |kv| revision(kv.create_revision));
            match found {
                Some(kv) if created == revision(kv.mod_revision) && kv.value == *value => {
                    return Ok(Update::Done(created));
                }
                // It was changed since, or is another's.
                Some(_) if created < seen => at = created,
                _ => at = seen - 1,
            }
            if at <= before {
                break;
            }
        }
        Err(Error::Unavailable(format!(
            "the store says that it created {key}, and does not have it: whether it was there is not known"
        )))
    }
}

/// What a key had before an event.
pub(super) async fn previous(client: &Client, changed: &PbKeyValue) -> Result<Option<PbKeyValue>, Error> {
    let before = changed.mod_revision - 1;
    let options = GetOptions::new().with_revision(before);
    let answer = range(client, &changed.key, &options, revision(before)).await?;
    Ok(answer.kvs.into_iter().next())
}
