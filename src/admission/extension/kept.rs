//! What is made of the cluster's objects, kept as long as they mean the same: a change makes anew only what changed.

use kube::Resource;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was made of each object, by the object's name.
pub(super) struct Kept<K, T>(BTreeMap<String, (Arc<K>, Arc<T>)>);

impl<K, T> Default for Kept<K, T> {
    fn default() -> Self {
        Kept(BTreeMap::new())
    }
}

impl<K: Resource, T> Kept<K, T> {
    /// From now on these objects. One for which `is_same` holds of it and its predecessor is not made anew.
    pub(super) fn set(
        &mut self,
        objects: Vec<Arc<K>>,
        is_same: impl Fn(&K, &K) -> bool,
        make: impl Fn(&K) -> T,
    ) {
        let mut before = std::mem::take(&mut self.0);
        for object in objects {
            let name = object.meta().name.clone().unwrap_or_default();
            let known = before.remove(&name);
            let known = known.filter(|(old, _)| Arc::ptr_eq(old, &object) || is_same(old, &object));
            let made = known.map_or_else(|| Arc::new(make(&object)), |(_, made)| made);
            self.0.insert(name, (object, made));
        }
    }

    /// All of them, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Arc<T>)> {
        self.0.iter().map(|(name, (_, made))| (name.as_str(), made))
    }
}
