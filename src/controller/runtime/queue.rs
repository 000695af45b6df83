//! A work queue of keys: each key is worked on by one at a time, and waits at most once.

use super::Key;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The first delay after a failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// The first delay of what is not done yet; it doubles likewise.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LONGEST_LOOK: Duration = Duration::from_secs(1);
/// What has time comes together with whatever else falls due by the next of these: waking up costs more than the looks.
const TICK: Duration = Duration::from_secs(1);

/// Keys that wait, keys that are worked on, and how often each failed, or was not done yet, in a row.
pub(in crate::controller) struct Queue<K> {
    state: Mutex<State<K>>,
    changed: Notify,
    began: Instant,
}

struct State<K> {
    due: HashMap<K, Instant>,
    order: BTreeSet<(Instant, K)>,
    working: HashSet<K>,
    failures: HashMap<K, u32>,
    unfinished: HashMap<K, u32>,
}

impl<K: Key> Default for Queue<K> {
    fn default() -> Self {
        let (due, order) = (HashMap::new(), BTreeSet::new());
        let (working, failures, unfinished) = (HashSet::new(), HashMap::new(), HashMap::new());
        let state = State { due, order, working, failures, unfinished };
        Queue { state: Mutex::new(state), changed: Notify::new(), began: Instant::now() }
    }
}

impl<K: Key> State<K> {
    fn schedule(&mut self, key: &K, at: Instant) {
        if let Some(earlier) = self.due.get(key) {
            if *earlier <= at {
                return;
            }
            self.order.remove(&(*earlier, key.clone()));
        }
        self.due.insert(key.clone(), at);
        self.order.insert((at, key.clone()));
    }

    fn take(&mut self, now: Instant) -> Option<K> {
        let ready = |(at, key): &&(Instant, K)| *at <= now && !self.working.contains(key);
        let (at, key) = self.order.iter().take_while(|(at, _)| *at <= now).find(ready)?.clone();
        self.order.remove(&(at, key.clone()));
        self.due.remove(&key);
        self.working.insert(key.clone());
        Some(key)
    }

    /// When something not worked on becomes due.
    fn next(&self) -> Option<Instant> {
        self.order.iter().find(|(_, key)| !self.working.contains(key)).map(|(at, _)| *at)
    }
}

impl<K: Key> Queue<K> {
    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on a key as soon as possible.
    pub(in crate::controller) fn add(&self, key: &K) {
        self.add_after(key, Duration::ZERO);
    }

    /// Works on a key after a while, or earlier when it is due earlier.
    pub(in crate::controller) fn add_after(&self, key: &K, delay: Duration) {
        self.state().schedule(key, Instant::now() + delay);
        self.changed.notify_one();
    }

    /// Works on a key after a while or a little later, together with others.
    pub(in crate::controller) fn add_sometime(&self, key: &K, delay: Duration) {
        let due = (self.began.elapsed() + delay).as_secs_f64() / TICK.as_secs_f64();
        self.state().schedule(key, self.began + TICK.mul_f64(due.ceil()));
        self.changed.notify_one();
    }

    /// The next key; it is not given out again before [`Queue::done`] or [`Queue::failed`].
    pub(in crate::controller) async fn next(&self) -> K {
        loop {
            let changed = self.changed.notified();
            let next = {
                let mut state = self.state();
                if let Some(key) = state.take(Instant::now()) {
                    return key;
                }
                state.next()
            };
            match next {
                Some(at) => {
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = changed => {}
                    }
                }
                None => changed.await,
            }
        }
    }

    /// The key was worked on well.
    pub(in crate::controller) fn done(&self, key: &K) {
        let mut state = self.state();
        state.working.remove(key);
        state.failures.remove(key);
        state.unfinished.remove(key);
        self.changed.notify_one();
    }

    /// The key was worked on well, and is not done yet: it comes again soon, later each time in a row.
    pub(in crate::controller) fn unfinished(&self, key: &K) {
        let mut state = self.state();
        state.working.remove(key);
        state.failures.remove(key);
        let looks = state.unfinished.entry(key.clone()).or_default();
        *looks += 1;
        let delay = doubled(FIRST_LOOK, *looks, LONGEST_LOOK);
        state.schedule(key, Instant::now() + delay);
        self.changed.notify_one();
    }

    /// The key is to be tried again, later with each failure in a row. Returns the delay.
    pub(in crate::controller) fn failed(&self, key: &K) -> Duration {
        let mut state = self.state();
        state.working.remove(key);
        let failures = state.failures.entry(key.clone()).or_default();
        *failures += 1;
        let delay = doubled(FIRST_RETRY, *failures, LONGEST_RETRY);
        state.schedule(key, Instant::now() + delay);
        self.changed.notify_one();
        delay
    }
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << (times - 1).min(12)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test(start_paused = true)]
    async fn a_key_is_worked_on_by_one_at_a_time() {
        let queue = Queue::default();
        queue.add(&"a");
        queue.add(&"a");
        assert_eq!(queue.next().await, "a");
        queue.add(&"a");
        assert!(queue.next().now_or_never().is_none());
        queue.done(&"a");
        assert_eq!(queue.next().await, "a");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_wait_longer_each_time() {
        let queue = Queue::default();
        queue.add(&"a");
        let mut delays = Vec::new();
        for _ in 0..4 {
            assert_eq!(queue.next().await, "a");
            delays.push(queue.failed(&"a").as_millis());
        }
        assert_eq!(delays, [200, 400, 800, 1600]);
        let before = Instant::now();
        assert_eq!(queue.next().await, "a");
        assert_eq!(before.elapsed().as_millis(), 1600);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_done_is_looked_at_soon_and_then_each_second() {
        let queue = Queue::default();
        queue.add(&"a");
        let mut last = Instant::now();
        let mut delays = Vec::new();
        for _ in 0..7 {
            assert_eq!(queue.next().await, "a");
            delays.push(last.elapsed().as_millis());
            last = Instant::now();
            queue.unfinished(&"a");
        }
        assert_eq!(delays, [0, 50, 100, 200, 400, 800, 1000]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_time_comes_together() {
        let queue = Queue::default();
        let began = Instant::now();
        tokio::time::advance(Duration::from_millis(250)).await;
        for (key, delay) in [("a", 30_100), ("b", 30_700), ("c", 30_800), ("d", 29_750)] {
            queue.add_sometime(&key, Duration::from_millis(delay));
        }
        let mut found = Vec::new();
        for _ in 0..4 {
            found.push((queue.next().await, began.elapsed().as_millis()));
        }
        assert_eq!(found, [("d", 30_000), ("a", 31_000), ("b", 31_000), ("c", 32_000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_time_wins() {
        let queue = Queue::default();
        queue.add_after(&"late", Duration::from_secs(10));
        queue.add_after(&"late", Duration::from_secs(1));
        queue.add_after(&"late", Duration::from_secs(5));
        let before = Instant::now();
        assert_eq!(queue.next().await, "late");
        assert_eq!(before.elapsed().as_secs(), 1);
        queue.done(&"late");
        assert!(queue.next().now_or_never().is_none());
    }
}
