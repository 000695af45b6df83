//! OpenAPI v2: one document for all groups.

use super::definitions::{Definitions, Dialect};
use super::document::{self, BEARER, bearer};
use super::operation::{Content, OBJECTS, Operation, status_text};
use super::parameter::Parameter;
use crate::kind::Definition;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The document of `/openapi/v2`: every served version of every definition. Who serves the core group has no aggregator in
/// front.
pub fn document(definitions: &[&'static Definition]) -> Value {
    let is_core = definitions.iter().any(|definition| definition.group.is_empty());
    let mut types = if is_core { Definitions::new(Dialect::V2) } else { Definitions::merged(Dialect::V2) };
    let mut paths = Map::new();
    for (group, version) in group_versions(definitions) {
        let render = |described: &Operation| operation(described, &mut types);
        paths.extend(document::paths(group, version, definitions, render, Parameter::v2));
        document::mark_kinds(&mut types, group, version, definitions);
    }
    json!({
        "swagger": "2.0",
        "info": document::info(),
        "paths": paths,
        "definitions": types.finish(),
        "securityDefinitions": {BEARER: bearer()},
        "security": [{BEARER: []}],
    })
}

fn group_versions(definitions: &[&'static Definition]) -> BTreeSet<(&'static str, &'static str)> {
    definitions
        .iter()
        .flat_map(|definition| definition.versions.iter().map(|version| (definition.group, version.name)))
        .collect()
}

fn operation(operation: &Operation, types: &mut Definitions) -> Value {
    let mut value = document::common(operation);
    let mut parameters: Vec<Value> = operation.parameters.iter().map(|parameter| parameter.v2()).collect();
    if let Some(body) = &operation.body {
        let schema = types.content(Content::Object(body.schema));
        let mut parameter = json!({"name": "body", "in": "body", "schema": schema});
        if body.required {
            parameter["required"] = true.into();
        }
        parameters.insert(0, parameter);
    }
    if !parameters.is_empty() {
        value["parameters"] = parameters.into();
    }
    let consumes = match (&operation.body, operation.action) {
        (Some(body), _) => body.media_types,
        (None, Some(_)) => &["*/*"],
        (None, None) => OBJECTS,
    };
    let mut responses = Map::new();
    for (code, answer) in &operation.responses {
        let schema = types.content(*answer);
        responses.insert(code.to_string(), json!({"description": status_text(*code), "schema": schema}));
    }
    responses.insert("401".into(), json!({"description": "Unauthorized"}));
    value["consumes"] = consumes.into();
    value["produces"] = operation.produces.into();
    value["schemes"] = ["https"].as_slice().into();
    value["responses"] = responses.into();
    value
}
