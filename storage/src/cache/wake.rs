//! Waking those who wait, by thousands: no allocation per waker and event, and no lock held meanwhile.
//!
//! Waiters of one prefix form a group. A waiter sits on a [`Seat`]: it looks for news, arms its seat, looks
//! again and sleeps. Whoever has news publishes it first and wakes after, so one of the two always sees the
//! other. Waking takes all armed wakers of a group at once by swapping vectors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::task::Waker;

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All groups: one for everything, and one for each prefix that someone waits for.
#[derive(Default)]
pub(super) struct Groups {
    root: Arc<Group>,
    named: RwLock<HashMap<Box<str>, Arc<Group>>>,
}

#[derive(Default)]
struct Group(Mutex<Armed>);

#[derive(Default)]
struct Armed {
    /// Counts the wakings: a seat that was armed in an earlier round is not armed any more.
    round: u64,
    wakers: Vec<Waker>,
    free: Vec<usize>,
}

/// A place to wait, for one waiter.
pub(super) struct Seat {
    groups: Arc<Groups>,
    group: Arc<Group>,
    name: Option<Box<str>>,
    armed: Option<(u64, usize)>,
}

/// What a waking needs and leaves for the next one.
#[derive(Default)]
pub(super) struct Scratch {
    groups: Vec<Arc<Group>>,
    wakers: Vec<Waker>,
}

impl Groups {
    /// A seat for news below `prefix`, relative to the cache's. Only a prefix that ends where a segment of a
    /// key ends has a group of its own; any other is woken for everything.
    pub(super) fn seat(self: &Arc<Self>, prefix: &str) -> Seat {
        if !prefix.ends_with('/') {
            return Seat { groups: self.clone(), group: self.root.clone(), name: None, armed: None };
        }
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        let group = named.entry(prefix.into()).or_default().clone();
        Seat { groups: self.clone(), group, name: Some(prefix.into()), armed: None }
    }

    /// Wakes those who wait for any of `keys`, relative to the cache's prefix.
    pub(super) fn wake<'a>(&self, keys: impl Iterator<Item = &'a str>, scratch: &mut Scratch) {
        {
            let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
            if !named.is_empty() {
                for key in keys {
                    let prefixes = key.match_indices('/').map(|(end, _)| &key[..=end]);
                    scratch.groups.extend(prefixes.filter_map(|prefix| named.get(prefix)).cloned());
                }
            }
        }
        scratch.groups.push(self.root.clone());
        scratch.wake();
    }

    /// Wakes everyone.
    pub(super) fn wake_all(&self, scratch: &mut Scratch) {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        scratch.groups.extend(named.values().cloned());
        drop(named);
        scratch.groups.push(self.root.clone());
        scratch.wake();
    }
}

impl Scratch {
    fn wake(&mut self) {
        self.groups.sort_unstable_by_key(Arc::as_ptr);
        self.groups.dedup_by_key(|group| Arc::as_ptr(group));
        for group in self.groups.drain(..) {
            let mut armed = lock(&group.0);
            std::mem::swap(&mut armed.wakers, &mut self.wakers);
            armed.round += 1;
            armed.free.clear();
            drop(armed);
            self.wakers.drain(..).for_each(Waker::wake);
        }
    }
}

impl Seat {
    /// Has `waker` woken at the next news. Look for news once more after this.
    pub(super) fn arm(&mut self, waker: &Waker) {
        let mut armed = lock(&self.group.0);
        let index = match self.armed {
            Some((round, index)) if round == armed.round => {
                armed.wakers[index].clone_from(waker);
                return;
            }
            _ => armed.free.pop(),
        };
        let index = match index {
            Some(index) => {
                armed.wakers[index].clone_from(waker);
                index
            }
            None => {
                armed.wakers.push(waker.clone());
                armed.wakers.len() - 1
            }
        };
        self.armed = Some((armed.round, index));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some((round, index)) = self.armed {
            let mut armed = lock(&self.group.0);
            if round == armed.round {
                armed.wakers[index] = Waker::noop().clone();
                armed.free.push(index);
            }
        }
        if let Some(name) = &self.name {
            let mut named = self.groups.named.write().unwrap_or_else(PoisonError::into_inner);
            // The table's and ours; new ones are only made under this lock.
            if Arc::strong_count(&self.group) == 2 {
                named.remove(name);
            }
        }
    }
}
