//! The secrets that a KMS gave back, and those that it is still to give.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Failure;
use super::envelope::Sealed;
use super::seed::Seed;

/// How many are kept of each. Every start of a server makes one, so that years go by before there are so many.
const MOST: usize = 1_000;
/// A KMS that does not answer is left alone for so long; so is a secret that it refuses, and longer each time.
const PAUSE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

#[derive(Default)]
pub(super) struct Seeds {
    known: HashMap<Arc<Sealed>, Arc<Seed>>,
    /// The known, the oldest first.
    order: VecDeque<Arc<Sealed>>,
    missing: HashMap<Arc<Sealed>, Missing>,
    /// Until when the KMS is not asked for anything.
    silent: Option<Instant>,
}

/// A secret that was asked for in vain.
struct Missing {
    again: Instant,
    pause: Duration,
    reason: Arc<str>,
}

impl Seeds {
    pub(super) fn get(&self, sealed: &Sealed) -> Result<Arc<Seed>, Arc<str>> {
        let missing = || self.missing.get(sealed).map(|missing| missing.reason.clone());
        self.known
            .get(sealed)
            .cloned()
            .ok_or_else(|| missing().unwrap_or_else(|| "it was not asked yet".into()))
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether the KMS is to be asked for a secret now. What cannot be asked for now is written down for later.
    pub(super) fn is_wanted(&mut self, sealed: &Arc<Sealed>, now: Instant) -> bool {
        if self.known.contains_key(sealed) {
            return false;
        }
        let silent = self.silent.is_some_and(|until| now < until);
        match self.missing.get(sealed) {
            Some(missing) => !silent && missing.again <= now,
            None if silent => {
                self.miss(sealed.clone(), now, PAUSE.0, "it does not answer");
                false
            }
            None => true,
        }
    }

    /// What is to be asked for again by now.
    pub(super) fn due(&self, now: Instant) -> Vec<Arc<Sealed>> {
        let due = self.missing.iter().filter(|(_, missing)| missing.again <= now);
        due.map(|(sealed, _)| sealed.clone()).collect()
    }

    pub(super) fn insert(&mut self, sealed: Arc<Sealed>, seed: Arc<Seed>) {
        self.missing.remove(&sealed);
        self.silent = None;
        if self.known.insert(sealed.clone(), seed).is_none() {
            self.order.push_back(sealed);
        }
        while self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    pub(super) fn failed(&mut self, sealed: Arc<Sealed>, failure: &Failure, now: Instant) {
        let before = self.missing.get(&sealed).map(|missing| missing.pause);
        match failure {
            Failure::Unavailable(reason) => {
                self.silent = Some(now + PAUSE.0);
                self.miss(sealed, now, PAUSE.0, reason);
            }
            Failure::Refused(reason) => {
                let pause = before.map_or(PAUSE.0, |pause| (pause * 2).min(PAUSE.1));
                self.miss(sealed, now, pause, reason);
            }
        }
    }

    fn miss(&mut self, sealed: Arc<Sealed>, now: Instant, pause: Duration, reason: &str) {
        if self.missing.len() < MOST || self.missing.contains_key(&sealed) {
            self.missing.insert(sealed, Missing { again: now + pause, pause, reason: reason.into() });
        }
    }
}
