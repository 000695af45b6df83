//! A reader of the shared history.

use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use super::log::{Place, Segment};
use super::shared::Shared;
use super::wake::Seat;
use super::{Batch, CacheError, Change};
use crate::Revision;

/// How many changes one batch holds at most.
const BATCH: usize = 256;

/// Delivers every change below a prefix after a revision: in order, each once, none left out. It is a cursor
/// into the shared history and has neither a task nor a queue of its own.
pub struct Watcher<T, F = ()> {
    shared: Arc<Shared<T, F>>,
    seat: Seat,
    /// The prefix, without the part that all keys of the cache have in common.
    prefix: Box<str>,
    segment: Weak<Segment<T, F>>,
    index: usize,
    seen: Revision,
}

impl<T: Send + Sync + 'static, F: Default + Send + Sync + 'static> Watcher<T, F> {
    pub(super) fn open(
        shared: &Arc<Shared<T, F>>,
        after: Revision,
        prefix: &str,
    ) -> Result<Self, CacheError> {
        let Some(prefix) = prefix.strip_prefix(&*shared.config.prefix) else {
            return Err(CacheError::Outside(prefix.to_owned()));
        };
        let current = shared.current()?.revision();
        if after > current {
            return Err(CacheError::TooLarge { requested: after, current });
        }
        let (segment, index) = shared.log.seek(after)?;
        let seat = shared.watchers.seat(prefix);
        Ok(Self { shared: shared.clone(), seat, prefix: prefix.into(), segment, index, seen: after })
    }

    /// Waits for changes and takes all there are, up to a bound. Nothing is lost when the future is dropped.
    ///
    /// Ends with [`CacheError::Expired`] when the watcher came too late for the history window or the store
    /// forgot its history. A value that becomes damaged is told as a deletion.
    pub async fn next_batch(&mut self) -> Result<Batch<T, F>, CacheError> {
        poll_fn(|context| self.poll_next_batch(context)).await
    }

    /// [`Self::next_batch`] for those who are polled themselves.
    pub fn poll_next_batch(&mut self, context: &mut Context<'_>) -> Poll<Result<Batch<T, F>, CacheError>> {
        let mut armed = false;
        loop {
            let mut changes = Vec::new();
            self.collect(BATCH, &mut changes)?;
            if !changes.is_empty() {
                return Poll::Ready(Ok(Batch { changes, revision: self.seen }));
            }
            if self.shared.stopped.load(Ordering::Acquire) {
                return Poll::Ready(Err(CacheError::Stopped));
            }
            if armed {
                return Poll::Pending;
            }
            self.seat.arm(context.waker());
            armed = true;
        }
    }

    /// The revision up to which everything was delivered, now: what a bookmark may say. On an idle prefix it
    /// follows the store's own revision. Never delivers anything.
    pub fn progress(&mut self) -> Result<Revision, CacheError> {
        self.collect(0, &mut Vec::new())?;
        Ok(self.seen)
    }

    /// Moves on to the tip of the history or until `limit` changes are found.
    fn collect(&mut self, limit: usize, found: &mut Vec<Arc<Change<T, F>>>) -> Result<(), CacheError> {
        let current = self.shared.state.load().revision;
        let common = self.shared.config.prefix.len();
        let mut segment = self.segment.upgrade().ok_or_else(|| self.expired())?;
        loop {
            let next = match segment.at(self.index, current) {
                Place::Slot(slot) => {
                    if slot.key.as_bytes()[common..].starts_with(self.prefix.as_bytes()) {
                        match &slot.change {
                            None => {}
                            Some(change) if found.len() < limit => found.push(change.clone()),
                            Some(_) => {
                                // Not this one, but everything before it.
                                self.seen = self.seen.max(slot.revision - 1);
                                return Ok(());
                            }
                        }
                    }
                    self.index += 1;
                    continue;
                }
                Place::Next(next) => next.upgrade().ok_or_else(|| self.expired())?,
                Place::Tip => {
                    self.seen = self.seen.max(current);
                    return Ok(());
                }
                Place::Retired => return Err(self.expired()),
            };
            self.segment = Arc::downgrade(&next);
            self.index = 0;
            segment = next;
        }
    }

    fn expired(&self) -> CacheError {
        CacheError::Expired { requested: self.seen, oldest: self.shared.log.oldest() }
    }
}
