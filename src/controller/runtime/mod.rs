//! Runs reconcilers: who is told keys, looks at what is there now, and says when to look again.
//!
//! A key waits at most once and is looked at by one at a time. After a failure it is tried again, later each time. At the
//! server's end nothing new is begun, and what was begun is finished.

mod feed;
mod queue;
mod seats;

pub(super) use feed::Told;
pub(super) use queue::Queue;
pub(super) use seats::{Entry, PATIENCE, Seats};

use crate::registry::{Store, Stored};
use futures_util::future::{BoxFuture, select_all};
use futures_util::{FutureExt, Stream, StreamExt};
use std::fmt::Display;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What became of one look.
pub(super) enum Outcome {
    /// Nothing to do before something changes.
    Settled,
    /// It is not done yet. Look again soon, later each time in a row, up to a second.
    Unfinished,
    /// Look again after a while.
    Again(Duration),
    /// The same, or a little later, together with others that have time.
    Sometime(Duration),
}

/// What a queue holds.
pub(super) trait Key: Clone + Display + Eq + Hash + Ord + Send + Sync + 'static {}

impl<T: Clone + Display + Eq + Hash + Ord + Send + Sync + 'static> Key for T {}

/// Makes what a key names as it should be, whatever happened before.
pub(super) trait Reconciler: Send + Sync + 'static {
    /// Names what is looked at.
    type Key: Key;
    /// Why a look has to be repeated.
    type Error: Display + Send;
    /// What it does, for the log.
    const NAME: &'static str;
    /// So many keys are looked at at once.
    const WORKERS: usize = 1;

    /// One look.
    fn reconcile(&self, key: &Self::Key) -> impl Future<Output = Result<Outcome, Self::Error>> + Send;
}

/// A reconciler with what tells it keys.
pub(super) struct Controller<R: Reconciler> {
    reconciler: Arc<R>,
    queue: Arc<Queue<R::Key>>,
    sources: Vec<Source>,
}

type Source = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send>;

impl<R: Reconciler> Controller<R> {
    /// One that nothing tells anything yet.
    pub(super) fn new(reconciler: R) -> Self {
        Self::with_queue(|_| reconciler)
    }

    /// One whose looks find further keys.
    pub(super) fn with_queue(reconciler: impl FnOnce(Arc<Queue<R::Key>>) -> R) -> Self {
        let queue = Arc::<Queue<R::Key>>::default();
        Controller { reconciler: Arc::new(reconciler(queue.clone())), queue, sources: Vec::new() }
    }

    /// `seen` is told of every object of a store, and again of what changes or goes, and puts the keys that this concerns into
    /// the queue.
    pub(super) fn hears(
        mut self,
        store: &Arc<Store>,
        mut seen: impl FnMut(&Arc<Stored>, Told<'_>, &Queue<R::Key>) + Send + 'static,
    ) -> Self {
        let (store, queue) = (store.clone(), self.queue.clone());
        let told = move |stored: &Arc<Stored>, told: Told<'_>| seen(stored, told, &queue);
        self.sources.push(Box::new(move |ended| feed::follow(store, ended, told).boxed()));
        self
    }

    /// The same, whatever it is that happened.
    pub(super) fn follows(
        self,
        store: &Arc<Store>,
        mut seen: impl FnMut(&Arc<Stored>, &Queue<R::Key>) + Send + 'static,
    ) -> Self {
        self.hears(store, move |stored, _, queue| seen(stored, queue))
    }

    /// The same, but for changes of the status alone, and finalizers that were put on: a reconciler that writes there what it
    /// saw would look again for having written it, and for ever where that differs each time.
    pub(super) fn attends(
        self,
        store: &Arc<Store>,
        mut seen: impl FnMut(&Arc<Stored>, &Queue<R::Key>) + Send + 'static,
    ) -> Self {
        self.hears(store, move |stored, told, queue| match told {
            Told::Changed(before) if feed::asks_the_same(stored, before) => {}
            _ => seen(stored, queue),
        })
    }

    /// The same, but for a status that somebody else than `manager`, which is who looks, wrote: it has to be put right.
    pub(super) fn minds(
        self,
        store: &Arc<Store>,
        manager: String,
        mut seen: impl FnMut(&Arc<Stored>, &Queue<R::Key>) + Send + 'static,
    ) -> Self {
        self.hears(store, move |stored, told, queue| match told {
            Told::Changed(before)
                if feed::asks_the_same(stored, before)
                    && !feed::is_written_by_another(stored, before, &manager) => {}
            _ => seen(stored, queue),
        })
    }

    /// Looks at every key that this yields.
    pub(super) fn wakes(mut self, keys: impl Stream<Item = R::Key> + Send + 'static) -> Self {
        let queue = self.queue.clone();
        let woken = async move {
            let mut keys = std::pin::pin!(keys);
            while let Some(key) = keys.next().await {
                queue.add(&key);
            }
            std::future::pending().await
        };
        self.sources.push(Box::new(move |_| woken.boxed()));
        self
    }

    /// Looks at this key at once.
    pub(super) fn begins_with(self, key: R::Key) -> Self {
        self.queue.add(&key);
        self
    }

    /// Works until the end.
    pub(super) async fn run(self, ended: CancellationToken) {
        let never = std::future::pending().boxed();
        let sources = self.sources.into_iter().map(|source| source(ended.clone())).chain([never]);
        let sources: Vec<_> = sources.collect();
        let (queue, reconciler) = (self.queue, self.reconciler);
        let mut running = JoinSet::new();
        tokio::select! {
            _ = select_all(sources) => {}
            () = work(&queue, &reconciler, &mut running) => {}
            () = ended.cancelled() => {}
        }
        while running.join_next().await.is_some() {}
    }
}

async fn work<R: Reconciler>(queue: &Arc<Queue<R::Key>>, reconciler: &Arc<R>, running: &mut JoinSet<()>) {
    loop {
        while running.len() >= R::WORKERS {
            running.join_next().await;
        }
        let key = tokio::select! {
            key = queue.next() => key,
            Some(_) = running.join_next() => continue,
        };
        let (queue, reconciler) = (queue.clone(), reconciler.clone());
        running.spawn(async move { look(&queue, &*reconciler, &key).await });
    }
}

async fn look<R: Reconciler>(queue: &Queue<R::Key>, reconciler: &R, key: &R::Key) {
    match reconciler.reconcile(key).await {
        Ok(Outcome::Settled) => queue.done(key),
        Ok(Outcome::Unfinished) => queue.unfinished(key),
        Ok(Outcome::Again(delay)) => {
            queue.done(key);
            queue.add_after(key, delay);
        }
        Ok(Outcome::Sometime(delay)) => {
            queue.done(key);
            queue.add_sometime(key, delay);
        }
        Err(error) => {
            let delay = queue.failed(key);
            tracing::warn!(%key, %error, ?delay, "{} failed; trying again", R::NAME);
        }
    }
}

#[cfg(test)]
mod tests;
