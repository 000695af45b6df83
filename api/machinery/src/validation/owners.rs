//! References to owners.

use super::meta::root;
use crate::field::{Errors, FieldError, Path};
use crate::meta::{ObjectMeta, OwnerReference};

/// Takes out owner references that are equal to one before, and gives the warning to tell of it (V-22). `when` says after
/// what they stood there twice, if not in the request itself.
pub fn dedupe_owner_references(meta: &mut ObjectMeta, when: &str) -> Option<String> {
    let (mut seen, mut twice) = (Vec::new(), Vec::new());
    for reference in std::mem::take(&mut meta.owner_references) {
        match seen.contains(&reference) {
            true => twice.push(reference.uid),
            false => seen.push(reference),
        }
    }
    meta.owner_references = seen;
    (!twice.is_empty()).then(|| {
        format!(
            ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, \
             and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            twice.join(", ")
        )
    })
}

pub(super) fn check(references: &[OwnerReference], errors: &mut Errors) {
    let path = root("ownerReferences");
    let mut controller: Option<String> = None;
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
                errors.push(FieldError::invalid_json(&path, &references, &detail));
            }
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
