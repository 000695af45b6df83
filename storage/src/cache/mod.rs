//! The watch cache: everything below one prefix of a [`Storage`], decoded once, for any number of readers.
//!
//! What it promises:
//! - A [`Snapshot`] is the state of exactly one revision. Taking one takes no lock.
//! - [`Cache::latest`] sees every write that was acknowledged before the call, by whichever process.
//! - A [`Watcher`] opened after revision R delivers exactly the changes after R below its prefix, in order and
//!   each once, so that a snapshot at R and a watcher after R leave no gap. Where it cannot, it ends with
//!   [`CacheError::Expired`]; it never skips.
//! - Every change is decoded once and shared; a watcher is a cursor, not a queue. A slow watcher costs nobody
//!   else anything.
//! - Memory is bounded: the history window by [`Config`], everything else by the objects themselves.
//!
//! ```text
//! Storage::watch ─▶ feed (one task) ─▶ log (history window) ─▶ Watcher, Watcher, Watcher …
//!                                  └─▶ Snapshot (newest)    ─▶ snapshot, latest, at_least, exactly
//! ```
//! The engine must deliver the events of one revision in one message.

mod entry;
mod error;
mod feed;
mod flight;
mod load;
mod log;
mod shared;
mod snapshot;
#[cfg(test)]
mod tests;
mod wake;
mod watcher;
mod writes;

pub use entry::{Batch, Change, Decode, Entry};
pub use error::CacheError;
pub use snapshot::Snapshot;
pub use watcher::Watcher;
pub use writes::Announced;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{ReadAt, Revision, Storage};
use shared::Shared;

/// What a cache holds and how much history it keeps.
#[derive(Clone, Debug)]
pub struct Config {
    /// The prefix of all keys, ending with `/`.
    pub prefix: String,
    /// How long a change stays in the history at least, as long as `max_bytes` allows.
    pub window: Duration,
    /// How many changes stay, however old, as long as `max_bytes` allows.
    pub min_changes: usize,
    /// What the history may cost in memory beside the objects themselves.
    pub max_bytes: usize,
}

impl Config {
    /// The usual history: 75 seconds or 1024 changes, whichever reaches farther back, within 64 MiB.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            window: Duration::from_secs(75),
            min_changes: 1024,
            max_bytes: 64 << 20,
        }
    }
}

/// A watch cache of `T`s; `F` is what the owner keeps beside each [`Change`]. It stops when it is dropped.
pub struct Cache<T: Send + Sync + 'static, F: Default + Send + Sync + 'static = ()> {
    shared: Arc<Shared<T, F>>,
    feed: tokio::task::AbortHandle,
}

impl<T: Send + Sync + 'static, F: Default + Send + Sync + 'static> Cache<T, F> {
    /// Starts to fill the cache and to follow the store. Must be called within a tokio runtime.
    pub fn start(storage: Arc<dyn Storage>, config: Config, decode: impl Decode<T>) -> Arc<Self> {
        let shared = Arc::new(Shared::new(storage, config, Box::new(decode)));
        let feed = tokio::spawn(feed::run(shared.clone())).abort_handle();
        Arc::new(Self { shared, feed })
    }

    /// Whether the first load is done.
    pub fn is_ready(&self) -> bool {
        self.shared.ready.load(std::sync::atomic::Ordering::Acquire)
    }

    /// Returns when the first load is done.
    pub async fn ready(&self) {
        // The only failure is to be stopped, and that happens when the last handle is gone.
        let _ = self.shared.reached(0).await;
    }

    /// Whatever there is now; nothing, at revision 0, before the first load is done.
    pub fn snapshot(&self) -> Snapshot<T> {
        Snapshot(self.shared.state.load_full())
    }

    /// A state that has every write acknowledged before the call. Where the cache does not get there in time,
    /// it comes from the store itself.
    pub async fn latest(&self) -> Result<Snapshot<T>, CacheError> {
        let revision = self.shared.flights.revision().await?;
        match self.shared.follow_to(revision).await {
            Err(CacheError::TooLarge { .. }) => {
                self.shared.fetch(ReadAt::Latest, |fetched| fetched >= revision).await
            }
            outcome => outcome,
        }
    }

    /// A state not older than `revision`; [`CacheError::TooLarge`] when three seconds do not bring it.
    pub async fn at_least(&self, revision: Revision) -> Result<Snapshot<T>, CacheError> {
        self.shared.follow_to(revision).await
    }

    /// The state at exactly `revision`: from memory within the history window, else from the store.
    pub async fn exactly(&self, revision: Revision) -> Result<Snapshot<T>, CacheError> {
        let snapshot = self.shared.follow_to(revision).await?;
        if snapshot.revision() == revision {
            return Ok(snapshot);
        }
        match self.shared.log.state_at(revision) {
            Err(CacheError::Expired { .. }) => {
                self.shared.fetch(ReadAt::Exactly(revision), |fetched| fetched == revision).await
            }
            outcome => outcome,
        }
    }

    /// Every change below `key_prefix` after revision `after`, which must be known here already: see
    /// [`Self::at_least`]. Any prefix will do; one that ends with `/` is woken only for its own changes.
    pub fn watch(&self, after: Revision, key_prefix: &str) -> Result<Watcher<T, F>, CacheError> {
        Watcher::open(&self.shared, after, key_prefix)
    }

    /// Decodes again what is damaged, because the decoder may read it by now. Where there is such a value, everything is loaded
    /// anew, and watchers end as expired.
    pub fn decode_again(&self) {
        self.shared.again.notify_one();
    }

    /// Tells of a write before it is made, so that its event need not be decoded: `make` makes the object of `parts`, once,
    /// when the revision is known. The write is to succeed only if the key was not written after revision `after`.
    pub fn announce<P: Send + 'static>(
        &self,
        key: &str,
        after: Revision,
        value: Bytes,
        parts: P,
        make: fn(P, Revision) -> T,
    ) -> Announced<T, P> {
        Announced::new(&self.shared.writes, key, after, value, parts, make)
    }
}

impl<T: Send + Sync + 'static, F: Default + Send + Sync + 'static> Drop for Cache<T, F> {
    fn drop(&mut self) {
        self.shared.stop();
        self.feed.abort();
    }
}
