//! `metadata` of a new and of a changed object.

use super::{
    is_dns1035_label_of, is_dns1123_label, is_dns1123_subdomain, is_label_value, is_path_segment,
    is_qualified_name,
};
use crate::field::{Errors, FieldError, Path};
use crate::kind::{Definition, NameRule};
use crate::meta::{ManagedFieldsEntry, ObjectMeta, OwnerReference};
use crate::wire::json;
use std::collections::BTreeMap;

/// The keys and values of all annotations together.
pub(crate) const MOST_ANNOTATION_BYTES: usize = 256 * 1024;
const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
const LONGEST_MANAGER: usize = 128;
const LONGEST_SUBRESOURCE: usize = 256;

fn root(field: &str) -> Path {
    Path::new("metadata").child(field)
}

/// All faults of a new object's metadata.
pub fn validate_meta(definition: &Definition, meta: &ObjectMeta) -> Errors {
    let mut errors = Errors::new();
    if !meta.generate_name.is_empty() {
        let base = without_trailing_dash(&meta.generate_name);
        let faults = name_faults(definition.name_rule, &base);
        push_invalid(&mut errors, &root("generateName"), &meta.generate_name, faults);
    }
    if meta.name.is_empty() {
        errors.push(FieldError::required(&root("name"), "name or generateName is required"));
    } else {
        let mut faults = name_faults(definition.name_rule, &meta.name);
        faults.extend(is_path_segment(&meta.name));
        push_invalid(&mut errors, &root("name"), &meta.name, faults);
    }
    check_namespace(definition, meta, &mut errors);
    check_generation(meta, &mut errors);
    check_keys_and_values(meta, &mut errors);
    check_owner_references(&meta.owner_references, &mut errors);
    check_finalizers(&meta.finalizers, &[], &mut errors);
    check_managed_fields(&meta.managed_fields, &mut errors);
    errors
}

/// All faults of a changed object's metadata.
pub fn validate_meta_update(_definition: &Definition, new: &ObjectMeta, old: &ObjectMeta) -> Errors {
    let mut errors = Errors::new();
    if old.deletion_timestamp.is_some() {
        check_no_new_finalizers(new, old, &mut errors);
    }
    if new.resource_version.is_empty() {
        errors.push(FieldError::invalid(&root("resourceVersion"), "", "must be specified for an update"));
    }
    check_generation(new, &mut errors);
    if new.generation < old.generation {
        errors.push(FieldError::invalid(&root("generation"), new.generation, "must not be decremented"));
    }
    check_immutable(new, old, &mut errors);
    check_keys_and_values(new, &mut errors);
    check_owner_references(&new.owner_references, &mut errors);
    check_finalizers(&new.finalizers, &old.finalizers, &mut errors);
    check_managed_fields(&new.managed_fields, &mut errors);
    errors
}

/// Takes out owner references of a UID that stands before, and gives the warning to tell of it (V-22).
pub fn dedupe_owner_references(meta: &mut ObjectMeta) -> Option<String> {
    let (mut seen, mut twice) = (Vec::new(), Vec::new());
    meta.owner_references.retain(|reference| {
        if !seen.contains(&reference.uid) {
            seen.push(reference.uid.clone());
            return true;
        }
        if !twice.contains(&reference.uid) {
            twice.push(reference.uid.clone());
        }
        false
    });
    (!twice.is_empty()).then(|| {
        format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and \
             may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            twice.join(", ")
        )
    })
}

fn push_invalid(errors: &mut Errors, path: &Path, value: &str, faults: Vec<String>) {
    errors.extend(faults.iter().map(|fault| FieldError::invalid(path, value, fault)));
}

fn name_faults(rule: NameRule, name: &str) -> Vec<String> {
    match rule {
        NameRule::Subdomain => is_dns1123_subdomain(name),
        NameRule::Label => is_dns1123_label(name),
        NameRule::Segment => Vec::new(),
        NameRule::Label1035(most) => is_dns1035_label_of(name, most),
    }
}

/// A prefix may end with a dash, since more follows.
fn without_trailing_dash(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(base) if !base.is_empty() => {
            let kept: String = base.chars().take(base.chars().count() - 1).collect();
            kept + "a"
        }
        _ => prefix.to_owned(),
    }
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

fn check_generation(meta: &ObjectMeta, errors: &mut Errors) {
    if meta.generation < 0 {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(&root("generation"), meta.generation, detail));
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
        push_invalid(errors, &path, key, is_qualified_name(&key.to_lowercase()));
    }
    if size(&meta.annotations) > MOST_ANNOTATION_BYTES {
        errors.push(FieldError::too_long(&path, MOST_ANNOTATION_BYTES));
    }
}

fn size(map: &BTreeMap<String, String>) -> usize {
    map.iter().map(|(key, value)| key.len() + value.len()).sum()
}

fn check_owner_references(references: &[OwnerReference], errors: &mut Errors) {
    let path = root("ownerReferences");
    let mut controller: Option<String> = None;
    for (index, reference) in references.iter().enumerate() {
        check_owner_reference(&path.index(index), reference, errors);
        if reference.controller != Some(true) {
            continue;
        }
        let current = format!("{}/{}", reference.kind, reference.name);
        match &controller {
            None => controller = Some(current),
            Some(first) => {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} \
                     and {current}"
                );
                errors.push(FieldError::invalid(&path, json::to_tree(&references.to_vec()), &detail));
            }
        }
    }
}

fn check_owner_reference(path: &Path, reference: &OwnerReference, errors: &mut Errors) {
    let version = reference.api_version.as_str();
    if version.is_empty() {
        errors.push(FieldError::required(&path.child("apiVersion"), "must not be empty"));
    } else if version.matches('/').count() > 1 || version.ends_with('/') {
        let detail = "must be <group>/<version> or <version>";
        errors.push(FieldError::invalid(&path.child("apiVersion"), version, detail));
    }
    for (name, value) in [("kind", &reference.kind), ("name", &reference.name), ("uid", &reference.uid)] {
        if value.is_empty() {
            errors.push(FieldError::required(&path.child(name), "must not be empty"));
        }
    }
    if version == "v1" && reference.kind == "Event" {
        let detail = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(FieldError::invalid(path, json::to_tree(reference), detail));
    }
}

/// A finalizer that was there before is not judged again: an object that has it can still be changed.
fn check_finalizers(finalizers: &[String], before: &[String], errors: &mut Errors) {
    let path = root("finalizers");
    for finalizer in finalizers.iter().filter(|finalizer| !before.contains(finalizer)) {
        push_invalid(errors, &path, finalizer, is_qualified_name(finalizer));
    }
    let both =
        |list: &[String]| [ORPHAN, FOREGROUND].iter().all(|name| list.iter().any(|listed| listed == name));
    if both(finalizers) && !both(before) {
        let detail = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.push(FieldError::invalid(&path, finalizers.to_vec(), &detail));
    }
}

fn check_no_new_finalizers(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Errors) {
    let mut added: Vec<&String> =
        new.finalizers.iter().filter(|finalizer| !old.finalizers.contains(finalizer)).collect();
    added.sort();
    added.dedup();
    if !added.is_empty() {
        let list: Vec<String> = added.iter().map(|finalizer| format!("{finalizer:?}")).collect();
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            list.join(", ")
        );
        errors.push(FieldError::forbidden(&root("finalizers"), &detail));
    }
}

fn check_immutable(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Errors) {
    let time = |time: Option<crate::time::Time>| match time {
        Some(time) => serde_json::Value::from(time.to_string()),
        None => serde_json::Value::Null,
    };
    let fields = [
        ("name", new.name != old.name, new.name.as_str().into()),
        ("namespace", new.namespace != old.namespace, new.namespace.as_str().into()),
        ("uid", new.uid != old.uid, new.uid.as_str().into()),
        ("creationTimestamp", new.creation_timestamp != old.creation_timestamp, time(new.creation_timestamp)),
        ("deletionTimestamp", new.deletion_timestamp != old.deletion_timestamp, time(new.deletion_timestamp)),
        (
            "deletionGracePeriodSeconds",
            new.deletion_grace_period_seconds != old.deletion_grace_period_seconds,
            new.deletion_grace_period_seconds.into(),
        ),
    ];
    for (name, changed, value) in fields {
        if changed {
            errors.push(FieldError::immutable(&root(name), value));
        }
    }
}

fn check_managed_fields(entries: &[ManagedFieldsEntry], errors: &mut Errors) {
    for (index, entry) in entries.iter().enumerate() {
        let path = root("managedFields").index(index);
        match entry.operation.as_str() {
            "Apply" | "Update" => {}
            "" => errors.push(FieldError::required(&path.child("operation"), "must not be empty")),
            other => {
                errors.push(FieldError::not_supported(&path.child("operation"), other, &["Apply", "Update"]));
            }
        }
        if !matches!(entry.fields_type.as_str(), "" | "FieldsV1") {
            let field = path.child("fieldsType");
            errors.push(FieldError::invalid(&field, entry.fields_type.as_str(), "must be `FieldsV1`"));
        }
        if entry.manager.len() > LONGEST_MANAGER {
            errors.push(FieldError::too_long(&path.child("manager"), LONGEST_MANAGER));
        }
        if entry.subresource.len() > LONGEST_SUBRESOURCE {
            errors.push(FieldError::too_long(&path.child("subresource"), LONGEST_SUBRESOURCE));
        }
    }
}

#[cfg(test)]
#[path = "meta_tests.rs"]
mod tests;
