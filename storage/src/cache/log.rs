//! The history window: a chain of segments that the feed appends to and every watcher reads without a lock.
//!
//! ```text
//! oldest ─▶ [start | slot slot slot …] ─next▶ [start | slot slot …] ─next▶ [start | slot · ·]  tip
//! ```
//! A segment begins with the state before its first slot, so that the state at any revision of the window
//! is that state and at most one segment of changes. The log owns the segments; readers and `next` hold them
//! weakly, so that a reader who sleeps keeps no memory and finds out that it was left behind.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use tokio::time::Instant;

use super::snapshot::{Snapshot, State};
use super::{CacheError, Change, Config, Entry};
use crate::Revision;

/// How many changes a segment holds at most.
const SLOTS: usize = 64;
/// What a change costs beside its values: map nodes that only old states use, keys, slots.
const OVERHEAD: usize = 1024;

/// One change and the entry it left.
pub(super) struct Slot<T, F> {
    pub(super) key: Arc<str>,
    pub(super) revision: Revision,
    pub(super) entry: Option<Arc<Entry<T>>>,
    /// What watchers are told; nothing where no intact value comes or goes.
    pub(super) change: Option<Arc<Change<T, F>>>,
}

pub(super) struct Segment<T, F> {
    start: State<T>,
    slots: [OnceLock<Slot<T, F>>; SLOTS],
    next: OnceLock<Weak<Segment<T, F>>>,
    retired: AtomicBool,
}

/// What a reader finds at a place of the log.
pub(super) enum Place<'a, T, F> {
    Slot(&'a Slot<T, F>),
    Next(&'a Weak<Segment<T, F>>),
    /// Nothing yet.
    Tip,
    /// Nothing, ever: the history was begun anew.
    Retired,
}

pub(super) struct Log<T, F>(RwLock<Chain<T, F>>);

struct Chain<T, F> {
    segments: VecDeque<Held<T, F>>,
    cost: usize,
    changes: usize,
}

struct Held<T, F> {
    segment: Arc<Segment<T, F>>,
    filled: usize,
    cost: usize,
    newest: Instant,
}

impl<T, F> Segment<T, F> {
    fn new(start: State<T>) -> Self {
        Self {
            start,
            slots: std::array::from_fn(|_| OnceLock::new()),
            next: OnceLock::new(),
            retired: AtomicBool::new(false),
        }
    }

    /// What is at `index`, as far as it is published up to `current`.
    pub(super) fn at(&self, index: usize, current: Revision) -> Place<'_, T, F> {
        // In this order: when there is a next segment, this one gets no more slots.
        let next = self.next.get();
        match self.slots.get(index).and_then(OnceLock::get) {
            Some(slot) if slot.revision <= current => Place::Slot(slot),
            None if next.is_some() => next.map_or(Place::Tip, Place::Next),
            _ if self.retired.load(Ordering::Acquire) => Place::Retired,
            _ => Place::Tip,
        }
    }

    fn filled(&self) -> impl Iterator<Item = &Slot<T, F>> {
        self.slots.iter().map_while(OnceLock::get)
    }
}

impl<T, F> Log<T, F> {
    pub(super) fn new(start: State<T>) -> Self {
        let held = Held::new(start);
        Self(RwLock::new(Chain { segments: VecDeque::from([held]), cost: 0, changes: 0 }))
    }

    /// Appends a change that led from `before`; says what it costs.
    pub(super) fn append(&self, config: &Config, before: &State<T>, slot: Slot<T, F>, size: usize) -> usize {
        let mut chain = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let cost = size + OVERHEAD;
        chain.make_room(config, before, cost);
        chain.cost += cost;
        chain.changes += 1;
        if let Some(tip) = chain.segments.back_mut() {
            // An empty slot, and only the feed fills it: this cannot fail.
            let _ = tip.segment.slots[tip.filled].set(slot);
            tip.filled += 1;
            tip.cost += cost;
            tip.newest = Instant::now();
        }
        chain.evict(config);
        cost
    }

    /// Lets go of what has left the window.
    pub(super) fn evict(&self, config: &Config) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).evict(config);
    }

    /// Begins anew: all readers end, and nothing before `start` is known.
    pub(super) fn restart(&self, start: State<T>) {
        let mut chain = self.0.write().unwrap_or_else(PoisonError::into_inner);
        chain.segments.iter().for_each(|held| held.segment.retired.store(true, Ordering::Release));
        *chain = Chain { segments: VecDeque::from([Held::new(start)]), cost: 0, changes: 0 };
    }

    /// The oldest revision to go on from.
    pub(super) fn oldest(&self) -> Revision {
        let chain = self.0.read().unwrap_or_else(PoisonError::into_inner);
        chain.segments.front().map_or(0, |held| held.segment.start.revision)
    }

    /// Where a reader begins who knows everything up to `after`.
    pub(super) fn seek(&self, after: Revision) -> Result<(Weak<Segment<T, F>>, usize), CacheError> {
        let segment = self.covering(after)?;
        let index = segment.filled().take_while(|slot| slot.revision <= after).count();
        Ok((Arc::downgrade(&segment), index))
    }

    /// The state at `revision`, which must not be ahead of what was published.
    pub(super) fn state_at(&self, revision: Revision) -> Result<Snapshot<T>, CacheError> {
        let segment = self.covering(revision)?;
        let mut state = segment.start.clone();
        for slot in segment.filled().take_while(|slot| slot.revision <= revision) {
            match &slot.entry {
                Some(entry) => state.insert(entry.clone()),
                None => state.remove(&slot.key),
            }
        }
        state.revision = revision;
        Ok(Snapshot(Arc::new(state)))
    }

    fn covering(&self, revision: Revision) -> Result<Arc<Segment<T, F>>, CacheError> {
        let chain = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let later = chain.segments.partition_point(|held| held.segment.start.revision <= revision);
        match later.checked_sub(1).and_then(|index| chain.segments.get(index)) {
            Some(held) => Ok(held.segment.clone()),
            None => {
                let oldest = chain.segments.front().map_or(0, |held| held.segment.start.revision);
                Err(CacheError::Expired { requested: revision, oldest })
            }
        }
    }
}

impl<T, F> Chain<T, F> {
    fn make_room(&mut self, config: &Config, before: &State<T>, cost: usize) {
        let Some(tip) = self.segments.back() else { return };
        let heavy = tip.filled > 0 && tip.cost + cost > config.max_bytes / 8;
        if tip.filled == SLOTS || heavy {
            let held = Held::new(before.clone());
            let _ = tip.segment.next.set(Arc::downgrade(&held.segment));
            self.segments.push_back(held);
        }
    }

    fn evict(&mut self, config: &Config) {
        while self.segments.len() > 1
            && let Some(oldest) = self.segments.front()
        {
            let aged = oldest.newest.elapsed() > config.window;
            let spare = self.changes - oldest.filled >= config.min_changes;
            if self.cost <= config.max_bytes && !(aged && spare) {
                break;
            }
            self.cost -= oldest.cost;
            self.changes -= oldest.filled;
            self.segments.pop_front();
        }
    }
}

impl<T, F> Held<T, F> {
    fn new(start: State<T>) -> Self {
        Self { segment: Arc::new(Segment::new(start)), filled: 0, cost: 0, newest: Instant::now() }
    }
}
