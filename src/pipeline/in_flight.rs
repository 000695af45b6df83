//! How many requests are worked on at once, and who waits for that.
//!
//! Needs: the user and the [`RequestInfo`]. Provides: a place, held until the response is written. Refuses with: 429
//! and a second's wait. Long-running requests and `system:masters` need no place.
//!
//! When all places are taken, requests wait in a line, and whoever came first goes on first. The line is as long as there are
//! places: who is last in it waits about as long as one request takes to be answered. No user has more than half of
//! it, so that the rest is left to the others. The wait is over after a quarter of the time that the request has, as in
//! Kubernetes' API server; the others are for the answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::request_info::RequestInfo;
use super::status::Refusal;
use super::user::{MASTERS_GROUP, UserInfo};
use crate::telemetry::{Count, InFlightMetrics};

/// Of the time that a request has, it waits at most this part.
const PATIENCE: u32 = 4;
/// Of the line, the requests of one user are at most this part.
const SHARE: usize = 2;

/// The most requests worked on at once, by whether they only read.
#[derive(Clone, Copy, Debug)]
pub struct InFlightLimits {
    /// Requests that only read.
    pub read_only: usize,
    /// Requests that change something.
    pub mutating: usize,
}

impl Default for InFlightLimits {
    fn default() -> Self {
        Self { read_only: 400, mutating: 200 }
    }
}

/// The places of both kinds.
#[derive(Debug)]
pub(super) struct InFlight {
    read_only: Arc<Places>,
    mutating: Arc<Places>,
}

/// Places of one kind, and the line of those who wait for one.
#[derive(Debug)]
struct Places {
    limit: usize,
    taken: Count,
    /// The length of the line, to be read without its lock.
    waiting: Count,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiters: VecDeque<Waiter>,
    joined: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    user: Arc<UserInfo>,
    turn: oneshot::Sender<Place>,
}

/// A place, given back when dropped; requests that need none have none.
#[derive(Debug)]
pub(super) struct Place(Option<Arc<Places>>);

/// A place in the line, left when dropped: whoever is gone is not waited for.
struct Ticket<'a> {
    places: &'a Places,
    number: u64,
}

impl InFlight {
    pub(super) fn new(limits: InFlightLimits, metrics: &InFlightMetrics) -> Self {
        let places = |limit, kind| {
            let (taken, waiting) = metrics.counts(kind);
            Arc::new(Places { limit, taken, waiting, line: Mutex::default() })
        };
        Self {
            read_only: places(limits.read_only, "readOnly"),
            mutating: places(limits.mutating, "mutating"),
        }
    }

    /// Takes a place for the request, or waits for one.
    pub(super) async fn enter(
        &self,
        user: &Arc<UserInfo>,
        info: &RequestInfo,
        deadline: Option<Instant>,
    ) -> Result<Place, Refusal> {
        let Some(deadline) = deadline.filter(|_| !info.is_long_running()) else { return Ok(Place(None)) };
        let places = if info.verb().is_read_only() { &self.read_only } else { &self.mutating };
        match places.take() {
            Some(place) => Ok(place),
            None if user.is_in(MASTERS_GROUP) => Ok(Place(None)),
            None => places.wait(user, deadline).await,
        }
    }
}

impl Places {
    /// A place, if one is free and nobody waits for it.
    fn take(self: &Arc<Self>) -> Option<Place> {
        (self.waiting.get() == 0 && self.taken.add_below(self.limit)).then(|| Place(Some(Arc::clone(self))))
    }

    async fn wait(self: &Arc<Self>, user: &Arc<UserInfo>, deadline: Instant) -> Result<Place, Refusal> {
        let now = Instant::now();
        let until = now + deadline.saturating_duration_since(now) / PATIENCE;
        let (turn, called) = oneshot::channel();
        let _ticket = self.join(user, turn)?;
        // A place that became free before the line was joined calls nobody.
        self.call();
        timeout_at(until, called).await.ok().and_then(Result::ok).ok_or(Refusal::TooManyRequests)
    }

    fn join(&self, user: &Arc<UserInfo>, turn: oneshot::Sender<Place>) -> Result<Ticket<'_>, Refusal> {
        let mut line = self.line();
        let own = line.waiters.iter().filter(|waiter| waiter.user.name == user.name).count();
        if line.waiters.len() >= self.limit || own >= self.limit.div_ceil(SHARE) {
            return Err(Refusal::TooManyRequests);
        }
        line.joined += 1;
        let number = line.joined;
        line.waiters.push_back(Waiter { number, user: Arc::clone(user), turn });
        self.waiting.set(line.waiters.len());
        Ok(Ticket { places: self, number })
    }

    /// Gives free places to those who wait, in their order.
    fn call(self: &Arc<Self>) {
        while self.waiting.get() > 0 {
            let mut line = self.line();
            if line.waiters.is_empty() || !self.taken.add_below(self.limit) {
                return;
            }
            let first = line.waiters.pop_front();
            self.waiting.set(line.waiters.len());
            drop(line);
            // The place of one who has just gone comes back, and calls the next.
            let place = Place(Some(Arc::clone(self)));
            drop(first.map(|waiter| waiter.turn.send(place)));
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = self.0.take() {
            places.taken.subtract();
            places.call();
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut line = self.places.line();
        line.waiters.retain(|waiter| waiter.number != self.number);
        self.places.waiting.set(line.waiters.len());
    }
}
