//! Tables: what `kubectl get` prints (C-30…C-33).

use super::negotiation::Form;
use super::view::{View, partial};
use crate::registry::Stored;
use apimachinery::status::ApiError;
use serde_json::json;

/// What each row carries of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Include {
    Metadata,
    Object,
    None,
}

impl Include {
    /// From `includeObject`.
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        match text {
            "" | "Metadata" => Ok(Include::Metadata),
            "Object" => Ok(Include::Object),
            "None" => Ok(Include::None),
            other => Err(ApiError::bad_request(&format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: \
                 must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

/// The version of `meta.k8s.io` that a table is of.
fn version(view: &View) -> &'static str {
    match view.accepted.form {
        Form::Table(version) => version,
        _ => "v1",
    }
}

/// The opening of a table up to its rows. Without `columns`, none are declared.
pub(super) fn head(view: &View, metadata: &serde_json::Value, columns: bool) -> Vec<u8> {
    let version = version(view);
    let definitions: Vec<_> = view.definition.columns.iter().filter(|_| columns).map(column).collect();
    let definitions = serde_json::Value::Array(definitions);
    format!(
        "{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/{version}\",\"metadata\":{metadata},\
         \"columnDefinitions\":{definitions},\"rows\":["
    )
    .into_bytes()
}

fn column(column: &apimachinery::kind::Column) -> serde_json::Value {
    json!({
        "name": column.name,
        "type": column.kind,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    })
}

/// Appends the row of an object.
pub(super) fn push_row(view: &View, stored: &Stored, include: Include, out: &mut Vec<u8>) {
    let object = stored.object();
    let cells = view.definition.columns.iter().map(|column| (column.cell)(&**object)).collect();
    let cells = serde_json::Value::Array(cells);
    out.extend_from_slice(b"{\"cells\":");
    apimachinery::wire::json::encode(&cells, out);
    out.extend_from_slice(b",\"object\":");
    match include {
        Include::Metadata => out.extend_from_slice(&partial(stored.json(view.version), version(view))),
        Include::Object => out.extend_from_slice(&view.json(stored, Form::Object)),
        Include::None => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
}

/// A table of one object.
pub(super) fn of_object(view: &View, stored: &Stored) -> Vec<u8> {
    row_table(view, stored, view.include, true)
}

/// A table of one row, with or without the column definitions.
pub(super) fn row_table(view: &View, stored: &Stored, include: Include, columns: bool) -> Vec<u8> {
    let metadata = json!({"resourceVersion": stored.object().meta().resource_version});
    let mut out = head(view, &metadata, columns);
    push_row(view, stored, include, &mut out);
    out.extend_from_slice(b"]}");
    out
}
