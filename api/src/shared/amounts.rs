//! What amounts of compute resources an object may name.

use super::Resources;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::quantity::Quantity;

/// What the names of huge pages begin with.
const HUGE_PAGES: &str = "hugepages-";

/// Adds the faults of resources, wherever they stand.
pub(crate) fn check_resources(resources: &Resources, path: &Path, errors: &mut Errors) {
    if !resources.claims.is_empty() {
        errors.push(FieldError::forbidden(&path.child("claims"), "resource claims are not supported"));
    }
    for (list, part) in [(&resources.requests, "requests"), (&resources.limits, "limits")] {
        for (name, amount) in list {
            let at = path.child(part).key(name);
            // Huge pages are for a class to take; nobody needs them to have a database.
            if !matches!(name.as_str(), "cpu" | "memory") && !name.starts_with(HUGE_PAGES) {
                errors.push(FieldError::not_supported(&at, &**name, &["cpu", "memory"]));
            }
            if let Some(detail) = fault(name, amount, part == "limits") {
                errors.push(FieldError::invalid(&at, shown(amount), detail));
            }
        }
    }
    for (name, request) in &resources.requests {
        if let Some(limit) = resources.limits.get(name).filter(|limit| *limit < request) {
            let at = path.child("requests").key(name);
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            errors.push(FieldError::invalid(&at, request.to_string(), &detail));
        }
    }
}

/// Why nobody can count so much of a resource. Nothing runs with a limit of nothing.
fn fault(name: &str, amount: &Quantity, is_limit: bool) -> Option<&'static str> {
    let (parts, whole) = match name {
        "cpu" => (1000, "must be a whole number of thousandths of a processor, such as 100m"),
        _ => (1, "must be a whole number of bytes, such as 512Mi"),
    };
    match amount.signum() {
        -1 => Some("must be greater than or equal to 0"),
        // Without huge pages everything runs.
        0 if is_limit && !name.starts_with(HUGE_PAGES) => {
            Some("must be greater than 0, as nothing runs without it")
        }
        _ if !amount.is_whole_in(parts) => Some(whole),
        _ if name == "cpu" => {
            amount.to_millis().is_none().then_some("must be less: so many cannot be counted")
        }
        _ => too_large(amount),
    }
}

/// An amount for a person. More than can be counted was read as the most that can be, which nobody wrote.
pub(crate) fn shown(amount: &Quantity) -> String {
    match amount.to_bytes().and_then(|bytes| i64::try_from(bytes).ok()) {
        Some(i64::MAX) => "8Ei or more".to_owned(),
        _ => amount.to_string(),
    }
}

/// Why there is no volume and no memory of so many bytes.
pub(crate) fn too_large(bytes: &Quantity) -> Option<&'static str> {
    let counted = bytes.to_bytes().and_then(|bytes| i64::try_from(bytes).ok());
    (!bytes.is_negative() && counted.is_none_or(|bytes| bytes == i64::MAX))
        .then_some("must be less than 8Ei: more cannot be counted")
}
