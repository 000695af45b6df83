//! Whom a Secret concerns that changed or went, where this server has the Secrets: whose it is, whose name it takes, and who
//! refers to it. All others are not even looked up.

use super::super::runtime::Queue;
use super::super::secret;
use super::{Database, conditions, key};
use crate::registry::{Objects, Stored};
use databases_api::instance::Instance;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Edits of a Secret that an object has come together, and so does what we wrote into it ourselves.
const SETTLE: Duration = Duration::from_millis(500);

/// The Secrets that objects refer to, by the objects' keys; of those alone that refer to any.
#[derive(Default)]
pub(super) struct Referring(Mutex<HashMap<String, Vec<String>>>);

impl Referring {
    fn secrets(&self) -> MutexGuard<'_, HashMap<String, Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps account of who refers to which Secrets.
pub(super) fn refers<K: Database>(
    objects: Objects<K>,
    referring: Arc<Referring>,
) -> impl FnMut(&Arc<Stored>, &Queue<String>) + Send {
    move |stored, _| {
        let object = objects.known(stored.namespace(), stored.name());
        let secrets: Vec<String> = object.map_or_else(Vec::new, |object| named(&*object));
        match secrets.is_empty() {
            true => drop(referring.secrets().remove(&key(stored))),
            false => drop(referring.secrets().insert(key(stored), secrets)),
        }
    }
}

fn named(object: &dyn Instance) -> Vec<String> {
    let references = object.spec().references().filter(|reference| reference.is_secret());
    references.map(|reference| reference.name.to_owned()).collect()
}

/// Looks at whom a Secret concerns.
pub(super) fn changed<K: Database>(
    objects: Objects<K>,
    referring: Arc<Referring>,
) -> impl FnMut(&Arc<Stored>, &Queue<String>) + Send {
    move |stored, queue| {
        let namespace = stored.namespace();
        if let Some(owner) = secret::owner(stored) {
            let (store, name) = (objects.store(), owner.name);
            let found = store.find(&store.snapshot(), namespace, name);
            if found.is_ok_and(|object| object.uid() == owner.uid) {
                queue.add_after(&format!("{namespace}/{name}"), SETTLE);
            }
        }
        for name in begins(stored.name()) {
            if objects.known(namespace, name).is_some_and(|object| conditions::has_conflict(&*object)) {
                queue.add(&format!("{namespace}/{name}"));
            }
        }
        let near = format!("{namespace}/");
        for (key, secrets) in referring.secrets().iter().filter(|(key, _)| key.starts_with(&near)) {
            if secrets.iter().any(|name| name == stored.name()) {
                queue.add(key);
            }
        }
    }
}

/// The names of objects that a Secret's name may begin with.
fn begins(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('-').map(|(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_near_to_whatever_its_name_begins_with() {
        assert_eq!(begins("a-b-user-etl").collect::<Vec<_>>(), ["a", "a-b", "a-b-user"]);
        assert_eq!(begins("plain").count(), 0);
    }
}
