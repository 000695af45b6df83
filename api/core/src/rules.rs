//! Rules that several kinds of `core/v1` have in common, with the texts that Kubernetes answers.

use apimachinery::field::{Errors, FieldError, Path};
use std::collections::HashSet;

/// What all values of a ConfigMap or a Secret may take together.
pub(super) const LARGEST: usize = 1024 * 1024;

const LONGEST_KEY: usize = 253;
const IMMUTABLE: &str = "field is immutable when `immutable` is set";

/// A key is the name of a file: letters, digits, `-`, `_` and `.`, and no way out of its folder.
pub(super) fn check_key(key: &str, path: &Path, errors: &mut Errors) {
    let mut wrong = |detail: &str| errors.push(FieldError::invalid(&path.key(key), key, detail));
    if key.len() > LONGEST_KEY {
        wrong("must be no more than 253 characters");
    }
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        wrong(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
             'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        );
    }
    match key {
        "." | ".." => wrong(&format!("must not be '{key}'")),
        _ if key.starts_with("..") => wrong("must not start with '..'"),
        _ => {}
    }
}

/// A finalizer without a domain must be one of Kubernetes' own. Those that were there before are not judged again.
pub(super) fn check_finalizers(new: &[String], old: &[String], errors: &mut Errors) {
    if new == old {
        return;
    }
    let (path, old) = (Path::new("metadata").child("finalizers"), HashSet::<&String>::from_iter(old));
    for (index, finalizer) in new.iter().enumerate().filter(|(_, finalizer)| !old.contains(finalizer)) {
        check_finalizer(finalizer, &path.index(index), errors);
    }
}

/// The same for one of them.
pub(super) fn check_finalizer(finalizer: &str, path: &Path, errors: &mut Errors) {
    let is_known = matches!(finalizer, "kubernetes" | "orphan" | "foregroundDeletion");
    if !finalizer.contains('/') && !is_known {
        let detail = "name is neither a standard finalizer name nor is it fully qualified";
        errors.push(FieldError::invalid(path, finalizer, detail));
    }
}

/// What was declared immutable stays so, and as it is; `changed` names the fields that may not have changed.
pub(super) fn check_immutable(
    (new, old): (Option<bool>, Option<bool>),
    changed: &[(&str, bool)],
    errors: &mut Errors,
) {
    if old != Some(true) {
        return;
    }
    let fields = [("immutable", new != Some(true))];
    for (field, _) in fields.iter().chain(changed).filter(|(_, changed)| *changed) {
        errors.push(FieldError::forbidden(&Path::new(field), IMMUTABLE));
    }
}
