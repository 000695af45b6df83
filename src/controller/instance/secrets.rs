//! Whom a Secret concerns that changed or went, where this server has the Secrets: whose it is, whose name it takes, and who
//! refers to it. All others are not even looked up.

use super::super::referring::Referring;
use super::super::runtime::{Queue, Told};
use super::super::secret;
use super::{Database, conditions, key};
use crate::registry::{Objects, Stored};
use databases_api::instance::Instance;
use std::sync::Arc;
use std::time::Duration;

/// Edits of a Secret that an object has come together.
const SETTLE: Duration = Duration::from_millis(500);

/// Keeps account of who refers to which Secrets.
pub(super) fn refers<K: Database>(
    objects: Objects<K>,
    referring: Arc<Referring>,
) -> impl FnMut(&Arc<Stored>, &Queue<String>) + Send {
    move |stored, _| {
        let object = objects.known(stored.namespace(), stored.name());
        referring.set(key(stored), object.map_or_else(Vec::new, |object| named(&*object)));
    }
}

fn named(object: &dyn Instance) -> Vec<String> {
    let namespace = &object.meta().namespace;
    let references = object.spec().references().filter(|reference| reference.is_secret());
    references.map(|reference| format!("{namespace}/{}", reference.name)).collect()
}

/// Looks at whom a Secret concerns. One that `writer`, which is this program, has just made is as its object wants it.
pub(super) fn changed<K: Database>(
    objects: Objects<K>,
    referring: Arc<Referring>,
    writer: String,
) -> impl FnMut(&Arc<Stored>, Told<'_>, &Queue<String>) + Send {
    move |stored, told, queue| {
        let namespace = stored.namespace();
        let made = matches!(told, Told::Is) && is_made_by(&writer, stored);
        if let Some(owner) = secret::owner(stored).filter(|_| !made) {
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
        referring.to(&key(stored)).iter().for_each(|object| queue.add(object));
    }
}

fn is_made_by(writer: &str, stored: &Stored) -> bool {
    let object = stored.object();
    let managers = &object.meta().managed_fields;
    !managers.is_empty() && managers.iter().all(|entry| entry.manager == writer)
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
