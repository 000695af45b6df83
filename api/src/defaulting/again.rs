//! What a write leaves unset that was set before, as a manifest does that knows of no defaults.

use super::{CLASS, default_version, filled, provenance, record};
use crate::databaseclass::{DatabaseClass, InstanceDefaults};
use crate::instance::Instance;
use crate::maxima;
use crate::shared::{DeletionPolicy, InstanceSpec, Storage};
use std::collections::BTreeMap;

/// Whether a write leaves something unset that was set and has defaults.
pub fn is_left_open(new: &dyn Instance, old: &dyn Instance) -> bool {
    fn is_gone<T>(new: &Option<T>, old: &Option<T>) -> bool {
        new.is_none() && old.is_some()
    }
    let (new, old) = (new.spec(), old.spec());
    new.version.is_empty() && !old.version.is_empty()
        || is_gone(&new.instances, &old.instances)
        || is_gone(&new.storage.size, &old.storage.size)
        || is_gone(&new.storage.storage_class_name, &old.storage.storage_class_name)
        || is_gone(&new.resources, &old.resources)
        || maxima::are_gone(new, old)
        || is_gone(&new.tls, &old.tls)
        || is_gone(&new.backup, &old.backup)
        || is_gone(&new.observability, &old.observability)
        || is_gone(&new.maintenance, &old.maintenance)
        || is_gone(&new.upgrade_policy, &old.upgrade_policy)
        || is_gone(&new.deletion_policy, &old.deletion_policy)
}

/// What a class decided once stays decided: the manifest that an object was created with changes nothing when it is written
/// again. What somebody had stated, and states no longer, is the class's to decide, then that of the static defaults. What was
/// unset before stays so.
pub fn decide_again(object: &mut dyn Instance, old: &dyn Instance, classes: &[DatabaseClass]) {
    let name = &old.spec().class_name;
    let class = classes.iter().find(|class| class.metadata.name == *name);
    let decided: BTreeMap<String, String> = provenance(old);
    let by = |field: &str| decided.get(field).and_then(|of| of.strip_prefix(CLASS));
    let is_decided = |field: &str| by(field).is_some();
    let now = class.map(|class| {
        let mut now = class.spec.defaults.clone().unwrap_or_default();
        if now.version.is_empty() {
            now.version = default_version(class, object.definition().kind).unwrap_or_default();
        }
        now
    });
    let mut filled = filled(object, &choose(old.spec(), &now.unwrap_or_default(), is_decided));
    maxima::fill_again(object, old, class, is_decided, &mut filled);
    let spec = object.spec_mut();
    if old.spec().instances.is_some() {
        spec.instances.get_or_insert(1);
    }
    if old.spec().deletion_policy.is_some() {
        spec.deletion_policy.get_or_insert(DeletionPolicy::Retain);
    }
    let chosen = by("spec.className").filter(|_| spec.class_name == *name).map(|_| "spec.className");
    let set = filled.set.into_iter().chain(chosen);
    let set = set.map(|field| (field, by(field).unwrap_or(name).to_owned())).collect();
    record(object, &set, &[]);
}

/// For what was set: what it was, where that was decided by a class, else what the class says now.
fn choose(old: &InstanceSpec, now: &InstanceDefaults, is_decided: impl Fn(&str) -> bool) -> InstanceDefaults {
    let one = Choice(is_decided);
    let (storage, none) = (now.storage.clone().unwrap_or_default(), String::new());
    InstanceDefaults {
        version: match (old.version.as_str(), (one.0)("spec.version")) {
            ("", _) => none,
            (_, true) => old.version.clone(),
            (_, false) => now.version.clone(),
        },
        instances: one.of("spec.instances", &old.instances, &now.instances),
        storage: Some(Storage {
            size: one.of("spec.storage.size", &old.storage.size, &storage.size),
            storage_class_name: one.of(
                "spec.storage.storageClassName",
                &old.storage.storage_class_name,
                &storage.storage_class_name,
            ),
        }),
        resources: one.of("spec.resources", &old.resources, &now.resources),
        tls: one.of("spec.tls", &old.tls, &now.tls),
        backup: one.of("spec.backup", &old.backup, &now.backup),
        observability: one.of("spec.observability", &old.observability, &now.observability),
        maintenance: one.of("spec.maintenance", &old.maintenance, &now.maintenance),
        upgrade_policy: one.of("spec.upgradePolicy", &old.upgrade_policy, &now.upgrade_policy),
        deletion_policy: one.of("spec.deletionPolicy", &old.deletion_policy, &now.deletion_policy),
    }
}

struct Choice<F>(F);

impl<F: Fn(&str) -> bool> Choice<F> {
    fn of<T: Clone>(&self, field: &str, old: &Option<T>, now: &Option<T>) -> Option<T> {
        match old {
            None => None,
            Some(_) if (self.0)(field) => old.clone(),
            Some(_) => now.clone(),
        }
    }
}
