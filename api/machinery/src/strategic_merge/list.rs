//! Lists that are merged.

use super::error::{Error, go_type};
use super::key::{By, Key, Places};
use super::lookup::{Member, kind};
use super::parts::Parts;
use super::print::shown_list;
use super::{PATCH, Result, merge as merge_objects};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Merges a list into another. A list that is not merged is taken as it is, and values are taken out of any list.
///
/// The answer is the keys by whose order the object's own items are placed, where the patch orders the list.
pub(super) fn merge(
    member: Member,
    original: &mut Vec<Value>,
    patch: &[Value],
    is_deletion: bool,
) -> Result<Vec<Key>> {
    let by = member.key.map_or(By::Value, By::Member);
    if !(member.merge || is_deletion) {
        let server = by.keys(original);
        *original = patch.to_vec();
        return Ok(server);
    }
    if original.is_empty() && patch.is_empty() {
        return Ok(Vec::new());
    }
    if is_of_objects(original, patch)? {
        let Some(key) = member.key else { return Err(Error::NoDeclaredKey(kind(member.schema))) };
        return merge_keyed(member, key, original, patch);
    }
    let server = By::Value.keys(original);
    if is_deletion {
        let gone: HashSet<Key> = patch.iter().map(Key::of).collect();
        original.retain(|item| !gone.contains(&Key::of(item)));
        return Ok(server);
    }
    let mut seen = HashSet::new();
    let both = std::mem::take(original).into_iter().chain(patch.iter().cloned());
    let merged = both.filter(|item| seen.insert(Key::of(item))).collect();
    *original = Parts::of(merged, patch, member.key)?.arranged(patch, &server, member.key, false)?;
    Ok(server)
}

/// Whether the items of both lists are objects; they must be of one type.
pub(super) fn is_of_objects(original: &[Value], patch: &[Value]) -> Result<bool> {
    let mut items = original.iter().chain(patch);
    let first = match items.next() {
        None => return Err(Error::NoItems),
        Some(Value::Null) => return Err(Error::Incomparable),
        Some(Value::Array(_)) => return Err(Error::ListOfLists),
        Some(first) => first,
    };
    match items.all(|item| go_type(item) == go_type(first)) {
        true => Ok(first.is_object()),
        false => Err(Error::MixedList(format!("[{} {}]", shown_list(original), shown_list(patch)))),
    }
}

/// Merges objects by their keys. First those go that the patch deletes; `$patch: replace` empties the list.
fn merge_keyed(
    member: Member,
    key: &'static str,
    original: &mut Vec<Value>,
    patch: &[Value],
) -> Result<Vec<Key>> {
    let mut gone = Vec::new();
    let mut is_replaced = false;
    let mut plain = Vec::new();
    for item in patch.iter().filter_map(Value::as_object) {
        match item.get(PATCH).map(|directive| (directive, directive.as_str())) {
            None => plain.push(item.clone()),
            Some((_, Some("delete"))) => {
                gone.push(Key::of(key_of(item, key)?));
            }
            Some((_, Some("replace"))) => is_replaced = true,
            Some((_, Some("merge"))) => return Err(Error::MergeOfItem),
            Some((directive, _)) => return Err(Error::unknown_directive(directive, item)),
        }
    }
    let by = By::Member(key);
    let left = left_behind(original, key, &gone);
    let gone: HashSet<Key> = gone.into_iter().collect();
    original.retain(|item| {
        item.get(key).map(Key::of).is_none_or(|key| key.is_compound() || !gone.contains(&key))
    });
    let mut server = by.keys(original);
    if is_replaced {
        let plain: Vec<Value> = plain.into_iter().map(Value::Object).collect();
        let order = by.keys(&plain);
        *original = Parts::of(plain, &[], Some(key))?.arranged(&[], &order, Some(key), true)?;
        server.extend(left);
        return Ok(server);
    }
    let merged = merge_plain(member, key, std::mem::take(original), &plain)?;
    let wanted: Vec<Value> = plain.into_iter().map(Value::Object).collect();
    // Kubernetes writes new items into the room that deleted ones left in the list whose order counts later.
    let seen = server.clone();
    server.extend(merged.iter().skip(seen.len()).take(left.len()).map(|item| by.key(item)));
    server.extend(left.into_iter().skip(merged.len().saturating_sub(seen.len())));
    *original = Parts::of(merged, &wanted, Some(key))?.arranged(&wanted, &seen, Some(key), true)?;
    Ok(server)
}

/// What stands in the room that deleted items leave at the end of a list: each deletion moves up what is behind it, and leaves what
/// was the last one before where it was.
fn left_behind(list: &[Value], key: &str, gone: &[Key]) -> Vec<Key> {
    if gone.is_empty() {
        return Vec::new();
    }
    let keys: Vec<Option<Key>> = list.iter().map(|item| item.get(key).map(Key::of)).collect();
    let mut places: HashMap<&Key, Vec<usize>> = HashMap::new();
    for (place, key) in keys.iter().enumerate() {
        if let Some(key) = key.as_ref().filter(|key| !key.is_compound()) {
            places.entry(key).or_default().push(place);
        }
    }
    let (mut stands, mut end, mut left) = (vec![true; keys.len()], keys.len(), Vec::new());
    for place in gone.iter().filter_map(|key| places.remove(key)).flatten() {
        left.push(keys[end - 1].clone().unwrap_or(Key::Null));
        stands[place] = false;
        while end > 0 && !stands[end - 1] {
            end -= 1;
        }
    }
    left.reverse();
    left
}

/// Merges each item into the first that has its key; others come behind, as they are.
fn merge_plain(
    member: Member,
    key: &'static str,
    mut merged: Vec<Value>,
    plain: &[Map<String, Value>],
) -> Result<Vec<Value>> {
    let mut places = Places::of([]);
    for (place, item) in merged.iter().enumerate() {
        if let Some(value) = item.get(key) {
            places.add(Key::of(value), place);
        }
    }
    for item in plain {
        let own = Key::of(key_of(item, key)?);
        match places.find(&own).and_then(|place| merged.get_mut(place)) {
            Some(Value::Object(found)) => merge_objects(member.schema, found, item)?,
            _ => {
                places.add(own, merged.len());
                merged.push(Value::Object(item.clone()));
            }
        }
    }
    Ok(merged)
}

/// The value of the merge key.
pub(super) fn key_of<'a>(item: &'a Map<String, Value>, key: &str) -> Result<&'a Value> {
    item.get(key).ok_or_else(|| Error::no_merge_key(item, key))
}
