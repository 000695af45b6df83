//! Objects that went before what they had was ended: somebody took by force what held them, while they were deleted.
//!
//! What they had is then ended as their deletion policy says, by whoever looks at their name: one look at a time, so that a look
//! that was under way makes nothing behind it. An object that was not deleted, and is gone all the same, said nothing of its data;
//! [`crate::controller::stray`] looks after that.

use super::super::runtime::{Entry, Outcome, PATIENCE, Queue, Told};
use super::choice::Choice;
use super::deletion::{asked, last_disposal};
use super::reconcile::{Error, Reconciler};
use super::{Database, key};
use crate::registry::Stored;
use apimachinery::kind::Kind;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known of objects that go.
pub(super) struct Departed<K>(Mutex<Inner<K>>);

struct Inner<K> {
    /// The uids of those that have nothing any more.
    ended: HashSet<String>,
    /// Those that went before that, by key, as they were last.
    left: HashMap<String, Vec<K>>,
}

impl<K> Default for Departed<K> {
    fn default() -> Self {
        Departed(Mutex::new(Inner { ended: HashSet::new(), left: HashMap::new() }))
    }
}

impl<K: Database> Departed<K> {
    fn inner(&self) -> MutexGuard<'_, Inner<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an object had is ended; it may go.
    pub(super) fn ends(&self, uid: &str) {
        self.inner().ended.insert(uid.to_owned());
    }

    /// Whether what an object had is ended.
    pub(super) fn is_ended(&self, uid: &str) -> bool {
        self.inner().ended.contains(uid)
    }

    /// An object went. Whether something may be left of it.
    fn goes(&self, stored: &Stored) -> bool {
        let mut inner = self.inner();
        if inner.ended.remove(stored.uid()) {
            return false;
        }
        let object = stored.object();
        let Some(object) = object.downcast::<K>() else { return false };
        let left = Kind::meta(object).deletion_timestamp.is_some() && object.status().backend_ref.is_some();
        if left {
            inner.left.entry(key(stored)).or_default().push(object.clone());
        }
        left
    }

    fn of(&self, key: &str) -> Vec<K> {
        self.inner().left.get(key).cloned().unwrap_or_default()
    }

    fn forget(&self, key: &str, uid: &str) {
        let mut inner = self.inner();
        if let Some(all) = inner.left.get_mut(key) {
            all.retain(|object| Kind::meta(object).uid != uid);
        }
        inner.left.retain(|_, all| !all.is_empty());
    }
}

/// Looks at the name of an object that went and left something.
pub(super) fn noticed<K: Database>(
    departed: Arc<Departed<K>>,
) -> impl FnMut(&Arc<Stored>, Told<'_>, &Queue<String>) + Send {
    move |stored, told, queue| {
        if matches!(told, Told::Gone) && departed.goes(stored) {
            queue.add(&key(stored));
        }
    }
}

impl<K: Database> Reconciler<K> {
    /// Ends what the objects left that had this name before `now`; when to look again where somebody has to be waited for.
    pub(super) async fn finish(&self, key: &String, now: Option<&K>) -> Result<Option<Outcome>, Error> {
        for object in self.departed.of(key) {
            let uid = &Kind::meta(&object).uid;
            // What could not be read for a while did not go.
            let is_there = now.is_some_and(|now| Kind::meta(now).uid == *uid);
            if !is_there && let Some(outcome) = self.end_departed(key, &object).await? {
                return Ok(Some(outcome));
            }
            self.departed.forget(key, uid);
        }
        Ok(None)
    }

    async fn end_departed(&self, key: &String, object: &K) -> Result<Option<Outcome>, Error> {
        let Choice::Ours(chosen) = self.inquiry().choose(object).await? else { return Ok(None) };
        let _seat = match self.seats.enter(chosen.backend.controller_name(), key) {
            Entry::Seated(seat) => seat,
            Entry::Waits => return Ok(Some(Outcome::Again(PATIENCE))),
            Entry::TurnedAway(error) => return Err(error.into()),
        };
        let (disposal, uid) = (last_disposal(object), &Kind::meta(object).uid);
        tracing::warn!(object = key, uid, ?disposal, "an object was let go by force; what it had is ended");
        let class = self.inquiry().last_class(&chosen).await;
        self.end(&mut asked(object, class), &[chosen.backend], disposal).await.map(|()| None)
    }
}
