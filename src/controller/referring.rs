//! Who refers to what: so that a change of one object is a look at those alone whom it concerns.

use super::runtime::{Key, Queue};
use crate::registry::{Objects, Registry, Store, Stored};
use databases_api::databaseclass::DatabaseClass;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who refers to which objects, such as Secrets; of both alone who has any. All by their keys.
#[derive(Default)]
pub(super) struct Referring(Mutex<References>);

#[derive(Default)]
struct References {
    /// What an object refers to.
    named: HashMap<String, Vec<String>>,
    /// Who refers to it.
    by: HashMap<String, BTreeSet<String>>,
}

impl Referring {
    fn references(&self) -> MutexGuard<'_, References> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object refers to these and to no others.
    pub(super) fn set(&self, object: String, referred: Vec<String>) {
        let References { named, by } = &mut *self.references();
        for one in named.remove(&object).into_iter().flatten() {
            if let Some(objects) = by.get_mut(&one) {
                objects.remove(&object);
                if objects.is_empty() {
                    by.remove(&one);
                }
            }
        }
        if referred.is_empty() {
            return;
        }
        for one in &referred {
            by.entry(one.clone()).or_default().insert(object.clone());
        }
        named.insert(object, referred);
    }

    /// Who refers to it.
    pub(super) fn to(&self, one: &str) -> Vec<String> {
        self.references().by.get(one).into_iter().flatten().cloned().collect()
    }
}

/// Where this server may hold what a class's `spec.parametersRef` names.
pub(super) fn parameters(registry: &Registry) -> Vec<Arc<Store>> {
    ["secrets", "configmaps"].into_iter().filter_map(|plural| registry.store("", plural).cloned()).collect()
}

/// Keeps account of what classes' `spec.parametersRef` name.
pub(super) fn parametrised<K: Key>(
    classes: Objects<DatabaseClass>,
    referring: Arc<Referring>,
) -> impl FnMut(&Arc<Stored>, &Queue<K>) + Send {
    move |stored, _| {
        let class = classes.known("", stored.name());
        let reference = class.as_ref().and_then(|class| class.spec.parameters_ref.as_ref());
        let named = reference
            .filter(|reference| reference.group.is_empty())
            .map(|reference| parameter(&reference.kind, &reference.namespace, &reference.name));
        referring.set(stored.name().to_owned(), named.into_iter().collect());
    }
}

/// The classes whose `spec.parametersRef` names an object of a kind.
pub(super) fn by_parameters(referring: &Referring, kind: &str, stored: &Stored) -> Vec<String> {
    referring.to(&parameter(kind, stored.namespace(), stored.name()))
}

fn parameter(kind: &str, namespace: &str, name: &str) -> String {
    format!("{kind} {namespace}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_refers_to_a_secret_is_known_by_its_name_for_as_long_as_he_does() {
        let referring = Referring::default();
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        referring.set("demo/b".into(), names(&["demo/x", "demo/y"]));
        referring.set("demo/a".into(), names(&["demo/x"]));
        assert_eq!(
            (referring.to("demo/x"), referring.to("demo/y")),
            (names(&["demo/a", "demo/b"]), names(&["demo/b"]))
        );
        referring.set("demo/b".into(), names(&["demo/y"]));
        referring.set("demo/a".into(), Vec::new());
        assert_eq!((referring.to("demo/x"), referring.to("demo/y")), (Vec::new(), names(&["demo/b"])));
        referring.set("demo/b".into(), Vec::new());
        let left = referring.references();
        assert!(left.named.is_empty() && left.by.is_empty());
    }
}
