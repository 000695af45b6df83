//! Which Extended features an object needs.
//!
//! Most are read off the schema: a field that is set, and is not its static default, needs its feature. The rest
//! depend on values.

use crate::postgresql::{PostgreSQL, PostgreSQLSpec};
use crate::shared::DeletionPolicy;
use apimachinery::schema::{Field, Schema, Shape, Topology};
use apimachinery::wire::{Value as _, json};
use serde_json::Value;

const KIND: &str = "PostgreSQL";
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// A feature, and the field that needs it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeatureUse {
    /// The field, such as `spec.pooling.mode`.
    pub path: String,
    /// The feature, such as `PostgreSQLConnectionPooling`.
    pub feature: String,
}

impl FeatureUse {
    fn new(path: impl Into<String>, feature: &str) -> Self {
        FeatureUse { path: path.into(), feature: format!("{KIND}{feature}") }
    }
}

/// The features an object needs; of an update, those that what changed needs (ratcheting).
pub fn required(new: &PostgreSQL, old: Option<&PostgreSQL>) -> Vec<FeatureUse> {
    let mut uses = Vec::new();
    let tree = json::to_tree(&new.spec);
    let before = old.map(|old| json::to_tree(&old.spec));
    walk(PostgreSQLSpec::SCHEMA, &tree, before.as_ref(), "spec", &mut uses);
    by_value(new, old, &mut uses);
    uses
}

/// Follows the schema down to fields with a feature.
fn walk(schema: &'static Schema, new: &Value, old: Option<&Value>, path: &str, uses: &mut Vec<FeatureUse>) {
    let (Shape::Object(_), Value::Object(map)) = (&schema.shape, new) else { return };
    for field in schema.fields() {
        let Some(value) = map.get(field.name) else { continue };
        let before = old.and_then(|old| old.get(field.name));
        let path = format!("{path}.{}", field.name);
        match field.feature {
            Some(_) if before.is_some_and(|before| is_same(&field.topology, before, value)) => {}
            Some(feature) if !is_default(field.default, value) => uses.push(FeatureUse::new(path, feature)),
            Some(_) => {}
            None => walk_field(field, value, before, &path, uses),
        }
    }
}

/// Items of a list are compared with those of the same key, wherever they stood.
fn walk_field(
    field: &'static Field,
    new: &Value,
    old: Option<&Value>,
    path: &str,
    uses: &mut Vec<FeatureUse>,
) {
    let (Shape::List(item), Value::Array(list)) = (&field.schema.shape, new) else {
        return walk(field.schema, new, old, path, uses);
    };
    let before = old.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for (index, value) in list.iter().enumerate() {
        let same = match field.topology {
            Topology::Map(keys) => {
                before.iter().find(|other| keys.iter().all(|key| other.get(key) == value.get(key)))
            }
            _ => before.get(index),
        };
        walk(item, value, same, &format!("{path}[{index}]"), uses);
    }
}

/// The order of a set or of a keyed list says nothing.
fn is_same(topology: &Topology, old: &Value, new: &Value) -> bool {
    match (topology, old, new) {
        (Topology::Map(_) | Topology::Set, Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && new.iter().all(|item| old.contains(item))
        }
        _ => old == new,
    }
}

fn is_default(default: Option<&str>, value: &Value) -> bool {
    default.is_some_and(|text| serde_json::from_str::<Value>(text).is_ok_and(|default| default == *value))
}

fn by_value(new: &PostgreSQL, old: Option<&PostgreSQL>, uses: &mut Vec<FeatureUse>) {
    let (spec, before) = (&new.spec, old.map(|old| &old.spec));
    if spec.databases.len() > 1 && before.is_none_or(|before| before.databases.len() != spec.databases.len())
    {
        uses.push(FeatureUse::new("spec.databases", "MultipleDatabases"));
    }
    if let Some(before) = before
        && spec.instance.storage.size > before.instance.storage.size
        && before.instance.storage.size.is_some()
    {
        uses.push(FeatureUse::new("spec.storage.size", "StorageExpansion"));
    }
    let source = &spec.instance.data_source_ref;
    if let Some(source) =
        source.as_ref().filter(|_| before.is_none_or(|before| before.instance.data_source_ref != *source))
    {
        let feature = match source.kind.as_str() {
            "DatabaseBackup" => "Restore",
            "BackupRepository" => "RestoreFromRepository",
            "Secret" => "Import",
            _ => "Clone",
        };
        uses.push(FeatureUse::new("spec.dataSourceRef", feature));
    }
    let policy = &spec.instance.deletion_policy;
    if *policy == Some(DeletionPolicy::Snapshot)
        && before.is_none_or(|before| before.instance.deletion_policy != *policy)
    {
        uses.push(FeatureUse::new("spec.deletionPolicy", "DeletionSnapshot"));
    }
    let restart = new.metadata.annotations.get(RESTARTED_AT);
    if restart.is_some() && old.is_none_or(|old| old.metadata.annotations.get(RESTARTED_AT) != restart) {
        uses.push(FeatureUse::new(format!("metadata.annotations[{RESTARTED_AT}]"), "Restart"));
    }
}
