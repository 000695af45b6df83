//! So few look at the objects of one backend at a time that somebody is always left for the objects of others, whichever backend
//! hangs. Who finds no seat gives his hands back: the key waits here, and comes again when its turn is.

use super::{Key, Queue};
use crate::backend::{Code, Error};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// So many look at the objects of one backend; of [`super::Reconciler::WORKERS`] a third.
const SEATS: usize = 8;
/// When for so long nobody came or went, whoever comes is turned away at once, and says so.
pub(in crate::controller) const PATIENCE: Duration = Duration::from_secs(10);

/// The seats of all backends, by their names.
pub(in crate::controller) struct Seats<K> {
    rows: Mutex<HashMap<String, Row<K>>>,
    queue: Arc<Queue<K>>,
}

struct Row<K> {
    taken: usize,
    /// In the order in which they came.
    waiting: VecDeque<K>,
    known: HashSet<K>,
    moved: Instant,
}

/// What becomes of who comes.
pub(in crate::controller) enum Entry<'a, K: Key> {
    /// He has a seat for as long as he keeps this.
    Seated(Seat<'a, K>),
    /// He is told when there is one.
    Waits,
    /// Nobody gets anything there.
    TurnedAway(Error),
}

/// A seat.
pub(in crate::controller) struct Seat<'a, K: Key> {
    seats: &'a Seats<K>,
    backend: String,
}

impl<K: Key> Seats<K> {
    /// Free ones; whoever waits for one is put into this queue.
    pub(in crate::controller) fn new(queue: Arc<Queue<K>>) -> Self {
        Seats { rows: Mutex::default(), queue }
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<String, Row<K>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat at a backend for a key, or waits for one.
    pub(in crate::controller) fn enter(&self, backend: &str, key: &K) -> Entry<'_, K> {
        let mut rows = self.rows();
        let row = rows.entry(backend.to_owned()).or_insert_with(Row::new);
        if row.taken < SEATS {
            (row.taken, row.moved) = (row.taken + 1, Instant::now());
            return Entry::Seated(Seat { seats: self, backend: backend.to_owned() });
        }
        if row.moved.elapsed() >= PATIENCE {
            let message = format!("the backend {backend:?} has not answered {SEATS} others for {PATIENCE:?}");
            return Entry::TurnedAway(Error::retried(Code::Unavailable, message));
        }
        if row.known.insert(key.clone()) {
            row.waiting.push_back(key.clone());
        }
        Entry::Waits
    }
}

impl<K: Key> Row<K> {
    fn new() -> Self {
        Row { taken: 0, waiting: VecDeque::new(), known: HashSet::new(), moved: Instant::now() }
    }
}

impl<K: Key> Drop for Seat<'_, K> {
    fn drop(&mut self) {
        let mut rows = self.seats.rows();
        let Some(row) = rows.get_mut(&self.backend) else { return };
        (row.taken, row.moved) = (row.taken - 1, Instant::now());
        if let Some(next) = row.waiting.pop_front() {
            row.known.remove(&next);
            self.seats.queue.add(&next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_seat_comes_when_one_is_free_or_is_turned_away_where_nobody_moves() {
        let queue = Arc::new(Queue::default());
        let seats = Seats::new(queue.clone());
        let mut held: Vec<_> = (0..SEATS).map(|key| seats.enter("slow", &key)).collect();
        assert!(held.iter().all(|entry| matches!(entry, Entry::Seated(_))));
        for key in [17, 18, 17] {
            assert!(matches!(seats.enter("slow", &key), Entry::Waits));
        }
        assert!(
            matches!(seats.enter("other", &19), Entry::Seated(_)),
            "another backend has seats of its own"
        );
        held.pop();
        assert_eq!(queue.next().await, 17);
        held.pop();
        assert_eq!(queue.next().await, 18, "each waits once");
        held.extend([17, 18].map(|key| seats.enter("slow", &key)));
        tokio::time::advance(PATIENCE).await;
        let Entry::TurnedAway(error) = seats.enter("slow", &19) else { panic!("nobody moved") };
        assert!(error.message.contains("\"slow\" has not answered 8 others for 10s"), "{error}");
    }
}
