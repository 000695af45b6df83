//! The one task of a cache: loads, then follows the store's watch, and begins anew when history is lost.
//!
//! ```text
//!            ┌──── Compacted, a gap, to decode again ──┐
//!            ▼                                         │
//! start ─▶ load ─▶ publish ─▶ watch after the newest ─▶ apply ─▶ publish ─▶ wake
//!                               ▲                        │
//!                               └──── the watch broke ───┘
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;

use super::load::load;
use super::log::Slot;
use super::shared::Shared;
use super::snapshot::State;
use super::wake::Scratch;
use super::{Change, Entry};
use crate::{Error, Event, EventKind, ReadAt, Revision, WatchMessage, WatchStream};

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
    let _stop = StopOnDrop(shared.clone());
    let mut feed = Feed { shared, scratch: Scratch::default(), pause: PAUSE.0, unswept: Toll::default() };
    loop {
        match feed.load().await {
            Ok(()) => feed.follow().await,
            Err(error) => feed.rest("loading failed", &error).await,
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
    /// What came since every watcher was last woken.
    unswept: Toll,
}

/// A message, taken apart.
enum Step {
    Event(Event),
    Progress(Revision),
}

fn steps(message: Result<WatchMessage, Error>) -> Vec<Result<Step, Error>> {
    match message {
        Ok(WatchMessage::Events(events)) => events.into_iter().map(|event| Ok(Step::Event(event))).collect(),
        Ok(WatchMessage::Progress(revision)) => vec![Ok(Step::Progress(revision))],
        Err(error) => vec![Err(error)],
    }
}

/// How much was appended to the history.
#[derive(Clone, Copy, Default)]
struct Toll {
    changes: usize,
    cost: usize,
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
        self.unswept = Toll::default();
        Ok(())
    }

    /// Follows the watch, over and over, until everything is to be loaded again.
    async fn follow(&mut self) {
        loop {
            let after = self.shared.state.load().revision;
            let outcome = match self.shared.storage.watch(&self.shared.config.prefix, after).await {
                Ok(stream) => self.consume(stream).await,
                Err(error) => Err(error),
            };
            let Err(error) = outcome else { return };
            match error {
                Error::Compacted { .. } | Error::FutureRevision { .. } | Error::Corrupt(_) => {
                    return self.rest("history was lost; loading everything again", &error).await;
                }
                _ => self.rest("the watch broke; resuming it", &error).await,
            }
        }
    }

    /// Applies what comes until the watch breaks, or what is damaged is to be decoded again.
    async fn consume(&mut self, stream: WatchStream) -> Result<(), Error> {
        let mut chunks = stream.ready_chunks(READY);
        loop {
            let messages = tokio::select! {
                messages = chunks.next() => messages,
                () = self.shared.again.notified() => match self.shared.state.load().is_damaged() {
                    true => return Ok(()),
                    false => continue,
                },
            };
            let messages = messages.ok_or_else(|| Error::Unavailable("the watch ended".to_owned()))?;
            let mut steps = messages.into_iter().flat_map(steps).collect::<VecDeque<_>>();
            self.prepare(&steps).await;
            while !steps.is_empty() {
                self.apply(&mut steps)?;
                // Readers and watchers have their turn even where there is one thread for all.
                tokio::task::yield_now().await;
            }
            self.pause = PAUSE.0;
        }
    }

    /// Waits for what the values of these steps need to be decoded.
    async fn prepare(&self, steps: &VecDeque<Result<Step, Error>>) {
        for step in steps {
            if let Ok(Step::Event(event)) = step
                && event.kind != EventKind::Deleted
                && let Some(prepared) = self.shared.decode.prepare(&event.value)
            {
                prepared.await;
            }
        }
    }

    async fn rest(&mut self, what: &str, error: &Error) {
        tracing::warn!(prefix = %self.shared.config.prefix, %error, "{what}");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE.1);
    }

    /// Applies steps in order and publishes once: at the end, at the first error, or when watchers must have a
    /// chance to follow before the history window moves past them.
    fn apply(&mut self, steps: &mut VecDeque<Result<Step, Error>>) -> Result<(), Error> {
        let before = self.shared.state.load_full();
        let mut state = (*before).clone();
        let mut keys = Vec::new();
        let mut outcome = Ok(());
        let bound = self.unswept.cost + self.shared.config.max_bytes / 4;
        while outcome.is_ok()
            && let Some(step) = steps.pop_front()
        {
            outcome = step.and_then(|step| self.apply_step(step, &mut state, &mut keys));
            let torn =
                matches!(steps.front(), Some(Ok(Step::Event(next))) if next.revision == state.revision);
            if self.unswept.cost > bound && !torn {
                break;
            }
        }
        if state.revision > before.revision || !keys.is_empty() {
            self.shared.publish(state, &mut self.scratch);
            self.wake(&keys);
        }
        outcome
    }

    fn apply_step(
        &mut self,
        step: Step,
        state: &mut State<T>,
        keys: &mut Vec<Arc<str>>,
    ) -> Result<(), Error> {
        match step {
            Step::Event(event) => keys.extend(self.apply_event(event, state)?),
            Step::Progress(revision) => {
                state.revision = state.revision.max(revision);
                self.shared.tidy();
            }
        }
        Ok(())
    }

    /// Applies one event and says whose it is; `None` when it was known already.
    fn apply_event(&mut self, event: Event, state: &mut State<T>) -> Result<Option<Arc<str>>, Error> {
        let before = state.get(&event.key).cloned();
        let known = before.as_ref().is_some_and(|entry| entry.revision >= event.revision);
        if event.revision < state.revision || known {
            return Ok(None);
        }
        fits(before.as_deref(), &event)?;
        let key = before.as_ref().map_or_else(|| event.key.as_str().into(), |entry| entry.key.clone());
        let after = (event.kind != EventKind::Deleted).then(|| Arc::new(self.entry(&key, &event)));
        if before.is_none() && after.is_none() {
            return Ok(None);
        }
        let change = change(&key, event.revision, before.as_deref(), after.as_deref());
        let slot = Slot { key: key.clone(), revision: event.revision, entry: after.clone(), change };
        let size = event.value.len() + event.previous.map_or(0, |previous| previous.value.len());
        self.unswept.changes += 1;
        self.unswept.cost += self.shared.log.append(&self.shared.config, state, slot, size);
        match after {
            Some(entry) => state.insert(entry),
            None => state.remove(&key),
        }
        state.revision = event.revision;
        Ok(Some(key))
    }

    fn entry(&self, key: &Arc<str>, event: &Event) -> Entry<T> {
        match self.shared.writes.meet(event.revision, key, &event.value) {
            Some(value) => Entry { key: key.clone(), revision: event.revision, value: Ok(value) },
            None => Entry::decode(&*self.shared.decode, key.clone(), &event.value, event.revision),
        }
    }

    /// Wakes whom the changes concern; and everyone once in a while, lest the others fall out of the window.
    fn wake(&mut self, keys: &[Arc<str>]) {
        let (config, watchers) = (&self.shared.config, &self.shared.watchers);
        let Toll { changes, cost } = self.unswept;
        if changes >= config.min_changes / 4 || cost >= config.max_bytes / 4 {
            self.unswept = Toll::default();
            watchers.wake_all(&mut self.scratch);
        } else if !keys.is_empty() {
            watchers.wake(keys.iter().map(|key| &key[config.prefix.len()..]), &mut self.scratch);
        }
    }
}

/// Whether an event follows on what is here. If not, one was left out, and nothing may go on from here. An
/// engine may leave the previous value out when it was compacted.
fn fits<T>(before: Option<&Entry<T>>, event: &Event) -> Result<(), Error> {
    let here = before.map(|entry| entry.revision);
    let told = event.previous.as_ref().map(|previous| previous.revision);
    if here == told || (told.is_none() && event.kind != EventKind::Created) {
        return Ok(());
    }
    let Event { key, revision, .. } = event;
    Err(Error::Corrupt(format!("an event of {key} before revision {revision} is missing")))
}

/// What watchers are told about the step from one entry to the next. A damaged value is to them as if it were not there:
/// an object whose value becomes damaged goes, and comes back when it can be read again.
fn change<T, F: Default>(
    key: &Arc<str>,
    revision: Revision,
    before: Option<&Entry<T>>,
    after: Option<&Entry<T>>,
) -> Option<Arc<Change<T, F>>> {
    let intact = |entry: Option<&Entry<T>>| entry?.value.as_ref().ok().cloned();
    let previous = intact(before);
    let (kind, object) = match (&previous, intact(after)) {
        (None, Some(object)) => (EventKind::Created, object),
        (Some(_), Some(object)) => (EventKind::Updated, object),
        (Some(last), None) => (EventKind::Deleted, last.clone()),
        (None, None) => return None,
    };
    Some(Arc::new(Change { kind, revision, key: key.clone(), object, previous, frames: F::default() }))
}
