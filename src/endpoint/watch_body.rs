//! A watch on the wire (V-40…V-4A, C-40…C-43).
//!
//! Each change's frame is made once per version and form and shared by all watchers; a watcher is a cursor into
//! the cache's ring and holds no queue of its own.

use super::frame::{self, FrameKind};
use super::view::View;
use crate::registry::{ObjectChange, ObjectWatcher, Selection, Store, Stored};
use apimachinery::status::ApiError;
use bytes::{Bytes, BytesMut};
use databases_storage::Revision;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// Bookmarks are sent so often, and this long before the end.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);
const BOOKMARK_BEFORE_END: Duration = Duration::from_secs(2);

/// The body of a watch.
pub struct WatchBody {
    view: View,
    store: Arc<Store>,
    selection: Selection,
    watcher: ObjectWatcher,
    initial: std::vec::IntoIter<Arc<Stored>>,
    chunk: usize,
    initial_end: Option<Revision>,
    ready: VecDeque<Bytes>,
    bookmarks: bool,
    revision: Revision,
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
    shutdown: Pin<Box<WaitForCancellationFutureOwned>>,
    columns_sent: bool,
    done: bool,
}

/// What a watch starts with.
pub(super) struct WatchStart {
    /// Objects shown as ADDED before the first change.
    pub(super) initial: Vec<Arc<Stored>>,
    /// How many bytes of them go out together; each by itself when there are more.
    pub(super) chunk: usize,
    /// Whether the end of the initial objects is marked.
    pub(super) mark_end: bool,
    /// The revision the changes follow.
    pub(super) revision: Revision,
    pub(super) bookmarks: bool,
    pub(super) timeout: Duration,
    pub(super) shutdown: WaitForCancellationFutureOwned,
}

impl WatchBody {
    pub(super) fn new(
        view: View,
        store: Arc<Store>,
        selection: Selection,
        watcher: ObjectWatcher,
        start: WatchStart,
    ) -> Self {
        let deadline = Instant::now() + start.timeout;
        let mut body = WatchBody {
            view,
            store,
            selection,
            watcher,
            initial: start.initial.into_iter(),
            chunk: start.chunk,
            initial_end: start.mark_end.then_some(start.revision),
            ready: VecDeque::new(),
            bookmarks: start.bookmarks,
            revision: start.revision,
            deadline,
            timer: Box::pin(tokio::time::sleep_until(deadline)),
            shutdown: Box::pin(start.shutdown),
            columns_sent: false,
            done: false,
        };
        body.set_timer();
        body
    }

    pub(super) fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Poll::Ready(Some(bytes));
            }
            // Changes may come for ever; the end comes in time all the same (V-48).
            if self.done || self.is_over() {
                return Poll::Ready(None);
            }
            if let Some(chunk) = self.initial_chunk() {
                return Poll::Ready(Some(chunk));
            }
            match self.watcher.poll_next_batch(context) {
                Poll::Ready(Ok(batch)) => {
                    for change in &batch.changes {
                        self.push_change(change);
                    }
                    continue;
                }
                Poll::Ready(Err(error)) => {
                    let error = self.store.cache_error(error);
                    self.fail(&error);
                    continue;
                }
                Poll::Pending => {}
            }
            if self.shutdown.as_mut().poll(context).is_ready() {
                self.done = true;
                continue;
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.on_timer();
        }
    }

    /// As much of what comes before the first change as goes out together.
    fn initial_chunk(&mut self) -> Option<Bytes> {
        let first = self.initial_event()?;
        if first.len() >= self.chunk {
            return Some(first);
        }
        let mut chunk = BytesMut::from(first);
        while chunk.len() < self.chunk
            && let Some(next) = self.initial_event()
        {
            chunk.extend_from_slice(&next);
        }
        Some(chunk.freeze())
    }

    /// The next initial object, and the mark behind the last.
    fn initial_event(&mut self) -> Option<Bytes> {
        if let Some(stored) = self.initial.next() {
            let columns = self.are_columns_due();
            return Some(frame::of_object(&self.view, FrameKind::Added, &stored, columns));
        }
        let revision = self.initial_end.take()?;
        let columns = self.are_columns_due();
        Some(frame::bookmark(&self.view, revision, true, columns))
    }

    /// Whether a table declares its columns: the first does.
    fn are_columns_due(&mut self) -> bool {
        !std::mem::replace(&mut self.columns_sent, true)
    }

    fn push_change(&mut self, change: &Arc<ObjectChange>) {
        let Some(kind) = frame::kind_for(change, &self.selection) else { return };
        let first = self.are_columns_due() && frame::is_table(&self.view);
        let bytes = frame::of_change(&self.view, kind, change, first);
        self.ready.push_back(bytes);
    }

    fn fail(&mut self, error: &ApiError) {
        self.ready.push_back(frame::of_error(&self.view, error));
        self.done = true;
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    fn on_timer(&mut self) {
        if self.is_over() {
            self.done = true;
            return;
        }
        if self.bookmarks {
            match self.watcher.progress() {
                Ok(revision) => self.revision = self.revision.max(revision),
                Err(error) => return self.fail(&self.store.cache_error(error)),
            }
            let columns = self.are_columns_due();
            self.ready.push_back(frame::bookmark(&self.view, self.revision, false, columns));
        }
        self.set_timer();
    }

    /// The next bookmark, or the end.
    fn set_timer(&mut self) {
        let now = Instant::now();
        let before_end = self.deadline.checked_sub(BOOKMARK_BEFORE_END).unwrap_or(now);
        let next = match self.bookmarks {
            true if now + BOOKMARK_INTERVAL < before_end => now + BOOKMARK_INTERVAL,
            true if now < before_end => before_end,
            _ => self.deadline,
        };
        self.timer.as_mut().reset(next);
    }
}
