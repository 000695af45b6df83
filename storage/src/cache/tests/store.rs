//! The engine `memory`, with faults at the seams.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::sync::{Semaphore, watch};

use crate::engine::memory::{self, Memory};
use crate::{Error, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchMessage, WatchStream};

pub(super) struct Store {
    memory: Memory,
    faults: watch::Sender<Faults>,
    /// How often each was called.
    pub(super) reads: AtomicUsize,
    pub(super) lists: AtomicUsize,
    /// Permits for answers to reads of the revision, when they are slow.
    pub(super) slow: AtomicBool,
    pub(super) permits: Semaphore,
}

#[derive(Clone, Copy, Default)]
struct Faults {
    held: bool,
    cuts: usize,
    lose: bool,
}

impl Store {
    pub(super) async fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: memory::open(memory::Config).await.unwrap(),
            faults: watch::Sender::default(),
            reads: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
            slow: AtomicBool::new(false),
            permits: Semaphore::new(0),
        })
    }

    /// Watches deliver nothing until [`Self::release`].
    pub(super) fn hold(&self) {
        self.faults.send_modify(|faults| faults.held = true);
    }

    pub(super) fn release(&self) {
        self.faults.send_modify(|faults| faults.held = false);
    }

    /// Every open watch ends with an error.
    pub(super) fn cut(&self) {
        self.faults.send_modify(|faults| faults.cuts += 1);
    }

    /// The next message with events is swallowed, as no engine may.
    pub(super) fn lose(&self) {
        self.faults.send_modify(|faults| faults.lose = true);
    }

    /// Puts a value, whatever is there.
    pub(super) async fn put(&self, key: &str, value: &str) -> Revision {
        self.write(key, Some(value)).await
    }

    /// Removes a key that is there.
    pub(super) async fn remove(&self, key: &str) -> Revision {
        self.write(key, None).await
    }

    async fn write(&self, key: &str, value: Option<&str>) -> Revision {
        loop {
            let (here, _) = self.get(key, ReadAt::Latest).await.unwrap();
            let update = match (here, value) {
                (None, Some(value)) => self.create(key, value.to_owned().into()).await,
                (Some(here), Some(value)) => self.update(key, value.to_owned().into(), here.revision).await,
                (Some(here), None) => self.delete(key, here.revision).await,
                (None, None) => panic!("nothing to remove at {key}"),
            };
            if let Update::Done(revision) = update.unwrap() {
                return revision;
            }
        }
    }
}

/// A stream and the faults it is subject to.
struct Faulty {
    inner: WatchStream,
    faults: watch::Receiver<Faults>,
    origin: watch::Sender<Faults>,
    cuts: usize,
    over: bool,
}

impl Faulty {
    async fn next(mut self) -> Option<(Result<WatchMessage, Error>, Self)> {
        while !self.over {
            let now = *self.faults.borrow_and_update();
            if now.cuts != self.cuts {
                self.over = true;
                return Some((Err(Error::Unavailable("cut".to_owned())), self));
            }
            tokio::select! {
                biased;
                changed = self.faults.changed() => changed.ok()?,
                message = self.inner.next(), if !now.held => {
                    if now.lose && matches!(message, Some(Ok(WatchMessage::Events(_)))) {
                        self.origin.send_modify(|faults| faults.lose = false);
                        continue;
                    }
                    return Some((message?, self));
                }
            }
        }
        None
    }
}

#[async_trait]
impl Storage for Store {
    async fn revision(&self) -> Result<Revision, Error> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let revision = self.memory.revision().await;
        if self.slow.load(Ordering::SeqCst) {
            self.permits.acquire().await.unwrap().forget();
        }
        revision
    }

    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        self.memory.get(key, at).await
    }

    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        self.lists.fetch_add(1, Ordering::SeqCst);
        self.memory.list(prefix, start, limit, at).await
    }

    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        self.memory.create(key, value).await
    }

    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        self.memory.update(key, value, expected).await
    }

    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        self.memory.delete(key, expected).await
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        let inner = self.memory.watch(prefix, after).await?;
        let (faults, origin) = (self.faults.subscribe(), self.faults.clone());
        let cuts = faults.borrow().cuts;
        Ok(unfold(Faulty { inner, faults, origin, cuts, over: false }, Faulty::next).boxed())
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.memory.request_progress().await
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.memory.compact(revision).await
    }

    async fn size(&self) -> Result<Option<u64>, Error> {
        self.memory.size().await
    }
}
