//! The one task of a cache: loads, then follows the store's watch, and begins anew when history is lost.
//!
//! ```text
//!            ┌──────────── Compacted, a gap ───────────┐
//!            ▼                                         │
//! start ─▶ load ─▶ publish ─▶ watch after the newest ─▶ apply ─▶ publish ─▶ wake
//!                               ▲                        │
//!                               └──── the watch broke ───┘
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;

use super::load::load;
use super::log::Slot;
use super::shared::Shared;
use super::snapshot::State;
use super::wake::Scratch;
use super::{Change, Entry};
use crate::{Error, Event, EventKind, ReadAt, WatchMessage};

/// How many messages that are there already are applied before readers see them.
const READY: usize = 64;
/// The pauses between attempts to reach the store.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Runs until it is aborted.
pub(super) async fn run<T, F>(shared: Arc<Shared<T, F>>)
where
    T: Send + Sync + 'static,
    F: Default + Send + Sync + 'static,
{
    let stop = StopOnDrop(shared.clone());
    let mut feed = Feed { shared, scratch: Scratch::default(), pause: PAUSE.0, unswept: (0, 0) };
    loop {
        match feed.load().await {
            Ok(()) => feed.follow().await,
            Err(error) => feed.rest("loading failed", &error).await,
        }
        if stop.0.stopped.load(std::sync::atomic::Ordering::Acquire) {
            return;
        }
    }
}

/// However the task ends, those who wait get to know.
struct StopOnDrop<T: Send + Sync + 'static, F>(Arc<Shared<T, F>>);

impl<T: Send + Sync + 'static, F> Drop for StopOnDrop<T, F> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

struct Feed<T, F> {
    shared: Arc<Shared<T, F>>,
    scratch: Scratch,
    pause: Duration,
    /// Changes, and their cost, since every watcher was last woken.
    unswept: (usize, usize),
}

impl<T: Send + Sync + 'static, F: Default + Send + Sync + 'static> Feed<T, F> {
    async fn load(&mut self) -> Result<(), Error> {
        let shared = &self.shared;
        let known = shared.state.load_full();
        let state =
            load(&*shared.storage, &shared.config.prefix, ReadAt::Latest, &known, &*shared.decode).await?;
        shared.log.restart(state.clone());
        shared.publish(state, &mut self.scratch);
        shared.watchers.wake_all(&mut self.scratch);
        self.unswept = (0, 0);
        Ok(())
    }

    /// Follows the watch, over and over, until the history from here on is lost.
    async fn follow(&mut self) {
        loop {
            let after = self.shared.state.load().revision;
            let error = match self.shared.storage.watch(&self.shared.config.prefix, after).await {
                Ok(stream) => self.consume(stream).await,
                Err(error) => error,
            };
            match error {
                Error::Compacted { .. } | Error::FutureRevision { .. } | Error::Corrupt(_) => {
                    return self.rest("history was lost; loading everything again", &error).await;
                }
                _ => self.rest("the watch broke; resuming it", &error).await,
            }
        }
    }

    async fn consume(&mut self, stream: crate::WatchStream) -> Error {
        let mut chunks = stream.ready_chunks(READY);
        while let Some(messages) = chunks.next().await {
            if let Err(error) = self.apply(messages) {
                return error;
            }
            self.pause = PAUSE.0;
        }
        Error::Unavailable("the watch ended".to_owned())
    }

    async fn rest(&mut self, what: &str, error: &Error) {
        tracing::warn!(prefix = %self.shared.config.prefix, %error, "{what}");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE.1);
    }

    /// Applies messages in order, up to the first error, and publishes once.
    fn apply(&mut self, messages: Vec<Result<WatchMessage, Error>>) -> Result<(), Error> {
        let before = self.shared.state.load_full();
        let mut state = (*before).clone();
        let mut keys = Vec::new();
        let mut outcome = Ok(());
        for message in messages {
            outcome = match message {
                Ok(WatchMessage::Events(events)) => self.apply_all(events, &mut state, &mut keys),
                Ok(WatchMessage::Progress(revision)) => {
                    state.revision = state.revision.max(revision);
                    self.shared.tidy();
                    Ok(())
                }
                Err(error) => Err(error),
            };
            if outcome.is_err() {
                break;
            }
        }
        if state.revision > before.revision || !keys.is_empty() {
            self.shared.publish(state, &mut self.scratch);
            self.wake(&keys);
        }
        outcome
    }

    fn apply_all(
        &mut self,
        events: Vec<Event>,
        state: &mut State<T>,
        keys: &mut Vec<Arc<str>>,
    ) -> Result<(), Error> {
        for event in events {
            keys.extend(self.apply_one(event, state)?);
        }
        Ok(())
    }

    /// Applies one event; says whose. `None`: it was known. An event that does not fit what is here tells
    /// that one is missing, and then nothing may go on from here.
    fn apply_one(&mut self, event: Event, state: &mut State<T>) -> Result<Option<Arc<str>>, Error> {
        let before = state.get(&event.key).cloned();
        let known = before.as_ref().is_some_and(|entry| entry.revision >= event.revision);
        if event.revision < state.revision || known {
            return Ok(None);
        }
        let size = event.value.len() + event.previous.as_ref().map_or(0, |previous| previous.value.len());
        if let (Some(before), Some(told)) = (before.as_ref().map(|entry| entry.revision), &event.previous)
            && before != told.revision
        {
            let Event { key, revision, .. } = event;
            return Err(Error::Corrupt(format!("an event of {key} before revision {revision} is missing")));
        }
        let key = before.as_ref().map_or_else(|| event.key.as_str().into(), |entry| entry.key.clone());
        let entry = (event.kind != EventKind::Deleted).then(|| Arc::new(self.entry(&key, &event)));
        if entry.is_none() && before.is_none() {
            return Ok(None);
        }
        let change = change(&key, event.revision, before.as_deref(), entry.as_deref());
        let slot = Slot { key: key.clone(), revision: event.revision, entry: entry.clone(), change };
        let cost = self.shared.log.append(&self.shared.config, state, slot, size);
        self.unswept = (self.unswept.0 + 1, self.unswept.1 + cost);
        match entry {
            Some(entry) => state.insert(entry),
            None => state.remove(&key),
        }
        state.revision = event.revision;
        Ok(Some(key))
    }

    fn entry(&self, key: &Arc<str>, event: &Event) -> Entry<T> {
        match self.shared.accept(event.revision, key) {
            Some(value) => Entry { key: key.clone(), revision: event.revision, value: Ok(value) },
            None => Entry::decode(&*self.shared.decode, key.clone(), &event.value, event.revision),
        }
    }

    /// Wakes whom the changes concern; and everyone once in a while, lest the others fall out of the window.
    fn wake(&mut self, keys: &[Arc<str>]) {
        let (config, watchers) = (&self.shared.config, &self.shared.watchers);
        if self.unswept.0 >= config.min_changes / 4 || self.unswept.1 >= config.max_bytes / 4 {
            self.unswept = (0, 0);
            watchers.wake_all(&mut self.scratch);
        } else if !keys.is_empty() {
            watchers.wake(keys.iter().map(|key| &key[config.prefix.len()..]), &mut self.scratch);
        }
    }
}

/// What watchers are told about the step from one entry to the next.
fn change<T, F: Default>(
    key: &Arc<str>,
    revision: u64,
    before: Option<&Entry<T>>,
    after: Option<&Entry<T>>,
) -> Result<Arc<Change<T, F>>, Arc<str>> {
    let previous = before.and_then(|entry| entry.value.as_ref().ok()).cloned();
    let (kind, told) = match (&previous, after) {
        (Some(_), Some(after)) => (EventKind::Updated, Some(after)),
        (None, Some(after)) => (EventKind::Created, Some(after)),
        (_, None) => (EventKind::Deleted, before),
    };
    let object = match told.map(|entry| &entry.value) {
        Some(Ok(object)) => object.clone(),
        Some(Err(reason)) => return Err(reason.clone()),
        None => return Err("it was never there".into()),
    };
    Ok(Arc::new(Change { kind, revision, key: key.clone(), object, previous, frames: F::default() }))
}
