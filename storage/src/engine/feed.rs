//! Watches of the engines that keep their own history.
//!
//! A watch is a place in the history, not a queue: when the newest revision moves it reads on from where it
//! stands. However slow its reader, it costs no memory, loses nothing, and fails only when the history it
//! still needs is compacted away.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{StreamExt, try_unfold};
use tokio::sync::watch;

use crate::{Error, Event, Revision, WatchMessage, WatchStream};

/// The most events one read of the history gives.
pub(super) const SCAN: u64 = 256;

/// The history of a store.
pub(super) trait History: Send + Sync + 'static {
    /// The events below `prefix` after `after`, up to `until` or some nearer revision.
    fn events(
        &self,
        prefix: &str,
        after: Revision,
        until: Revision,
    ) -> impl Future<Output = Result<Scan, Error>> + Send;
}

/// Part of a history.
pub(super) struct Scan {
    pub(super) events: Vec<Event>,
    /// Every event up to and including this revision was looked at.
    pub(super) until: Revision,
}

/// Where a store stands, and who wants to know.
pub(super) struct Feed {
    revision: AtomicU64,
    signal: watch::Sender<Signal>,
}

#[derive(Clone, Copy)]
struct Signal {
    revision: Revision,
    /// How often progress was asked for.
    asked: u64,
    closed: bool,
}

impl Feed {
    pub(super) fn new(revision: Revision) -> Self {
        let signal = watch::Sender::new(Signal { revision, asked: 0, closed: false });
        Self { revision: AtomicU64::new(revision), signal }
    }

    /// The newest revision.
    pub(super) fn revision(&self) -> Revision {
        self.revision.load(Ordering::Acquire)
    }

    /// Makes `revision` known; its events must be in the history already. An older one changes nothing.
    pub(super) fn publish(&self, revision: Revision) {
        if self.revision.fetch_max(revision, Ordering::AcqRel) < revision {
            self.signal.send_modify(|signal| signal.revision = signal.revision.max(revision));
        }
    }

    /// Has every open watch deliver its progress.
    pub(super) fn ask_progress(&self) {
        let revision = self.revision();
        self.signal.send_modify(|signal| {
            signal.revision = signal.revision.max(revision);
            signal.asked += 1;
        });
    }

    /// Ends every watch.
    pub(super) fn close(&self) {
        self.signal.send_modify(|signal| signal.closed = true);
    }

    /// Every event below `prefix` after `after`.
    pub(super) fn watch<H: History>(&self, history: H, prefix: &str, after: Revision) -> WatchStream {
        let signal = self.signal.subscribe();
        let asked = signal.borrow().asked;
        let watcher = Watcher { history, prefix: prefix.to_owned(), cursor: after, asked, signal };
        try_unfold(watcher, Watcher::next).boxed()
    }
}

/// One watch: everything up to `cursor` was delivered.
struct Watcher<H> {
    history: H,
    prefix: String,
    cursor: Revision,
    asked: u64,
    signal: watch::Receiver<Signal>,
}

impl<H: History> Watcher<H> {
    async fn next(mut self) -> Result<Option<(WatchMessage, Self)>, Error> {
        loop {
            let Signal { revision, asked, closed } = *self.signal.borrow_and_update();
            if closed {
                return Err(Error::Unavailable("the store was closed".to_owned()));
            }
            if self.cursor < revision {
                let scan = self.history.events(&self.prefix, self.cursor, revision).await?;
                self.cursor = scan.until;
                if !scan.events.is_empty() {
                    return Ok(Some((WatchMessage::Events(scan.events), self)));
                }
                tokio::task::coop::consume_budget().await;
            } else if self.asked != asked && self.cursor == revision {
                self.asked = asked;
                return Ok(Some((WatchMessage::Progress(revision), self)));
            } else if self.signal.changed().await.is_err() {
                return Err(Error::Unavailable("the store was closed".to_owned()));
            }
        }
    }
}
