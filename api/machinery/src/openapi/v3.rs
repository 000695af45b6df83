//! OpenAPI v3: one document a group and version, and the index of them.

use super::definitions::{Definitions, Dialect};
use super::document::{self, BEARER, bearer};
use super::operation::{Content, Operation, status_text};
use super::parameter::Parameter;
use crate::kind::Definition;
use serde_json::{Map, Value, json};

/// The document of `/openapi/v3/apis/GROUP/VERSION`: those of the definitions that this group and version have.
/// The core group is the empty text.
pub fn document(group: &str, version: &str, definitions: &[&'static Definition]) -> Value {
    let mut types = Definitions::new(Dialect::V3);
    let render = |described: &Operation| operation(described, &mut types);
    let paths = document::paths(group, version, definitions, render, Parameter::v3);
    document::mark_kinds(&mut types, group, version, definitions);
    json!({
        "openapi": "3.0.0",
        "info": document::info(),
        "paths": paths,
        "components": {"schemas": types.finish(), "securitySchemes": {BEARER: bearer()}},
        "security": [{BEARER: []}],
    })
}

/// What a group and version are called in the index and under `/openapi/v3/`: `apis/GROUP/VERSION`, or
/// `api/VERSION` for the core group.
pub fn path(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// The document of `/openapi/v3` for pairs of [`path`] and [`hash`](super::hash).
pub fn index<'a>(documents: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let paths: Map<String, Value> = documents
        .into_iter()
        .map(|(path, hash)| {
            let url = format!("/openapi/v3/{path}?hash={hash}");
            (path.to_owned(), json!({"serverRelativeURL": url}))
        })
        .collect();
    json!({"paths": paths})
}

fn operation(operation: &Operation, types: &mut Definitions) -> Value {
    let mut value = document::common(operation);
    if !operation.parameters.is_empty() {
        let parameters: Vec<Value> = operation.parameters.iter().map(|parameter| parameter.v3()).collect();
        value["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.body {
        let schema = types.content(Content::Object(body.schema));
        value["requestBody"] = json!({"content": content(body.media_types, &schema)});
        if body.required {
            value["requestBody"]["required"] = true.into();
        }
    }
    let mut responses = Map::new();
    for (code, answer) in &operation.responses {
        let schema = types.content(*answer);
        let response =
            json!({"description": status_text(*code), "content": content(operation.produces, &schema)});
        responses.insert(code.to_string(), response);
    }
    responses.insert("401".into(), json!({"description": "Unauthorized"}));
    value["responses"] = responses.into();
    value
}

fn content(media_types: &[&str], schema: &Value) -> Map<String, Value> {
    media_types.iter().map(|media_type| ((*media_type).to_owned(), json!({"schema": schema}))).collect()
}
