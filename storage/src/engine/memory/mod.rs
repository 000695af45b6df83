//! The engine `memory`: the whole contract but durability, for tests and trials.

mod state;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use bytes::Bytes;

use self::state::State;
use super::feed::{Feed, History, Scan};
use super::{Write, key};
use crate::{Error, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchStream};

/// Nothing is to be set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Config;

/// A store in memory.
pub struct Memory {
    store: Arc<Store>,
    feed: Feed,
}

/// The state behind a lock that is never held across an await.
#[derive(Default)]
struct Store(RwLock<State>);

/// Opens an empty store.
///
/// # Errors
/// None; the signature is that of every engine.
pub async fn open(_: Config) -> Result<Memory, Error> {
    let store = Arc::new(Store::default());
    let revision = store.read().revision();
    Ok(Memory { store, feed: Feed::new(revision) })
}

impl Store {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn write(&self, write: Write) -> Update {
        let mut state = self.store.write();
        let update = state.write(write);
        // Published under the lock, so that no read sees a revision that `revision` does not know yet.
        self.feed.publish(state.revision());
        update
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.feed.close();
    }
}

impl History for Arc<Store> {
    async fn events(&self, prefix: &str, after: Revision, until: Revision) -> Result<Scan, Error> {
        self.read().events(prefix, after, until)
    }
}

#[async_trait]
impl Storage for Memory {
    async fn revision(&self) -> Result<Revision, Error> {
        Ok(self.feed.revision())
    }

    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        key::check(key)?;
        self.store.read().get(key, at)
    }

    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        key::check_prefix(prefix)?;
        self.store.read().list(prefix, start, limit, at)
    }

    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        Ok(self.write(Write::new(key, None, Some(value))?))
    }

    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        Ok(self.write(Write::new(key, Some(expected), Some(value))?))
    }

    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        Ok(self.write(Write::new(key, Some(expected), None)?))
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        key::check_prefix(prefix)?;
        self.store.read().check_kept(after)?;
        Ok(self.feed.watch(self.store.clone(), prefix, after))
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.feed.ask_progress();
        Ok(())
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.store.write().compact(revision)
    }

    async fn size(&self) -> Result<Option<u64>, Error> {
        Ok(None)
    }
}
