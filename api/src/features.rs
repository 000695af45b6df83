//! Which Extended features an object needs.
//!
//! Most are read off the schema: a field that is set, and is not its static default, needs its feature. The rest
//! depend on values.

use crate::instance::{Facts, Instance};
use crate::shared::{DeletionPolicy, RESTARTED_AT};
use apimachinery::kind::Definition;
use apimachinery::schema::{Field, Schema, Shape, Topology};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Features that no field of the schema has: they depend on values, or are a class's own.
const BY_VALUE: [&str; 10] = [
    "Clone",
    "DeletionSnapshot",
    "Import",
    "MultipleDatabases",
    "ReadOnlyEndpoint",
    "Restart",
    "Restore",
    "RestoreFromRepository",
    "StorageExpansion",
    "UserAttributes",
];

/// A class that offers this has nothing of its own for an object to run on: each names that in `spec.adoptRef`, and what it names
/// is no data that a deletion kept.
pub const ADOPTION_ONLY: &str = "AdoptionOnly";

/// The Extended features that a kind knows, without its name before them.
pub fn known(facts: &Facts) -> BTreeSet<&'static str> {
    fn collect(schema: &'static Schema, found: &mut BTreeSet<&'static str>) {
        match &schema.shape {
            Shape::Object(_) => schema.fields().into_iter().for_each(|field| match field.feature {
                Some(feature) => drop(found.insert(feature)),
                None => collect(field.schema, found),
            }),
            Shape::List(item) | Shape::Map(item) => collect(item, found),
            Shape::Enum(_) | Shape::Scalar(_) => {}
        }
    }
    let mut found = BY_VALUE.into_iter().collect();
    collect(facts.spec, &mut found);
    found
}

/// A feature, and the field that needs it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeatureUse {
    /// The field, such as `spec.pooling.mode`.
    pub path: String,
    /// The feature, such as `PostgreSQLConnectionPooling`.
    pub feature: String,
}

impl FeatureUse {
    /// A feature's name begins with the kind's.
    pub(crate) fn new(definition: &Definition, path: impl Into<String>, feature: &str) -> Self {
        FeatureUse { path: path.into(), feature: format!("{}{feature}", definition.kind) }
    }
}

/// The features an object needs; of an update, those that what changed needs (ratcheting).
pub fn required(new: &dyn Instance, old: Option<&dyn Instance>) -> Vec<FeatureUse> {
    let facts = new.facts();
    let mut uses = Uses { definition: facts.definition, list: Vec::new() };
    let before = old.map(Instance::spec_tree);
    walk(facts.spec, &new.spec_tree(), before.as_ref(), "spec", &mut uses);
    uses.list.extend(new.features_by_value(old));
    by_value(new, old, &mut uses);
    uses.list
}

/// What is found, of one kind.
struct Uses {
    definition: &'static Definition,
    list: Vec<FeatureUse>,
}

impl Uses {
    fn push(&mut self, path: impl Into<String>, feature: &str) {
        self.list.push(FeatureUse::new(self.definition, path, feature));
    }
}

/// Follows the schema down to fields with a feature.
fn walk(schema: &'static Schema, new: &Value, old: Option<&Value>, path: &str, uses: &mut Uses) {
    let (Shape::Object(_), Value::Object(map)) = (&schema.shape, new) else { return };
    for field in schema.fields() {
        let Some(value) = map.get(field.name) else { continue };
        let before = old.and_then(|old| old.get(field.name));
        let path = format!("{path}.{}", field.name);
        match field.feature {
            Some(_) if before.is_some_and(|before| is_same(&field.topology, before, value)) => {}
            Some(feature) if !is_empty(value) && !is_default(field.default, value) => {
                uses.push(path, feature)
            }
            Some(_) => {}
            None => walk_field(field, value, before, &path, uses),
        }
    }
}

/// Items of a list are compared with those of the same key, wherever they stood.
fn walk_field(field: &'static Field, new: &Value, old: Option<&Value>, path: &str, uses: &mut Uses) {
    let (Shape::List(item), Value::Array(list)) = (&field.schema.shape, new) else {
        return walk(field.schema, new, old, path, uses);
    };
    let before = old.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let by_key: Option<(_, HashMap<_, _>)> = match field.topology {
        Topology::Map(keys) => Some((keys, before.iter().map(|item| (key_of(item, keys), item)).collect())),
        _ => None,
    };
    for (index, value) in list.iter().enumerate() {
        let same = match &by_key {
            Some((keys, before)) => before.get(&key_of(value, keys)).copied(),
            None => before.get(index),
        };
        walk(item, value, same, &format!("{path}[{index}]"), uses);
    }
}

fn key_of<'v>(item: &'v Value, keys: &[&str]) -> Vec<Option<&'v Value>> {
    keys.iter().map(|key| item.get(key)).collect()
}

/// The order of a set or of a keyed list says nothing.
fn is_same(topology: &Topology, old: &Value, new: &Value) -> bool {
    match (topology, old, new) {
        (Topology::Map(_) | Topology::Set, Value::Array(old), Value::Array(new)) => {
            let before: HashSet<&Value> = old.iter().collect();
            old.len() == new.len() && new.iter().all(|item| before.contains(item))
        }
        _ => old == new,
    }
}

/// Whether nothing is asked for: a block of which no field is set, as templates leave it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}

fn is_default(default: Option<&str>, value: &Value) -> bool {
    default.is_some_and(|text| serde_json::from_str::<Value>(text).is_ok_and(|default| default == *value))
}

fn by_value(new: &dyn Instance, old: Option<&dyn Instance>, uses: &mut Uses) {
    let (spec, before) = (new.spec(), old.map(Instance::spec));
    if let Some(before) = before
        && spec.storage.size > before.storage.size
        && before.storage.size.is_some()
    {
        uses.push("spec.storage.size", "StorageExpansion");
    }
    let source = &spec.data_source_ref;
    if let Some(source) =
        source.as_ref().filter(|_| before.is_none_or(|before| before.data_source_ref != *source))
    {
        let feature = match source.kind.as_str() {
            "DatabaseBackup" => "Restore",
            "BackupRepository" => "RestoreFromRepository",
            "Secret" => "Import",
            _ => "Clone",
        };
        uses.push("spec.dataSourceRef", feature);
    }
    let policy = &spec.deletion_policy;
    if *policy == Some(DeletionPolicy::Snapshot)
        && before.is_none_or(|before| before.deletion_policy != *policy)
    {
        uses.push("spec.deletionPolicy", "DeletionSnapshot");
    }
    let restart = new.meta().annotations.get(RESTARTED_AT);
    if restart.is_some() && old.is_none_or(|old| old.meta().annotations.get(RESTARTED_AT) != restart) {
        uses.push(format!("metadata.annotations[{RESTARTED_AT}]"), "Restart");
    }
}
