//! Sets, comparisons and entries as Kubernetes' own libraries have them.

mod applies;
mod apply_laws;
pub(super) mod laws;
mod overlays;
mod scales;
mod table;
mod updates;

use super::Comparison;
use crate::meta::ManagedFieldsEntry;
use crate::openapi::fixture::v1::Flunder;
use crate::schema::Schema;
use crate::wire::{FieldsV1, Value, json};

pub(super) const SCHEMA: &Schema = Flunder::SCHEMA;

pub(super) fn text(value: &serde_json::Value) -> String {
    let mut out = Vec::new();
    json::encode(value, &mut out);
    String::from_utf8(out).unwrap()
}

pub(super) fn fields(text: &str) -> FieldsV1 {
    FieldsV1(text.parse().unwrap())
}

/// Added, modified and removed, as JSON.
pub(super) fn compare(old: &str, new: &str) -> [String; 3] {
    let Comparison { added, modified, removed } = Comparison::of(SCHEMA, old, new, &|_| true);
    [added, modified, removed].map(|set| set.write().0.as_str().to_owned())
}

pub(super) fn entries(tree: &serde_json::Value) -> Vec<ManagedFieldsEntry> {
    json::decode_value(text(tree).as_bytes()).unwrap()
}
