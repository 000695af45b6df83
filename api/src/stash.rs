//! What one version cannot say is kept in an annotation while the object is shown in it, and folded back.
//!
//! An entry is a field's path, its value, and a *witness*: what the field is without the entry, after the conversion
//! that loses it. Folding back applies an entry only where its witness still holds: whoever edits what they can see
//! has the last word, and nothing outdated comes back.
//!
//! ```text
//! v1      spec.tls.mode: Optional          v1alpha1   network.secure: true
//!                                                     fields.v1: [{path: spec.tls.mode, value: Optional, witness: Required}]
//! ```
//! Items of a keyed list are compared one by one (`spec.databases[shop].extensions`), and the order of their keys is an
//! entry of its own (`spec.databases[]`), so that adding an item loses nothing of the others. Other lists, and maps of
//! strings, are one field each. A text that is not a list of entries is nobody's stash and stays as it is.

use apimachinery::schema::{Field, Schema, Shape, Topology};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What v1 says and the shown version cannot.
pub(crate) const OF_V1: &str = "databases.standard.k8s.io/fields.v1";
/// What v1alpha1 says and v1 cannot.
pub(crate) const OF_V1ALPHA1: &str = "databases.standard.k8s.io/fields.v1alpha1";

/// No object is larger, so nothing longer is ours.
const LONGEST: usize = 1536 * 1024;

/// One field that a conversion loses. Fields stand in the order of their names, so that the text is stable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    path: String,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    witness: Value,
}

impl Entry {
    /// Whether it says anything but that a list has the order it is seen in.
    pub(crate) fn is_news(&self) -> bool {
        !(self.path.ends_with("[]") && self.value["order"] == self.witness)
    }

    /// Whether it is of the status.
    pub(crate) fn is_of_status(&self) -> bool {
        self.path.starts_with("status.")
    }
}

/// The fields of `wanted` that are otherwise in `found`.
pub(crate) fn difference(schema: &'static Schema, wanted: &Value, found: &Value) -> Vec<Entry> {
    let mut entries = Vec::new();
    compare(schema, wanted, found, "", &mut entries);
    entries
}

fn compare(schema: &'static Schema, wanted: &Value, found: &Value, path: &str, entries: &mut Vec<Entry>) {
    let empty = Value::Object(serde_json::Map::new());
    match (&schema.shape, wanted, found) {
        // Field by field, so that one that is seen later does not outdate the others.
        (Shape::Object(_), Value::Object(map), Value::Null) if !map.is_empty() => {
            compare(schema, wanted, &empty, path, entries);
        }
        (Shape::Object(_), Value::Object(_), Value::Object(_)) => {
            for field in schema.fields() {
                let path =
                    if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
                compare_field(field, &wanted[field.name], &found[field.name], &path, entries);
            }
        }
        _ if wanted == found => {}
        _ => push(entries, path, wanted, found),
    }
}

fn push(entries: &mut Vec<Entry>, path: &str, value: &Value, witness: &Value) {
    entries.push(Entry { path: path.to_owned(), value: value.clone(), witness: witness.clone() });
}

fn compare_field(field: &'static Field, wanted: &Value, found: &Value, path: &str, entries: &mut Vec<Entry>) {
    let keyed = match (field.topology, &field.schema.shape) {
        (Topology::Map([key]), Shape::List(item)) => {
            keys(wanted, key).zip(keys(found, key)).map(|keys| (*key, *item, keys))
        }
        _ => None,
    };
    let Some((key, item, (wanted_keys, found_keys))) =
        keyed.filter(|_| wanted.is_array() && found.is_array())
    else {
        return compare(field.schema, wanted, found, path, entries);
    };
    let (all_wanted, all_found) = (by_keys(wanted, key), by_keys(found, key));
    for (name, value) in wanted_keys.iter().zip(items_of(wanted)) {
        let path = format!("{path}[{name}]");
        match all_found.get(name.as_str()) {
            None => push(entries, &path, value, &Value::Null),
            Some(witness) => compare(item, value, witness, &path, entries),
        }
    }
    for (name, witness) in found_keys.iter().zip(items_of(found)) {
        if !all_wanted.contains_key(name.as_str()) {
            push(entries, &format!("{path}[{name}]"), &Value::Null, witness);
        }
    }
    // Kept even where it is the same: an item that is added must not come before what is first now.
    if !wanted_keys.is_empty() {
        let order = serde_json::json!({"key": key, "order": wanted_keys});
        push(entries, &format!("{path}[]"), &order, &found_keys.into());
    }
}

/// The keys of a list, unless it is not one of items with distinct keys that a path can name.
fn keys(list: &Value, key: &str) -> Option<Vec<String>> {
    let (mut keys, mut seen) = (Vec::new(), HashSet::new());
    for item in items_of(list) {
        let name = item[key]
            .as_str()
            .filter(|name| !name.is_empty() && !name.contains(['.', '[', ']', '~', '/']))?;
        if !seen.insert(name) {
            return None;
        }
        keys.push(name.to_owned());
    }
    Some(keys)
}

fn items_of(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// The items of a list that has distinct keys.
fn by_keys<'a>(list: &'a Value, key: &str) -> HashMap<&'a str, &'a Value> {
    items_of(list).iter().filter_map(|item| Some((item[key].as_str()?, item))).collect()
}

fn by_key<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    let found = list.as_array().and_then(|list| list.iter().find(|item| item[key] == name));
    found.unwrap_or(&Value::Null)
}

/// Sets the fields whose witness holds, and brings keyed lists in order.
pub(crate) fn fold(schema: &'static Schema, tree: &mut Value, entries: &[Entry]) {
    let (orders, fields): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.path.ends_with("[]"));
    let before = tree.clone();
    for entry in fields {
        if *seek(schema, &before, &entry.path) == entry.witness {
            set(schema, tree, &entry.path, &entry.value);
        }
    }
    for entry in orders {
        reorder(schema, tree, entry);
    }
}

/// The first step of a path: a field, the key of an item of it, and the rest.
fn step<'p>(schema: &'static Schema, path: &'p str) -> Option<(&'static Field, Option<&'p str>, &'p str)> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, key) = match first.split_once('[') {
        Some((name, key)) => (name, Some(key.strip_suffix(']')?)),
        None => (first, None),
    };
    Some((schema.field(name)?, key, rest))
}

/// How the items of a list are keyed, and what they are.
fn items(field: &'static Field) -> Option<(&'static str, &'static Schema)> {
    match (field.topology, &field.schema.shape) {
        (Topology::Map([key]), Shape::List(item)) => Some((key, item)),
        _ => None,
    }
}

fn seek<'a>(schema: &'static Schema, tree: &'a Value, path: &str) -> &'a Value {
    let Some((field, key, rest)) = step(schema, path) else { return &Value::Null };
    let (inner, value) = match key {
        None => (field.schema, &tree[field.name]),
        Some(name) => match items(field) {
            Some((key, item)) => (item, by_key(&tree[field.name], key, name)),
            None => return &Value::Null,
        },
    };
    if rest.is_empty() { value } else { seek(inner, value, rest) }
}

fn set(schema: &'static Schema, tree: &mut Value, path: &str, value: &Value) {
    let (Some((field, key, rest)), Some(map)) = (step(schema, path), tree.as_object_mut()) else { return };
    let Some(name) = key else {
        if !rest.is_empty() {
            let inner = map.entry(field.name).or_insert_with(|| Value::Object(serde_json::Map::new()));
            set(field.schema, inner, rest, value);
        } else if value.is_null() {
            map.remove(field.name);
        } else {
            map.insert(field.name.to_owned(), value.clone());
        }
        return;
    };
    let list = map.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
    let (Some((key, item)), Some(list)) = (items(field), list.as_array_mut()) else { return };
    let position = list.iter().position(|item| item[key] == name);
    match position {
        Some(position) if !rest.is_empty() => set(item, &mut list[position], rest, value),
        Some(position) if value.is_null() => drop(list.remove(position)),
        Some(position) => list[position] = value.clone(),
        None if rest.is_empty() && !value.is_null() => list.push(value.clone()),
        None => {}
    }
}

/// Known items in the order they had, others behind them.
fn reorder(schema: &'static Schema, tree: &mut Value, entry: &Entry) {
    let path = entry.path.trim_end_matches("[]");
    let (Some(key), Some(order)) = (entry.value["key"].as_str(), entry.value["order"].as_array()) else {
        return;
    };
    let mut list = seek(schema, tree, path).clone();
    if let Some(items) = list.as_array_mut() {
        let mut places = HashMap::new();
        for (place, name) in order.iter().enumerate() {
            places.entry(name).or_insert(place);
        }
        items.sort_by_cached_key(|item| places.get(&item[key]).copied().unwrap_or(usize::MAX));
        set(schema, tree, path, &list);
    }
}

fn read(annotations: &BTreeMap<String, String>, key: &str) -> Option<Vec<Entry>> {
    let text = annotations.get(key).filter(|text| text.len() <= LONGEST)?;
    serde_json::from_str(text).ok()
}

/// Takes a stash out of the annotations; something else under its key stays there.
pub(crate) fn take(annotations: &mut BTreeMap<String, String>, key: &str) -> Vec<Entry> {
    let Some(entries) = read(annotations, key) else { return Vec::new() };
    annotations.remove(key);
    entries
}

/// The fields that a stash has values for.
pub(crate) fn paths(annotations: &BTreeMap<String, String>, key: &str) -> Vec<String> {
    let entries = read(annotations, key).unwrap_or_default();
    entries.into_iter().filter(|entry| !entry.value.is_null()).map(|entry| entry.path).collect()
}

/// Puts a stash into the annotations, unless it is empty.
pub(crate) fn put(annotations: &mut BTreeMap<String, String>, key: &str, entries: &[Entry]) {
    if !entries.is_empty() {
        annotations.insert(key.to_owned(), serde_json::to_string(entries).unwrap_or_default());
    }
}
