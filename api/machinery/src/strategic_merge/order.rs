//! Lists whose order the patch says by `$setElementOrder`.

use super::error::Error;
use super::key::{By, Key};
use super::list::{is_of_objects, key_of, merge};
use super::lookup::{self, Member};
use super::parts::Parts;
use super::print::shown_list;
use super::{ELEMENT_ORDER, Nulls, PATCH, Result, without_directives};
use crate::schema::Schema;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Merges the lists that a patch orders, and names them.
pub(super) fn merge_ordered_lists<'a>(
    schema: &'static Schema,
    original: &mut Map<String, Value>,
    patch: &'a Map<String, Value>,
) -> Result<BTreeSet<&'a str>> {
    let mut done = BTreeSet::new();
    for (directive, wanted) in patch {
        let Some(rest) = directive.strip_prefix(ELEMENT_ORDER) else { continue };
        let Value::Array(wanted) = wanted else { return Err(Error::no_list(wanted)) };
        let Some(name) = rest.strip_prefix('/') else { return Err(Error::ElementOrderFormat) };
        let current = match original.get_mut(name) {
            None => None,
            Some(Value::Array(items)) => Some(items),
            Some(other) => return Err(Error::no_list(other)),
        };
        let change = match patch.get(name) {
            None => None,
            Some(Value::Array(items)) => Some(items.as_slice()),
            Some(other) => return Err(Error::no_list(other)),
        };
        let member = lookup::list(schema, name)?;
        check(change.unwrap_or_default(), wanted, member.key)?;
        let current = current.map(std::mem::take);
        if let Some(merged) = merge_ordered(member, current, change, wanted)? {
            original.insert(name.to_owned(), Value::Array(merged));
            done.insert(name);
        }
    }
    Ok(done)
}

/// The items of the patch's list stand in its order in the order that is wanted. Those that are deleted do not count.
fn check(list: &[Value], wanted: &[Value], key: Option<&str>) -> Result<()> {
    if list.is_empty() || wanted.is_empty() {
        return Ok(());
    }
    let mut staying: Vec<&Value> = Vec::new();
    for item in list {
        if key.is_some() && !item.is_object() {
            return Err(Error::no_map(item));
        }
        if key.is_none() || !is_deletion(item) {
            staying.push(item);
        }
    }
    let (mut at, mut place) = (0, 0);
    while let (Some(item), Some(other)) = (staying.get(at), wanted.get(place)) {
        if item.get(PATCH).is_some() {
            at += 1;
            continue;
        }
        if is_same(item, other, key)? {
            at += 1;
        }
        place += 1;
    }
    match at < staying.len() {
        true => Err(Error::WrongOrder { list: shown_list(list), order: shown_list(wanted) }),
        false => Ok(()),
    }
}

fn is_same(item: &Value, other: &Value, key: Option<&str>) -> Result<bool> {
    let (item, other) = match key {
        None => (item, other),
        Some(key) => {
            let (item, other) = (object(item)?, object(other)?);
            (key_of(item, key)?, key_of(other, key)?)
        }
    };
    match (item, other) {
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => Err(Error::Incomparable),
        _ => Ok(Key::of(item) == Key::of(other) && !Key::of(item).is_compound()),
    }
}

pub(super) fn object(item: &Value) -> Result<&Map<String, Value>> {
    item.as_object().ok_or_else(|| Error::no_map(item))
}

pub(super) fn is_deletion(item: &Value) -> bool {
    item.get(PATCH).is_some_and(|directive| directive == "delete")
}

/// Merges a list and orders it; `None` where neither the object nor the patch has one.
fn merge_ordered(
    member: Member,
    current: Option<Vec<Value>>,
    change: Option<&[Value]>,
    wanted: &[Value],
) -> Result<Option<Vec<Value>>> {
    let of_objects = is_of_objects(current.as_deref().unwrap_or_default(), change.unwrap_or_default());
    let by = member.key.map_or(By::Value, By::Member);
    let key = member.key.unwrap_or_default();
    let without_key =
        current.iter().flatten().filter_map(Value::as_object).find(|item| !item.contains_key(key));
    let without_key = without_key.map(|item| Error::no_merge_key(item, key));
    let (merged, server) = match (current, change) {
        (None, None) => return Ok(None),
        (Some(current), None) => {
            let server = by.keys(&current);
            (current, server)
        }
        (None, Some(change)) => {
            let new = change.iter().filter_map(|item| without_directives(item, Nulls::Kept));
            (new.collect(), Vec::new())
        }
        (Some(mut current), Some(change)) => {
            let server = merge(member, &mut current, change, false)?;
            (current, server)
        }
    };
    let parts = Parts::of(merged, wanted, member.key)?;
    let arranged = parts.arranged(wanted, &server, member.key, of_objects?)?;
    without_key.map_or(Ok(Some(arranged)), Err)
}
