//! How many requests are worked on at once.
//!
//! Needs: the user and the [`RequestInfo`]. Provides: a place, held until the response is written. Refuses with: 429
//! and a second's wait. Long-running requests and `system:masters` need no place.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::request_info::RequestInfo;
use super::status::Refusal;
use super::user::{MASTERS_GROUP, UserInfo};

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

#[derive(Debug)]
struct Places {
    taken: AtomicUsize,
    limit: usize,
}

/// A place, given back when dropped; requests that need none have none.
#[derive(Debug)]
pub(super) struct Place(Option<Arc<Places>>);

impl InFlight {
    pub(super) fn new(limits: InFlightLimits) -> Self {
        let places = |limit| Arc::new(Places { taken: AtomicUsize::new(0), limit });
        Self { read_only: places(limits.read_only), mutating: places(limits.mutating) }
    }

    /// Takes a place for the request.
    pub(super) fn enter(&self, user: &UserInfo, info: &RequestInfo) -> Result<Place, Refusal> {
        if info.is_long_running() {
            return Ok(Place(None));
        }
        let places = if info.verb().is_read_only() { &self.read_only } else { &self.mutating };
        if places.taken.fetch_add(1, Ordering::Relaxed) < places.limit {
            return Ok(Place(Some(Arc::clone(places))));
        }
        places.taken.fetch_sub(1, Ordering::Relaxed);
        if user.is_in(MASTERS_GROUP) { Ok(Place(None)) } else { Err(Refusal::TooManyRequests) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = &self.0 {
            places.taken.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
