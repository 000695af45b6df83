//! Names of what writes, and the entries of `managedFields`.

use super::meta::root;
use crate::field::{Errors, FieldError, Path};
use crate::go;
use crate::meta::ManagedFieldsEntry;

/// The longest name of a manager, in bytes.
pub const LONGEST_MANAGER: usize = 128;
const LONGEST_SUBRESOURCE: usize = 256;

/// Whether a manager's name may have it (V-06).
pub fn is_printable(character: char) -> bool {
    go::is_printable(character)
}

/// The name of a manager: short, and printable (V-06).
pub fn validate_manager(path: &Path, manager: &str, errors: &mut Errors) {
    if manager.len() > LONGEST_MANAGER {
        errors.push(FieldError::too_long(path, LONGEST_MANAGER));
    }
    for (at, character) in manager.char_indices().filter(|(_, character)| !go::is_printable(*character)) {
        let detail = format!("invalid character U+{:04X} (at position {at})", u32::from(character));
        errors.push(FieldError::invalid(path, manager, &detail));
    }
}

pub(super) fn check(entries: &[ManagedFieldsEntry], errors: &mut Errors) {
    for (index, entry) in entries.iter().enumerate() {
        let path = root("managedFields").index(index);
        let field = path.child("operation");
        match entry.operation.as_str() {
            "Apply" | "Update" => {}
            "" => errors.push(FieldError::required(&field, "must not be empty")),
            other => errors.push(FieldError::not_supported_json(&field, &other, &["Apply", "Update"])),
        }
        if !matches!(entry.fields_type.as_str(), "" | "FieldsV1") {
            let field = path.child("fieldsType");
            errors.push(FieldError::invalid(&field, entry.fields_type.as_str(), "must be `FieldsV1`"));
        }
        validate_manager(&path.child("manager"), &entry.manager, errors);
        if entry.subresource.len() > LONGEST_SUBRESOURCE {
            errors.push(FieldError::too_long(&path.child("subresource"), LONGEST_SUBRESOURCE));
        }
    }
}
