//! What the cache's handle, its feed and its watchers have in common.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::flight::Flights;
use super::load::load;
use super::log::Log;
use super::snapshot::State;
use super::wake::{Groups, Scratch, lock};
use super::writes::Writes;
use super::{CacheError, Config, Decode, Snapshot};
use crate::{ReadAt, Revision, Storage};

/// How long a read waits for a revision.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often the store is asked again for progress while a read waits.
const NUDGE: Duration = Duration::from_millis(100);
/// How many states from before the history window are kept for their next page.
const FETCHED: usize = 2;

pub(super) struct Shared<T, F> {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) config: Config,
    pub(super) decode: Box<dyn Decode<T>>,
    pub(super) state: ArcSwap<State<T>>,
    pub(super) ready: AtomicBool,
    pub(super) stopped: AtomicBool,
    pub(super) log: Log<T, F>,
    pub(super) watchers: Arc<Groups>,
    pub(super) flights: Flights,
    pub(super) writes: Arc<Writes<T>>,
    /// Told when what is damaged may be intact.
    pub(super) again: Notify,
    readers: Arc<Groups>,
    asked: Mutex<Option<(Revision, Instant)>>,
    fetched: tokio::sync::Mutex<VecDeque<(Instant, Snapshot<T>)>>,
}

impl<T: Send + Sync + 'static, F> Shared<T, F> {
    pub(super) fn new(storage: Arc<dyn Storage>, config: Config, decode: Box<dyn Decode<T>>) -> Self {
        Self {
            flights: Flights::new(storage.clone()),
            storage,
            config,
            decode,
            state: ArcSwap::from_pointee(State::empty(0)),
            ready: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            log: Log::new(State::empty(0)),
            watchers: Arc::default(),
            writes: Arc::default(),
            again: Notify::new(),
            readers: Arc::default(),
            asked: Mutex::default(),
            fetched: tokio::sync::Mutex::default(),
        }
    }

    /// The newest state, once there is one.
    pub(super) fn current(&self) -> Result<Snapshot<T>, CacheError> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(CacheError::Stopped);
        }
        if !self.ready.load(Ordering::Acquire) {
            return Err(CacheError::NotReady(self.config.prefix.as_str().into()));
        }
        Ok(Snapshot(self.state.load_full()))
    }

    /// Makes a state the newest one. The changes that led to it are in the log already.
    pub(super) fn publish(&self, state: State<T>, scratch: &mut Scratch) {
        self.state.store(Arc::new(state));
        self.ready.store(true, Ordering::Release);
        self.readers.wake_all(scratch);
    }

    /// Ends everyone who waits.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let mut scratch = Scratch::default();
        self.readers.wake_all(&mut scratch);
        self.watchers.wake_all(&mut scratch);
    }

    /// The newest state as soon as it has reached `revision`.
    pub(super) async fn reached(&self, revision: Revision) -> Result<Snapshot<T>, CacheError> {
        let mut seat = None;
        poll_fn(|context| {
            let mut armed = false;
            loop {
                match self.current() {
                    Ok(snapshot) if snapshot.revision() >= revision => return Poll::Ready(Ok(snapshot)),
                    Err(CacheError::Stopped) => return Poll::Ready(Err(CacheError::Stopped)),
                    _ if armed => return Poll::Pending,
                    _ => seat.get_or_insert_with(|| self.readers.seat("")).arm(context.waker()),
                }
                armed = true;
            }
        })
        .await
    }

    /// Like [`Self::reached`], for as long as a read may wait, and asking the store for progress.
    pub(super) async fn follow_to(&self, revision: Revision) -> Result<Snapshot<T>, CacheError> {
        if let Ok(snapshot) = self.current()
            && snapshot.revision() >= revision
        {
            return Ok(snapshot);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let pause = deadline.min(Instant::now() + NUDGE);
            let waiting = async {
                self.nudge(revision).await;
                self.reached(revision).await
            };
            if let Ok(outcome) = timeout_at(pause, waiting).await {
                return outcome;
            }
            if pause == deadline {
                let current = self.current()?.revision();
                return Err(CacheError::TooLarge { requested: revision, current });
            }
        }
    }

    /// Asks the store for progress, unless someone just did for the same revision.
    async fn nudge(&self, revision: Revision) {
        if !self.ready.load(Ordering::Acquire) {
            return;
        }
        {
            let mut asked = lock(&self.asked);
            if asked.is_some_and(|(known, when)| known >= revision && when.elapsed() < NUDGE) {
                return;
            }
            *asked = Some((revision, Instant::now()));
        }
        if let Err(error) = self.storage.request_progress().await {
            tracing::debug!(prefix = %self.config.prefix, %error, "asking for progress failed");
        }
    }

    /// A state straight from the store. One reader at a time asks; what it gets serves those behind it.
    pub(super) async fn fetch(
        &self,
        at: ReadAt,
        fits: impl Fn(Revision) -> bool,
    ) -> Result<Snapshot<T>, CacheError> {
        let mut fetched = self.fetched.lock().await;
        if let Some((_, snapshot)) = fetched.iter().find(|(_, snapshot)| fits(snapshot.revision())) {
            return Ok(snapshot.clone());
        }
        let known = self.state.load_full();
        let state = load(&*self.storage, &self.config.prefix, at, &known, &*self.decode).await?;
        let snapshot = Snapshot(Arc::new(state));
        fetched.push_back((Instant::now(), snapshot.clone()));
        if fetched.len() > FETCHED {
            fetched.pop_front();
        }
        Ok(snapshot)
    }

    /// Lets go of what nobody came back for.
    pub(super) fn tidy(&self) {
        self.log.evict(&self.config);
        if let Ok(mut fetched) = self.fetched.try_lock() {
            fetched.retain(|(since, _)| since.elapsed() <= self.config.window);
        }
    }
}
