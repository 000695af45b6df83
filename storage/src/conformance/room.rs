//! What a check works with: a store, a part of its keys, and ways to say what is wrong.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::StreamExt;

use crate::{Error, Event, KeyValue, ReadAt, Revision, Storage, Update, WatchMessage, WatchStream};

/// How long anything may take before it counts as never happening.
const DEADLINE: Duration = Duration::from_secs(30);

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(format!("a call failed: {error}"))
    }
}

/// Fails the check, saying why, unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err($crate::conformance::Fault::new(format!($($why)+)));
        }
    };
}

/// Fails the check, showing both, unless they are equal.
macro_rules! ensure_eq {
    ($left:expr, $right:expr, $($why:tt)+) => {{
        let (left, right) = (&$left, &$right);
        if left != right {
            let why = format!($($why)+);
            return Err($crate::conformance::Fault::new(format!("{why}: {left:?} instead of {right:?}")));
        }
    }};
}

pub(super) use {ensure, ensure_eq};

/// A store and a part of its keys.
#[derive(Clone)]
pub struct Room {
    store: Arc<dyn Storage>,
    prefix: String,
}

impl Room {
    /// A room nobody used before: its prefix carries the time and a number of this process.
    pub(super) fn new(store: Arc<dyn Storage>, check: &str, rooms: &AtomicU64) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let number = rooms.fetch_add(1, Ordering::Relaxed);
        Self { store, prefix: format!("/conformance/{check}-{now}-{number}/") }
    }

    /// The room with this prefix.
    pub(super) fn at(store: Arc<dyn Storage>, prefix: String) -> Self {
        Self { store, prefix }
    }

    pub(super) fn store(&self) -> &dyn Storage {
        self.store.as_ref()
    }

    /// The prefix of every key of the room.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key `name` of the room.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(super) async fn create(&self, name: &str, value: &str) -> Result<Revision, Fault> {
        let value = Bytes::copy_from_slice(value.as_bytes());
        done(self.store.create(&self.key(name), value).await?)
    }

    pub(super) async fn update(
        &self,
        name: &str,
        value: &str,
        expected: Revision,
    ) -> Result<Revision, Fault> {
        let value = Bytes::copy_from_slice(value.as_bytes());
        done(self.store.update(&self.key(name), value, expected).await?)
    }

    pub(super) async fn delete(&self, name: &str, expected: Revision) -> Result<Revision, Fault> {
        done(self.store.delete(&self.key(name), expected).await?)
    }

    pub(super) async fn get(&self, name: &str, at: ReadAt) -> Result<Option<KeyValue>, Fault> {
        Ok(self.store.get(&self.key(name), at).await?.0)
    }

    /// The names and values of the room at `at`.
    pub(super) async fn listed(&self, at: ReadAt) -> Result<Vec<(String, String)>, Fault> {
        let page = self.store.list(&self.prefix, None, 0, at).await?;
        ensure!(!page.more, "a listing without a limit leaves keys behind");
        Ok(page.items.iter().map(|item| (self.name(&item.key), text(&item.value))).collect())
    }

    /// A watch of the whole room.
    pub(super) async fn watch(&self, after: Revision) -> Result<Watch, Fault> {
        Watch::open(self, &self.prefix, after).await
    }

    fn name(&self, key: &str) -> String {
        key.strip_prefix(&self.prefix).unwrap_or(key).to_owned()
    }
}

/// An open watch and what it delivered.
pub(super) struct Watch {
    stream: WatchStream,
    pub(super) events: Vec<Event>,
    /// The last `Progress`.
    pub(super) progress: Revision,
}

impl Watch {
    pub(super) async fn open(room: &Room, prefix: &str, after: Revision) -> Result<Self, Fault> {
        Ok(Self { stream: room.store.watch(prefix, after).await?, events: Vec::new(), progress: 0 })
    }

    /// The next message; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Result<WatchMessage, Error>>, Fault> {
        let message = within("a watch's message", self.stream.next()).await?;
        match &message {
            Some(Ok(WatchMessage::Events(events))) => {
                ensure!(!events.is_empty(), "a watch delivered a message without events");
                self.events.extend(events.iter().cloned());
            }
            Some(Ok(WatchMessage::Progress(revision))) => self.progress = *revision,
            _ => {}
        }
        Ok(message)
    }

    /// Reads until the event of `revision`, or progress up to it, was delivered.
    pub(super) async fn until(&mut self, revision: Revision) -> Result<(), Fault> {
        while self.progress < revision && self.events.last().is_none_or(|event| event.revision < revision) {
            self.step().await?;
        }
        Ok(())
    }

    /// Reads until progress up to `revision` was delivered.
    pub(super) async fn progress_to(&mut self, revision: Revision) -> Result<(), Fault> {
        while self.progress < revision {
            self.step().await?;
        }
        Ok(())
    }

    /// Reads one message of a watch that should go on.
    async fn step(&mut self) -> Result<(), Fault> {
        match self.next().await? {
            Some(message) => Ok(message.map(drop)?),
            None => Err(Fault::new("a watch ended without an error")),
        }
    }

    /// The revisions of the events.
    pub(super) fn revisions(&self) -> Vec<Revision> {
        self.events.iter().map(|event| event.revision).collect()
    }

    /// Reads until the watch fails, and gives the error.
    pub(super) async fn error(&mut self) -> Result<Error, Fault> {
        loop {
            match self.next().await? {
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    ensure!(self.next().await?.is_none(), "a watch went on after an error");
                    return Ok(error);
                }
                None => return Err(Fault::new("a watch ended without an error")),
            }
        }
    }
}

/// The result of what should not take forever.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> Result<T, Fault> {
    let result = tokio::time::timeout(DEADLINE, future).await;
    result.map_err(|_| Fault::new(format!("{what} did not come within {DEADLINE:?}")))
}

/// The revision of a write that should succeed.
pub(super) fn done(update: Update) -> Result<Revision, Fault> {
    match update {
        Update::Done(revision) => Ok(revision),
        Update::Conflict(found) => Err(Fault::new(format!("an unexpected conflict: {found:?}"))),
    }
}

/// A value that is text.
pub(super) fn text(value: &Bytes) -> String {
    String::from_utf8_lossy(value).into_owned()
}
