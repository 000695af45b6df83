//! What a class decides for an object that leaves it open.
//!
//! Defaults are written into the object when it is created, so that a class that changes later changes nothing
//! that exists. Who set what stands in an annotation, and in the errors of those fields.

mod again;

pub use again::{decide_again, is_left_open};

use crate::databaseclass::{DatabaseClass, Engine, InstanceDefaults};
use crate::instance::Instance;
use crate::maxima;
use crate::shared::{DeletionPolicy, Storage};
use apimachinery::field::Errors;
use apimachinery::time::Time;
use std::collections::BTreeMap;

/// Which class set which field.
const PROVENANCE: &str = "databases.standard.k8s.io/defaulted";
/// How the annotation calls a class.
const CLASS: &str = "DatabaseClass/";

/// Chooses a class where none is named, and takes from it what the object leaves unset; then come the static
/// defaults that a person should see.
pub fn resolve(object: &mut dyn Instance, classes: &[DatabaseClass]) {
    let kind = object.definition().kind;
    let (mut set, mut stated) = (BTreeMap::new(), Vec::new());
    if object.spec().class_name.is_empty()
        && let Some(class) = default_class(classes, kind)
    {
        object.spec_mut().class_name.clone_from(&class.metadata.name);
        set.insert("spec.className", class.metadata.name.clone());
    }
    let name = object.spec().class_name.clone();
    if let Some(class) = classes.iter().find(|class| class.metadata.name == name) {
        let none = InstanceDefaults::default();
        let defaults = class.spec.defaults.as_ref().unwrap_or(&none);
        let version = default_version(class, kind).unwrap_or_default();
        let wanted = &object.spec().version;
        if !wanted.is_empty() && ![&version, &defaults.version].contains(&wanted) {
            stated.push("spec.version");
        }
        let mut filled = filled(object, defaults);
        maxima::fill(object, class, &mut filled);
        set.extend(filled.set.into_iter().map(|field| (field, name.clone())));
        stated.extend(filled.stated);
        if object.spec().version.is_empty() && object.spec().adopt_ref.is_none() && !version.is_empty() {
            object.spec_mut().version = version;
            set.insert("spec.version", name.clone());
        }
    }
    object.spec_mut().instances.get_or_insert(1);
    object.spec_mut().deletion_policy.get_or_insert(DeletionPolicy::Retain);
    record(object, &set, &stated);
}

/// Adds to the annotation where fields came from, and takes off it the defaults of a class that the object states otherwise, such
/// as a copy of another object that was changed. What stood there of other fields stays.
fn record(object: &mut dyn Instance, set: &BTreeMap<&'static str, String>, stated: &[&'static str]) {
    let before = provenance(object);
    let is_default = |field: &str, of: &str| !(of.starts_with(CLASS) && stated.contains(&field));
    let mut now = before.clone();
    now.retain(|field, of| is_default(field, of));
    now.extend(set.iter().map(|(field, class)| ((*field).to_owned(), format!("{CLASS}{class}"))));
    let annotations = &mut object.meta_mut().annotations;
    if now.is_empty() {
        annotations.remove(PROVENANCE);
    } else if now != before {
        annotations.insert(PROVENANCE.into(), serde_json::to_string(&now).unwrap_or_default());
    }
}

/// Which fields were defaulted, and by whom.
fn provenance(object: &dyn Instance) -> BTreeMap<String, String> {
    let annotation = object.meta().annotations.get(PROVENANCE);
    annotation.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Says of faults in what a class decided just now that it was the class, and what to do: whoever wrote the object did not write
/// that.
pub fn name_origin(new: &dyn Instance, old: Option<&dyn Instance>, errors: &mut Errors) {
    if errors.is_empty() {
        return;
    }
    let (now, before) = (provenance(new), old.map(provenance).unwrap_or_default());
    let class = &new.spec().class_name;
    let is_news =
        |field: &String, of: &String| !before.contains_key(field) && of.strip_prefix(CLASS) == Some(class);
    for error in errors {
        let mut defaulted = now.iter().filter(|(field, of)| is_news(field, of)).map(|(field, _)| field);
        if let Some(field) = defaulted.find(|field| beyond(&error.field, field).is_some()) {
            let more =
                format!("; this is the default of class {class:?}: set {field} here, or change the class");
            error.body.push_str(&more);
        }
    }
}

/// What a field's path has beyond this one; none where it stands elsewhere.
pub(crate) fn beyond<'a>(field: &'a str, path: &str) -> Option<&'a str> {
    let rest = field.strip_prefix(path)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// Whether the object's class is among these; where it names none, whether one of them is the default.
pub fn knows_class(object: &dyn Instance, classes: &[DatabaseClass]) -> bool {
    match object.spec().class_name.as_str() {
        "" => default_class(classes, object.definition().kind).is_some(),
        name => classes.iter().any(|class| class.metadata.name == name),
    }
}

/// The newest of the default classes, then the first by name (KEP-3333).
pub fn default_class<'a>(classes: &'a [DatabaseClass], kind: &str) -> Option<&'a DatabaseClass> {
    default_classes(classes, kind).min_by_key(|class| {
        let created = class.metadata.creation_timestamp.map_or(0, Time::seconds);
        (std::cmp::Reverse(created), &class.metadata.name)
    })
}

/// All default classes of a kind.
pub fn default_classes<'a>(
    classes: &'a [DatabaseClass],
    kind: &str,
) -> impl Iterator<Item = &'a DatabaseClass> {
    // One that is being deleted takes no new objects.
    classes.iter().filter(move |class| {
        class.metadata.deletion_timestamp.is_none()
            && class.spec.default_for.iter().any(|listed| listed == kind)
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

/// What became of the defaults.
#[derive(Default)]
pub(crate) struct Filled {
    /// The fields that were set.
    pub(crate) set: Vec<&'static str>,
    /// Those that the object states itself, and otherwise.
    pub(crate) stated: Vec<&'static str>,
}

/// Takes what is unset; returns the fields that were.
pub(crate) fn fill(object: &mut dyn Instance, defaults: &InstanceDefaults) -> Vec<&'static str> {
    filled(object, defaults).set
}

fn filled(object: &mut dyn Instance, defaults: &InstanceDefaults) -> Filled {
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
    let mut fields = Filled::default();
    // What is taken over has a version already.
    if spec.version.is_empty() && !version.is_empty() && spec.adopt_ref.is_none() {
        spec.version = version;
        fields.set.push("spec.version");
    }
    fill_one(&mut spec.instances, instances, "spec.instances", &mut fields);
    fill_one(&mut spec.storage.size, size, "spec.storage.size", &mut fields);
    let class_name = &mut spec.storage.storage_class_name;
    fill_one(class_name, storage_class_name, "spec.storage.storageClassName", &mut fields);
    fill_one(&mut spec.resources, resources, "spec.resources", &mut fields);
    fill_one(&mut spec.tls, tls, "spec.tls", &mut fields);
    fill_one(&mut spec.backup, backup, "spec.backup", &mut fields);
    fill_one(&mut spec.observability, observability, "spec.observability", &mut fields);
    fill_one(&mut spec.maintenance, maintenance, "spec.maintenance", &mut fields);
    fill_one(&mut spec.upgrade_policy, upgrade_policy, "spec.upgradePolicy", &mut fields);
    fill_one(&mut spec.deletion_policy, deletion_policy, "spec.deletionPolicy", &mut fields);
    fields
}

fn fill_one<T: PartialEq>(slot: &mut Option<T>, value: Option<T>, field: &'static str, fields: &mut Filled) {
    if slot.is_some() && *slot != value {
        fields.stated.push(field);
    } else if slot.is_none() && value.is_some() {
        *slot = value;
        fields.set.push(field);
    }
}
