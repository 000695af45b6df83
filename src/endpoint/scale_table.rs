//! A Scale as a table: what `kubectl get --subresource=scale` prints.

use super::negotiation::Form;
use super::table::Include;
use super::view::View;
use apimachinery::age;
use apimachinery::autoscaling::Scale;
use apimachinery::wire::json;
use serde_json::{Value, json};

/// Name, type, format and description of each column.
const COLUMNS: [[&str; 4]; 4] = [
    ["Name", "string", "name", "Name of the object."],
    ["Desired", "integer", "", "The number of replicas wanted."],
    ["Available", "integer", "", "The number of replicas seen."],
    ["Age", "string", "", "Time since the object was created."],
];

/// The table with its one row.
pub(super) fn table(view: &View, scale: &Scale) -> Vec<u8> {
    let version = match view.accepted.form {
        Form::Table(version) => version,
        _ => "v1",
    };
    let columns = COLUMNS.map(|[name, kind, format, description]| {
        json!({"name": name, "type": kind, "format": format, "description": description, "priority": 0})
    });
    let object = match view.include {
        Include::None => Value::Null,
        Include::Object => scale.to_tree(),
        Include::Metadata => json!({
            "kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{version}"),
            "metadata": json::to_tree(&scale.metadata),
        }),
    };
    let cells = json!([
        scale.metadata.name,
        scale.spec.replicas,
        scale.status.replicas,
        age::since(scale.metadata.creation_timestamp),
    ]);
    let table = json!({
        "kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"),
        "metadata": {"resourceVersion": scale.metadata.resource_version},
        "columnDefinitions": columns,
        "rows": [{"cells": cells, "object": object}],
    });
    table.to_string().into_bytes()
}
