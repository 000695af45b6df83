//! Strategic merge patches, applied as Kubernetes applies them to the kinds it has Go types for (V-52, V-60…V-65).
//!
//! A patch is a merge patch that may merge lists: a field's schema says whether, and by which key of their items. Members
//! whose names begin with `$` are directives. `$patch` replaces or deletes what it stands in, `$retainKeys` names the members
//! that stay, `$deleteFromPrimitiveList/FIELD` takes plain values out of a list, and `$setElementOrder/FIELD` orders one.
//!
//! Kubernetes goes through a patch in any order. Here the order is that of the names, so directives come first. What looks
//! odd below is what Kubernetes does, and `api/tests/machinery` compares.

mod error;
mod key;
mod list;
mod lookup;
mod order;
mod parts;
mod print;
#[cfg(test)]
mod tests;

pub use error::Error;

use crate::schema::Schema;
use crate::wire::limits;
use error::go_type;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETION: &str = "$deleteFromPrimitiveList";
const ELEMENT_ORDER: &str = "$setElementOrder";

type Result<T> = std::result::Result<T, Error>;

/// Applies a patch to an object of that type. After an error the object is worth nothing.
pub fn apply(schema: &'static Schema, original: &mut Value, patch: &Value) -> Result<()> {
    if !limits::is_within(patch, limits::DEEPEST) {
        return Err(Error::TooDeep);
    }
    match (original, patch) {
        (Value::Object(_), Value::Null) => Ok(()),
        (Value::Object(original), Value::Object(patch)) => merge(schema, original, patch),
        (Value::Object(_), other) => Err(Error::no_object(other)),
        (other, _) => Err(Error::no_object(other)),
    }
}

/// Merges a patch into an object.
fn merge(
    schema: &'static Schema,
    original: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<()> {
    if let Some(directive) = patch.get(PATCH) {
        return replace_or_delete(directive, original, patch);
    }
    retain_keys(original, patch)?;
    let ordered = order::merge_ordered_lists(schema, original, patch)?;
    for (name, change) in patch {
        let is_done =
            name == RETAIN_KEYS || name.starts_with(ELEMENT_ORDER) || ordered.contains(name.as_str());
        if !is_done {
            let (field, is_deletion) = deletion(name)?;
            merge_member(schema, original, field, change, is_deletion)?;
        }
    }
    Ok(())
}

/// `$patch` of an object. What takes its place is taken as it is.
fn replace_or_delete(
    directive: &Value,
    original: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<()> {
    match directive.as_str() {
        Some("replace") => {
            *original = patch.clone();
            original.remove(PATCH);
        }
        Some("delete") => original.clear(),
        _ => return Err(Error::unknown_directive(directive, patch)),
    }
    Ok(())
}

/// `$retainKeys`: everything that it does not name goes, and it names everything that the patch sets.
fn retain_keys(original: &mut Map<String, Value>, patch: &Map<String, Value>) -> Result<()> {
    let names = match patch.get(RETAIN_KEYS) {
        None => return Ok(()),
        Some(Value::Array(names)) => names,
        Some(_) => return Err(Error::RetainKeysFormat),
    };
    if names.iter().any(|name| name.is_array() || name.is_object()) {
        return Err(Error::Incomparable);
    }
    let names: BTreeSet<&str> = names.iter().filter_map(Value::as_str).collect();
    let is_free = |name: &str, change: &Value| {
        change.is_null()
            || name == RETAIN_KEYS
            || name.starts_with(DELETION)
            || name.starts_with(ELEMENT_ORDER)
    };
    if patch.iter().any(|(name, change)| !is_free(name, change) && !names.contains(name.as_str())) {
        return Err(Error::RetainKeysFormat);
    }
    original.retain(|name, _| names.contains(name.as_str()));
    Ok(())
}

/// The field that a member of a patch is about, and whether it only takes values out of it.
fn deletion(name: &str) -> Result<(&str, bool)> {
    match name.strip_prefix(DELETION).map(|rest| rest.strip_prefix('/')) {
        None => Ok((name, false)),
        Some(None) => Err(Error::DeletionFormat),
        Some(Some(field)) => Ok((field, true)),
    }
}

fn merge_member(
    schema: &'static Schema,
    original: &mut Map<String, Value>,
    name: &str,
    change: &Value,
    is_deletion: bool,
) -> Result<()> {
    if change.is_null() {
        original.remove(name);
        return Ok(());
    }
    match original.get_mut(name) {
        Some(current) if go_type(current) == go_type(change) => match (current, change) {
            (Value::Object(current), Value::Object(change)) => {
                merge(lookup::field(schema, name)?.schema, current, change)
            }
            (Value::Array(current), Value::Array(change)) => {
                let member = lookup::list(schema, name)?;
                list::merge(member, current, change, is_deletion).map(drop)
            }
            (current, change) => {
                *current = change.clone();
                Ok(())
            }
        },
        _ if is_deletion => Ok(()),
        // It is new, or of another type.
        _ => {
            match without_directives(change, Nulls::Dropped) {
                Some(change) => original.insert(name.to_owned(), change),
                None => original.remove(name),
            };
            Ok(())
        }
    }
}

/// What becomes of members that are null.
#[derive(Clone, Copy, PartialEq)]
enum Nulls {
    Kept,
    Dropped,
}

/// A value without the objects in it that have a `$patch`; `None` where it is such an object itself.
fn without_directives(value: &Value, nulls: Nulls) -> Option<Value> {
    match value {
        Value::Object(members) => {
            let stays = |value: &Value| nulls == Nulls::Kept || !value.is_null();
            if members.get(PATCH).is_some_and(stays) {
                return None;
            }
            let kept = members.iter().filter(|(_, member)| stays(member));
            let kept =
                kept.filter_map(|(name, member)| Some((name.clone(), without_directives(member, nulls)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => {
            Some(Value::Array(items.iter().filter_map(|item| without_directives(item, nulls)).collect()))
        }
        other => Some(other.clone()),
    }
}
