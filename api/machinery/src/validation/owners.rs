//! References to owners.

use std::collections::HashSet;
use std::hash::Hash;

use super::meta::root;
use crate::field::{Errors, FieldError, MOST_SAID, Path};
use crate::meta::{ObjectMeta, OwnerReference};

/// Takes out owner references that are equal to one before, and gives the warning to tell of it (V-22). `when` says after
/// what they stood there twice, if not in the request itself.
pub fn dedupe_owner_references(meta: &mut ObjectMeta, when: &str) -> Option<String> {
    let is_new: Vec<bool> = {
        let mut seen = HashSet::new();
        meta.owner_references.iter().map(|one| seen.insert(all_of(one))).collect()
    };
    let (mut is_new, mut twice) = (is_new.into_iter(), Vec::new());
    meta.owner_references.retain_mut(|reference| {
        let keeps = is_new.next().unwrap_or(true);
        if !keeps {
            twice.push(std::mem::take(&mut reference.uid));
        }
        keeps
    });
    (!twice.is_empty()).then(|| {
        format!(
            ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, \
             and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            twice.join(", ")
        )
    })
}

/// Every field, for comparison.
fn all_of(reference: &OwnerReference) -> impl Hash + Eq + '_ {
    let OwnerReference { api_version, kind, name, uid, controller, block_owner_deletion } = reference;
    (api_version, kind, name, uid, controller, block_owner_deletion)
}

pub(super) fn check(references: &[OwnerReference], errors: &mut Errors) {
    let path = root("ownerReferences");
    let (mut controller, mut said): (Option<String>, usize) = (None, 0);
    for (index, reference) in references.iter().enumerate() {
        check_one(&path.index(index), reference, errors);
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
                let error = FieldError::invalid_json(&path, &references, &detail);
                said += error.body.len();
                errors.push(error);
            }
        }
        // Each of these errors shows all references.
        if said > MOST_SAID {
            return;
        }
    }
}

fn check_one(path: &Path, reference: &OwnerReference, errors: &mut Errors) {
    let (group, version) = match reference.api_version.split_once('/') {
        None => ("", reference.api_version.as_str()),
        Some((_, version)) if version.contains('/') => ("", ""),
        Some(parts) => parts,
    };
    let field = path.child("apiVersion");
    if reference.api_version.is_empty() {
        errors.push(FieldError::required(&field, "must not be empty"));
    } else if version.is_empty() {
        let detail = "must be <group>/<version> or <version>";
        errors.push(FieldError::invalid(&field, reference.api_version.as_str(), detail));
    }
    for (name, value) in [("kind", &reference.kind), ("name", &reference.name), ("uid", &reference.uid)] {
        if value.is_empty() {
            errors.push(FieldError::required(&path.child(name), "must not be empty"));
        }
    }
    if (group, version, reference.kind.as_str()) == ("", "v1", "Event") {
        let detail = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(FieldError::invalid_json(path, reference, detail));
    }
}
