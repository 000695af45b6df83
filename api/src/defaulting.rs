//! What a class decides for an object that leaves it open.
//!
//! Defaults are written into the object when it is created, so that a class that changes later changes nothing
//! that exists. Who set what stands in an annotation.

use crate::databaseclass::{DatabaseClass, Engine, InstanceDefaults};
use crate::instance::Instance;
use crate::shared::{DeletionPolicy, Storage};
use apimachinery::time::Time;
use std::collections::BTreeMap;

/// Which class set which field.
const PROVENANCE: &str = "databases.standard.k8s.io/defaulted";

/// Chooses a class where none is named, and takes from it what the object leaves unset; then come the static
/// defaults that a person should see.
pub fn resolve(object: &mut dyn Instance, classes: &[DatabaseClass]) {
    let kind = object.definition().kind;
    let mut set = BTreeMap::new();
    if object.spec().class_name.is_empty()
        && let Some(class) = default_class(classes, kind)
    {
        object.spec_mut().class_name.clone_from(&class.metadata.name);
        set.insert("spec.className", class.metadata.name.clone());
    }
    let name = object.spec().class_name.clone();
    if let Some(class) = classes.iter().find(|class| class.metadata.name == name) {
        let fields = class.spec.defaults.as_ref().map_or_else(Vec::new, |defaults| fill(object, defaults));
        set.extend(fields.into_iter().map(|field| (field, name.clone())));
        if object.spec().version.is_empty()
            && object.spec().adopt_ref.is_none()
            && let Some(version) = default_version(class, kind)
        {
            object.spec_mut().version = version;
            set.insert("spec.version", name.clone());
        }
    }
    object.spec_mut().instances.get_or_insert(1);
    object.spec_mut().deletion_policy.get_or_insert(DeletionPolicy::Retain);
    record(object, &set);
}

/// Adds to the annotation where fields came from; what stood there of other fields stays.
fn record(object: &mut dyn Instance, set: &BTreeMap<&'static str, String>) {
    if set.is_empty() {
        return;
    }
    let annotation = object.meta_mut().annotations.entry(PROVENANCE.into()).or_default();
    let mut provenance: BTreeMap<String, String> = serde_json::from_str(annotation).unwrap_or_default();
    let new = set.iter().map(|(field, class)| ((*field).to_owned(), format!("DatabaseClass/{class}")));
    provenance.extend(new);
    *annotation = serde_json::to_string(&provenance).unwrap_or_default();
}

/// Whether the object's class is among these; where it names none, whether one of them is the default.
pub fn knows_class(object: &dyn Instance, classes: &[DatabaseClass]) -> bool {
    match object.spec().class_name.as_str() {
        "" => default_class(classes, object.definition().kind).is_some(),
        name => classes.iter().any(|class| class.metadata.name == name),
    }
}

/// The newest of the default classes, then the first by name (KEP-3333).
fn default_class<'a>(classes: &'a [DatabaseClass], kind: &str) -> Option<&'a DatabaseClass> {
    let is_default = |class: &&DatabaseClass| {
        // One that is being deleted takes no new objects.
        class.metadata.deletion_timestamp.is_none()
            && class.spec.default_for.iter().any(|listed| listed == kind)
    };
    classes.iter().filter(is_default).min_by_key(|class| {
        let created = class.metadata.creation_timestamp.map_or(0, Time::seconds);
        (std::cmp::Reverse(created), &class.metadata.name)
    })
}

/// What the class can run of a kind.
pub(crate) fn engines<'a>(class: &'a DatabaseClass, kind: &'static str) -> impl Iterator<Item = &'a Engine> {
    class.status.engines.iter().filter(move |engine| engine.kind == kind)
}

fn default_version(class: &DatabaseClass, kind: &'static str) -> Option<String> {
    let mut versions = engines(class, kind).flat_map(|engine| &engine.versions);
    versions.find(|version| version.default).map(|version| version.name.clone())
}

/// Takes what is unset; returns the fields that were.
fn fill(object: &mut dyn Instance, defaults: &InstanceDefaults) -> Vec<&'static str> {
    let InstanceDefaults {
        version,
        instances,
        storage,
        resources,
        tls,
        backup,
        observability,
        maintenance,
        upgrade_policy,
        deletion_policy,
    } = defaults.clone();
    let spec = object.spec_mut();
    let Storage { size, storage_class_name } = storage.unwrap_or_default();
    let mut set = Vec::new();
    // What is taken over has a version already.
    if spec.version.is_empty() && !version.is_empty() && spec.adopt_ref.is_none() {
        spec.version = version;
        set.push("spec.version");
    }
    fill_one(&mut spec.instances, instances, "spec.instances", &mut set);
    fill_one(&mut spec.storage.size, size, "spec.storage.size", &mut set);
    let class_name = &mut spec.storage.storage_class_name;
    fill_one(class_name, storage_class_name, "spec.storage.storageClassName", &mut set);
    fill_one(&mut spec.resources, resources, "spec.resources", &mut set);
    fill_one(&mut spec.tls, tls, "spec.tls", &mut set);
    fill_one(&mut spec.backup, backup, "spec.backup", &mut set);
    fill_one(&mut spec.observability, observability, "spec.observability", &mut set);
    fill_one(&mut spec.maintenance, maintenance, "spec.maintenance", &mut set);
    fill_one(&mut spec.upgrade_policy, upgrade_policy, "spec.upgradePolicy", &mut set);
    fill_one(&mut spec.deletion_policy, deletion_policy, "spec.deletionPolicy", &mut set);
    set
}

fn fill_one<T>(slot: &mut Option<T>, value: Option<T>, field: &'static str, set: &mut Vec<&'static str>) {
    if slot.is_none() && value.is_some() {
        *slot = value;
        set.push(field);
    }
}
