//! `metadata` of a new and of a changed object.

use super::{
    completed, is_dns1035_label_of, is_dns1123_label, is_dns1123_subdomain, is_label_value, is_path_segment,
    is_path_segment_prefix, is_qualified_name, managers, owners,
};
use crate::field::{Errors, FieldError, Path};
use crate::go;
use crate::kind::{Definition, Hub, NameRule};
use crate::meta::ObjectMeta;
use crate::wire::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The keys and values of all annotations together.
pub(crate) const MOST_ANNOTATION_BYTES: usize = 256 * 1024;
const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

pub(super) fn root(field: &str) -> Path {
    Path::new("metadata").child(field)
}

/// All faults of a new object. A kind without a rule for names leaves its metadata to the server, which looks at that when
/// nothing else is wrong.
pub fn validate_create(definition: &Definition, object: &dyn Hub) -> Errors {
    let is_left = definition.name_rule == NameRule::Segment;
    let mut errors = if is_left { Errors::new() } else { validate_meta(definition, object.meta()) };
    object.validate(&mut errors);
    if is_left && errors.is_empty() {
        errors = validate_meta(definition, object.meta());
    }
    errors
}

/// All faults of a changed object.
pub fn validate_update(definition: &Definition, new: &dyn Hub, old: &dyn Hub) -> Errors {
    let mut errors = validate_meta_update(definition, new.meta(), old.meta());
    new.validate_update(old, &mut errors);
    errors
}

/// All faults of a new object's metadata.
pub fn validate_meta(definition: &Definition, meta: &ObjectMeta) -> Errors {
    let mut errors = Errors::new();
    check_names(definition.name_rule, meta, &mut errors);
    check_new(definition, meta, &mut errors);
    errors
}

/// All faults of a changed object's metadata. That its name follows the rule of the kind was seen when it was new.
pub fn validate_meta_update(definition: &Definition, new: &ObjectMeta, old: &ObjectMeta) -> Errors {
    let mut errors = Errors::new();
    check_names(NameRule::Segment, new, &mut errors);
    check_new(definition, new, &mut errors);
    if old.deletion_timestamp.is_some() {
        check_no_new_finalizers(new, old, &mut errors);
    }
    if new.resource_version.is_empty() {
        errors.push(FieldError::invalid(&root("resourceVersion"), "", "must be specified for an update"));
    }
    if new.generation < old.generation {
        errors.push(FieldError::invalid(&root("generation"), new.generation, "must not be decremented"));
    }
    check_immutable(new, old, &mut errors);
    errors
}

fn push_invalid(errors: &mut Errors, path: &Path, value: &str, faults: Vec<String>) {
    errors.extend(faults.iter().map(|fault| FieldError::invalid(path, value, fault)));
}

fn check_names(rule: NameRule, meta: &ObjectMeta, errors: &mut Errors) {
    if !meta.generate_name.is_empty() {
        let faults = match rule {
            NameRule::Segment => is_path_segment_prefix(&meta.generate_name),
            rule => name_faults(rule, &completed(&meta.generate_name)),
        };
        push_invalid(errors, &root("generateName"), &meta.generate_name, faults);
    }
    if meta.name.is_empty() {
        errors.push(FieldError::required(&root("name"), "name or generateName is required"));
    } else {
        push_invalid(errors, &root("name"), &meta.name, name_faults(rule, &meta.name));
    }
}

fn name_faults(rule: NameRule, name: &str) -> Vec<String> {
    match rule {
        NameRule::Subdomain => is_dns1123_subdomain(name),
        NameRule::Label => is_dns1123_label(name),
        NameRule::Segment => is_path_segment(name),
        NameRule::Label1035(most) => is_dns1035_label_of(name, most),
    }
}

/// What is asked of new objects, and of changed ones again.
fn check_new(definition: &Definition, meta: &ObjectMeta, errors: &mut Errors) {
    check_namespace(definition, meta, errors);
    if meta.generation < 0 {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(&root("generation"), meta.generation, detail));
    }
    check_keys_and_values(meta, errors);
    owners::check(&meta.owner_references, errors);
    check_finalizers(&meta.finalizers, errors);
    managers::check(&meta.managed_fields, errors);
}

fn check_namespace(definition: &Definition, meta: &ObjectMeta, errors: &mut Errors) {
    let path = root("namespace");
    match (definition.namespaced, meta.namespace.as_str()) {
        (true, "") => errors.push(FieldError::required(&path, "")),
        (true, namespace) => push_invalid(errors, &path, namespace, is_dns1123_label(namespace)),
        (false, "") => {}
        (false, _) => errors.push(FieldError::forbidden(&path, "not allowed on this type")),
    }
}

fn check_keys_and_values(meta: &ObjectMeta, errors: &mut Errors) {
    let path = root("labels");
    for (key, value) in &meta.labels {
        push_invalid(errors, &path, key, is_qualified_name(key));
        push_invalid(errors, &path, value, is_label_value(value));
    }
    let path = root("annotations");
    for key in meta.annotations.keys() {
        push_invalid(errors, &path, key, is_qualified_name(&in_lower_case(key)));
    }
    if size(&meta.annotations) > MOST_ANNOTATION_BYTES {
        errors.push(FieldError::too_long(&path, MOST_ANNOTATION_BYTES));
    }
}

/// Go has one character of lower case for each, also for `İ`.
fn in_lower_case(key: &str) -> String {
    key.chars().filter_map(|character| character.to_lowercase().next()).collect()
}

fn size(map: &BTreeMap<String, String>) -> usize {
    map.iter().map(|(key, value)| key.len() + value.len()).sum()
}

fn check_finalizers(finalizers: &[String], errors: &mut Errors) {
    let path = root("finalizers");
    for finalizer in finalizers {
        push_invalid(errors, &path, finalizer, is_qualified_name(finalizer));
    }
    if [ORPHAN, FOREGROUND].iter().all(|name| finalizers.iter().any(|listed| listed == name)) {
        let detail = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.push(FieldError::invalid(&path, finalizers.to_vec(), &detail));
    }
}

fn check_no_new_finalizers(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Errors) {
    let known: HashSet<&String> = old.finalizers.iter().collect();
    let added: BTreeSet<&String> = new.finalizers.iter().filter(|one| !known.contains(one)).collect();
    if !added.is_empty() {
        let list: Vec<String> = added.iter().map(|finalizer| go::quoted(finalizer)).collect();
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            list.join(", ")
        );
        errors.push(FieldError::forbidden(&root("finalizers"), &detail));
    }
}

fn check_immutable(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Errors) {
    for (field, new, old) in [("name", &new.name, &old.name), ("namespace", &new.namespace, &old.namespace)] {
        if new != old {
            errors.push(FieldError::immutable(&root(field), new.as_str()));
        }
    }
    keep("uid", &new.uid, &old.uid, errors);
    keep("creationTimestamp", &new.creation_timestamp, &old.creation_timestamp, errors);
    keep("deletionTimestamp", &new.deletion_timestamp, &old.deletion_timestamp, errors);
    let (new, old) = (&new.deletion_grace_period_seconds, &old.deletion_grace_period_seconds);
    keep("deletionGracePeriodSeconds", new, old, errors);
}

fn keep<T: PartialEq + Serialize>(field: &str, new: &T, old: &T, errors: &mut Errors) {
    if new != old {
        errors.push(FieldError::immutable_json(&root(field), new));
    }
}

#[cfg(test)]
#[path = "meta_tests.rs"]
mod tests;
