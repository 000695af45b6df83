//! Whether what answers is etcd. A server that speaks its API over another store may do otherwise, and then writes are lost or
//! made up without anybody being told.
//!
//! A key of its own, beside all others, is written, read and removed, and each answer is compared with etcd's. What shows only
//! under load, or after a compaction, shows here not; what is known to come with what shows is in [`super::wary`].

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::{Error, KeyValue, ReadAt, Revision, Storage, Update};

/// What is wrong with what answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wrong {
    /// It may lose writes, or make them up.
    Fatal(&'static str),
    /// It says that it deleted what is not there, as kine does: who looks before each write, and after, can live with it.
    Deletions(&'static str),
}

/// Why it cannot be said that it is etcd.
enum Finding {
    /// It is not: this it does.
    Wrong(Wrong),
    /// A question was not answered. It is told of where an answer is needed: who cannot write may read all the same.
    Unknown(Error),
}

impl Finding {
    fn wrong(what: &'static str) -> Self {
        Finding::Wrong(Wrong::Fatal(what))
    }
}

impl From<Error> for Finding {
    fn from(error: Error) -> Self {
        Finding::Unknown(error)
    }
}

impl Wrong {
    /// Why it is not used.
    pub(super) fn refusal(self) -> Error {
        let (Wrong::Fatal(what) | Wrong::Deletions(what)) = self;
        Error::Io(format!(
            "what answers as etcd does not do what etcd does: {what}; writes would be lost or made up, so use etcd 3.5.8 or newer"
        ))
    }
}

/// What a store answers otherwise than etcd, if it does.
pub(super) async fn wrong(store: &dyn Storage) -> Option<Wrong> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let key = format!("/probe/{}-{}", now.as_nanos(), std::process::id());
    let mut probe = Probe { store, key, revision: 0 };
    let finding = probe.run().await.err()?;
    // What a question left behind is nobody's. When this fails as well there is nobody to tell.
    let _ = store.delete(&probe.key, probe.revision).await;
    match finding {
        Finding::Wrong(wrong) => Some(wrong),
        Finding::Unknown(error) => {
            tracing::debug!(%error, "it could not be asked whether the store does as etcd does");
            None
        }
    }
}

/// What is asked of one key.
struct Probe<'a> {
    store: &'a dyn Storage,
    key: String,
    /// That of the last write.
    revision: Revision,
}

impl Probe<'_> {
    async fn run(&mut self) -> Result<(), Finding> {
        let (one, two) = (Bytes::from_static(b"one"), Bytes::from_static(b"two"));
        let Self { store, key, .. } = self;
        let (store, key) = (*store, key.clone());
        let created = store.create(&key, one.clone()).await?;
        self.done(created, "it does not create a key that is not there")?;
        let (first, again) = (self.revision, store.create(&key, two.clone()).await?);
        self.refused(again, Some(&one), "it creates a key that is there")?;
        let updated = store.update(&key, two.clone(), first).await?;
        self.done(updated, "it does not update a key whose revision is the expected one")?;
        let stale = store.update(&key, one.clone(), first).await?;
        self.refused(stale, Some(&two), "it updates a key whose revision is not the expected one")?;
        let stale = store.delete(&key, first).await?;
        self.refused(stale, Some(&two), "it deletes a key whose revision is not the expected one")?;
        let second = self.revision;
        let deleted = store.delete(&key, second).await?;
        self.done(deleted, "it does not delete a key whose revision is the expected one")?;
        for (key, otherwise) in [
            (key.clone(), "it says that it deleted a key that is not there"),
            (format!("{key}-never"), "it says that it deleted a key that never was there"),
        ] {
            match store.delete(&key, second).await? {
                Update::Done(_) => return Err(Finding::Wrong(Wrong::Deletions(otherwise))),
                answer => self.refused(answer, None, otherwise)?,
            }
        }
        for (at, value) in [
            (ReadAt::Exactly(first), Some(&one)),
            (ReadAt::Exactly(second), Some(&two)),
            (ReadAt::Latest, None),
        ] {
            match store.get(&key, at).await {
                Ok((found, _)) if found.as_ref().map(|found| &found.value) == value => {}
                // Another server may have just compacted.
                Err(Error::Compacted { .. }) => {}
                Ok(_) => return Err(Finding::wrong("it does not read what was there at a revision")),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// A write that etcd does, and what it means when it was not done.
    fn done(&mut self, answer: Update, otherwise: &'static str) -> Result<(), Finding> {
        match answer {
            Update::Done(revision) if revision > self.revision => {
                self.revision = revision;
                Ok(())
            }
            Update::Done(_) => {
                Err(Finding::wrong("the revision of a write is not greater than those before"))
            }
            Update::Conflict(_) => Err(Finding::wrong(otherwise)),
        }
    }

    /// A write that etcd refuses, telling what is there, and what it means when it was done.
    fn refused(&self, answer: Update, there: Option<&Bytes>, otherwise: &'static str) -> Result<(), Finding> {
        let expected = there.map(|value| KeyValue {
            key: self.key.clone(),
            value: value.clone(),
            revision: self.revision,
        });
        match answer {
            Update::Conflict(found) if found == expected => Ok(()),
            Update::Conflict(_) => Err(Finding::wrong("a write that it refuses does not tell what is there")),
            Update::Done(_) => Err(Finding::wrong(otherwise)),
        }
    }
}

#[cfg(test)]
mod tests;
