//! A store that does one thing otherwise is found out by its name; one that does all as etcd, or does not answer, is not.

use async_trait::async_trait;

use super::*;
use crate::engine::memory;
use crate::{Page, WatchStream};

/// What a store does otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    CreatesTwice,
    UpdatesStale,
    DeletesStale,
    /// As servers over SQL do that remember no deletion.
    DeletesNothing,
    TellsNothing,
    StandsStill,
    ForgetsHistory,
    Silent,
}

/// A store in memory with a fault.
struct Faulty {
    inner: memory::Memory,
    fault: Fault,
}

impl Faulty {
    async fn open(fault: Fault) -> Self {
        Self { inner: memory::open(memory::Config).await.unwrap(), fault }
    }

    /// An answer as this store gives it; `excuse` is the fault for which a refused write passes for done.
    fn told(&self, answer: Update, excuses: &[Fault]) -> Result<Update, Error> {
        Ok(match answer {
            _ if self.fault == Fault::Silent => return Err(Error::Unavailable("it is away".into())),
            Update::Conflict(_) if excuses.contains(&self.fault) => Update::Done(1000),
            Update::Conflict(_) if self.fault == Fault::TellsNothing => Update::Conflict(None),
            answer => answer,
        })
    }
}

#[async_trait]
impl Storage for Faulty {
    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        self.told(self.inner.create(key, value).await?, &[Fault::CreatesTwice])
    }

    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        match self.told(self.inner.update(key, value, expected).await?, &[Fault::UpdatesStale]) {
            Ok(Update::Done(_)) if self.fault == Fault::StandsStill => Ok(Update::Done(expected)),
            answer => answer,
        }
    }

    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        let answer = self.inner.delete(key, expected).await?;
        let excuse =
            if answer == Update::Conflict(None) { Fault::DeletesNothing } else { Fault::DeletesStale };
        self.told(answer, &[excuse])
    }

    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        let at = if self.fault == Fault::ForgetsHistory { ReadAt::Latest } else { at };
        self.inner.get(key, at).await
    }

    async fn revision(&self) -> Result<Revision, Error> {
        self.inner.revision().await
    }

    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        self.inner.list(prefix, start, limit, at).await
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        self.inner.watch(prefix, after).await
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.inner.request_progress().await
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.inner.compact(revision).await
    }

    async fn size(&self) -> Result<Option<u64>, Error> {
        self.inner.size().await
    }
}

#[tokio::test]
async fn what_a_store_does_otherwise_is_said() {
    for (fault, said) in [
        (Fault::CreatesTwice, Wrong::Fatal("it creates a key that is there")),
        (Fault::UpdatesStale, Wrong::Fatal("it updates a key whose revision is not the expected one")),
        (Fault::DeletesStale, Wrong::Fatal("it deletes a key whose revision is not the expected one")),
        (Fault::DeletesNothing, Wrong::Deletions("it says that it deleted a key that is not there")),
        (Fault::TellsNothing, Wrong::Fatal("a write that it refuses does not tell what is there")),
        (Fault::StandsStill, Wrong::Fatal("the revision of a write is not greater than those before")),
        (Fault::ForgetsHistory, Wrong::Fatal("it does not read what was there at a revision")),
    ] {
        let found = wrong(&Faulty::open(fault).await).await.unwrap();
        assert_eq!(found, said);
        // Waiting for it would not help.
        let error = found.refusal();
        assert!(matches!(&error, Error::Io(reason) if reason.contains("use etcd")), "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn a_store_that_does_as_etcd_keeps_nothing_of_it() {
    let store = Faulty::open(Fault::None).await;
    assert_eq!(wrong(&store).await, None);
    assert_eq!(store.list("/", None, 0, ReadAt::Latest).await.unwrap().items, []);
}

#[tokio::test]
async fn one_that_does_not_answer_is_not_judged() {
    assert_eq!(wrong(&Faulty::open(Fault::Silent).await).await, None);
}
