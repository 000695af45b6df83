//! The store, watched: what its last calls came to shows in `/readyz`.

use crate::endpoint::Check;
use crate::serve::Shutdown;
use async_trait::async_trait;
use bytes::Bytes;
use databases_storage::{Error, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchStream, engine};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::SetOnce;
use tokio::task::JoinHandle;

/// An idle store is asked so often whether it is there.
const INTERVAL: Duration = Duration::from_secs(2);
/// A failed write counts so long, unless a later one succeeds.
const MEMORY: Duration = Duration::from_secs(30);

/// How soon a store is looked for again that is not there yet: at first, and in the end.
const SOONEST: Duration = Duration::from_millis(250);
const LATEST: Duration = Duration::from_secs(5);

/// A store that remembers whether it works. Before it is there, calls fail as [`Error::NotOpen`]; listings, with which
/// caches are filled, wait.
#[derive(Default)]
pub(super) struct Monitored {
    storage: SetOnce<Arc<dyn Storage>>,
    /// Why it is not there yet.
    missing: Mutex<Option<String>>,
    reads: Mutex<Option<String>>,
    writes: Mutex<Option<Instant>>,
}

impl Monitored {
    /// Opens the store. One that is a server of its own may come later: the task waits for it, and ends with an error when
    /// waiting cannot help.
    pub(super) async fn open(
        config: engine::Config,
    ) -> Result<(Arc<Self>, JoinHandle<Result<(), Error>>), Error> {
        let monitor = Arc::new(Monitored::default());
        if !config.is_remote() {
            monitor.set(engine::open(config.clone()).await?);
        }
        let opening = tokio::spawn(monitor.clone().reach(config));
        Ok((monitor, opening))
    }

    /// Looks for the store until it is there.
    async fn reach(self: Arc<Self>, config: engine::Config) -> Result<(), Error> {
        let mut rest = SOONEST;
        while self.storage.get().is_none() {
            match engine::open(config.clone()).await {
                Ok(storage) => self.set(storage),
                Err(Error::Unavailable(reason)) => {
                    if lock(&self.missing).as_ref() != Some(&reason) {
                        tracing::warn!(reason, "the store is not there yet; waiting for it");
                    }
                    *lock(&self.missing) = Some(reason);
                    tokio::time::sleep(rest).await;
                    rest = (rest * 2).min(LATEST);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn set(&self, storage: Arc<dyn Storage>) {
        // Only one task opens.
        let _ = self.storage.set(storage);
    }

    fn store(&self) -> Result<&Arc<dyn Storage>, Error> {
        self.storage.get().ok_or(Error::NotOpen)
    }

    /// Asks the store now and then, until the server ends.
    pub(super) async fn probe(self: Arc<Self>, shutdown: Shutdown) {
        loop {
            let error = self.revision().await.err().map(|error| error.to_string());
            if let Some(reason) = error.as_ref().filter(|error| lock(&self.reads).as_ref() != Some(*error)) {
                tracing::warn!(reason, "the store does not answer");
            }
            *lock(&self.reads) = error;
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
                tracing::warn!(%error, "a write failed");
                Some(Instant::now())
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
        if self.storage.get().is_none() {
            let reason = lock(&self.missing);
            let reason = reason.as_deref().unwrap_or("nothing is known of it yet");
            return Err(format!("the store is not there yet; the server waits for it: {reason}"));
        }
        if lock(&self.reads).is_some() {
            return Err("the store does not answer; the log says why".into());
        }
        match &*lock(&self.writes) {
            Some(when) if when.elapsed() < MEMORY => Err("the last write failed; the log says why".into()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Storage for Monitored {
    async fn revision(&self) -> Result<Revision, Error> {
        self.store()?.revision().await
    }
    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        self.store()?.get(key, at).await
    }
    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        self.storage.wait().await.list(prefix, start, limit, at).await
    }
    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        self.note(self.store()?.create(key, value).await)
    }
    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        self.note(self.store()?.update(key, value, expected).await)
    }
    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        self.note(self.store()?.delete(key, expected).await)
    }
    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        self.store()?.watch(prefix, after).await
    }
    async fn request_progress(&self) -> Result<(), Error> {
        self.store()?.request_progress().await
    }
    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.store()?.compact(revision).await
    }
    async fn size(&self) -> Result<Option<u64>, Error> {
        self.store()?.size().await
    }
}
