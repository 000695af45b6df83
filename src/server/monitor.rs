//! The store, watched: what its last calls came to shows in `/readyz`.

use crate::endpoint::Check;
use crate::serve::Shutdown;
use async_trait::async_trait;
use bytes::Bytes;
use databases_storage::{Error, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An idle store is asked so often whether it is there.
const INTERVAL: Duration = Duration::from_secs(2);
/// A failed write counts so long, unless a later one succeeds.
const MEMORY: Duration = Duration::from_secs(30);

/// A store that remembers whether it works.
pub(super) struct Monitored {
    storage: Arc<dyn Storage>,
    reads: Mutex<Option<String>>,
    writes: Mutex<Option<(Instant, String)>>,
}

impl Monitored {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Arc<Self> {
        Arc::new(Monitored { storage, reads: Mutex::default(), writes: Mutex::default() })
    }

    /// Asks the store now and then, until the server ends.
    pub(super) async fn probe(self: Arc<Self>, shutdown: Shutdown) {
        loop {
            let outcome = self.storage.revision().await;
            *lock(&self.reads) = outcome.err().map(|error| error.to_string());
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = shutdown.draining().cancelled() => return,
            }
        }
    }

    /// An outcome the store is to blame for, or a success.
    fn note<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        let blame = match &outcome {
            Ok(_) => None,
            Err(error @ (Error::Io(_) | Error::Unavailable(_) | Error::Corrupt(_))) => {
                Some((Instant::now(), error.to_string()))
            }
            Err(_) => return outcome,
        };
        if blame.is_some() || lock(&self.writes).is_some() {
            *lock(&self.writes) = blame;
        }
        outcome
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Check for Monitored {
    fn name(&self) -> &str {
        "storage"
    }

    fn check(&self) -> Result<(), String> {
        if let Some(reason) = &*lock(&self.reads) {
            return Err(reason.clone());
        }
        match &*lock(&self.writes) {
            Some((when, reason)) if when.elapsed() < MEMORY => Err(reason.clone()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Storage for Monitored {
    async fn revision(&self) -> Result<Revision, Error> {
        self.storage.revision().await
    }
    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        self.storage.get(key, at).await
    }
    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        self.storage.list(prefix, start, limit, at).await
    }
    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        self.note(self.storage.create(key, value).await)
    }
    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        self.note(self.storage.update(key, value, expected).await)
    }
    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        self.note(self.storage.delete(key, expected).await)
    }
    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        self.storage.watch(prefix, after).await
    }
    async fn request_progress(&self) -> Result<(), Error> {
        self.storage.request_progress().await
    }
    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.storage.compact(revision).await
    }
    async fn size(&self) -> Result<Option<u64>, Error> {
        self.storage.size().await
    }
}
