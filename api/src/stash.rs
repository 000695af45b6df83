//! What one version cannot say is kept in an annotation while the object is shown in it, and folded back.
//!
//! An entry is a field's path, its value, and a *witness*: what the field is without the entry, after the conversion
//! that loses it. Folding back applies an entry only where its witness still holds: whoever edits what they can see
//! has the last word, and nothing outdated comes back. Lists and maps of strings are one field each.
//!
//! ```text
//! v1      spec.tls.mode: Optional          v1alpha1   network.secure: true
//!                                                     fields.v1: [{path: spec.tls.mode, value: Optional, witness: Required}]
//! ```
//! A text that is not a list of entries, or is longer than 64 KiB, is nobody's stash and stays as it is.

use apimachinery::schema::{Schema, Shape};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What v1 says and the shown version cannot.
pub(crate) const OF_V1: &str = "databases.standard.k8s.io/fields.v1";
/// What v1alpha1 says and v1 cannot.
pub(crate) const OF_V1ALPHA1: &str = "databases.standard.k8s.io/fields.v1alpha1";

const LONGEST: usize = 64 * 1024;

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

/// The fields of `wanted` that are otherwise in `found`.
pub(crate) fn difference(schema: &'static Schema, wanted: &Value, found: &Value) -> Vec<Entry> {
    let mut entries = Vec::new();
    compare(schema, wanted, found, "", &mut entries);
    entries
}

fn compare(schema: &'static Schema, wanted: &Value, found: &Value, path: &str, entries: &mut Vec<Entry>) {
    if wanted == found {
        return;
    }
    if let (Shape::Object(_), Value::Object(_), Value::Object(_)) = (&schema.shape, wanted, found) {
        for field in schema.fields() {
            let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
            compare(field.schema, &wanted[field.name], &found[field.name], &path, entries);
        }
        return;
    }
    entries.push(Entry { path: path.to_owned(), value: wanted.clone(), witness: found.clone() });
}

/// Sets the fields whose witness holds.
pub(crate) fn fold(tree: &mut Value, entries: &[Entry]) {
    for entry in entries {
        let pointer = format!("/{}", entry.path.replace('.', "/"));
        if *tree.pointer(&pointer).unwrap_or(&Value::Null) == entry.witness {
            set(tree, &entry.path, &entry.value);
        }
    }
}

fn set(tree: &mut Value, path: &str, value: &Value) {
    let Some((first, rest)) = path.split_once('.') else {
        match (tree.as_object_mut(), value) {
            (Some(map), Value::Null) => drop(map.remove(path)),
            (Some(map), value) => drop(map.insert(path.to_owned(), value.clone())),
            (None, _) => {}
        }
        return;
    };
    if let Some(map) = tree.as_object_mut() {
        set(map.entry(first).or_insert_with(|| Value::Object(serde_json::Map::new())), rest, value);
    }
}

/// Takes a stash out of the annotations; something else under its key stays there.
pub(crate) fn take(annotations: &mut BTreeMap<String, String>, key: &str) -> Vec<Entry> {
    let text = annotations.get(key).filter(|text| text.len() <= LONGEST);
    let Some(entries) = text.and_then(|text| serde_json::from_str::<Vec<Entry>>(text).ok()) else {
        return Vec::new();
    };
    annotations.remove(key);
    entries
}

/// Puts a stash into the annotations, unless it is empty.
pub(crate) fn put(annotations: &mut BTreeMap<String, String>, key: &str, entries: &[Entry]) {
    if !entries.is_empty() {
        annotations.insert(key.to_owned(), serde_json::to_string(entries).unwrap_or_default());
    }
}
