//! The document of `/openapi/v2`.

use super::{Message, items, wrap};
use serde_json::Value;

/// Encodes a document.
pub fn encode(document: &Value) -> Vec<u8> {
    let mut out = Message::default();
    out.text(1, &document["swagger"]);
    let mut info = Message::default();
    info.text(1, &document["info"]["title"]);
    info.text(2, &document["info"]["version"]);
    out.message(2, &info);
    out.named(8, 2, &document["paths"], path);
    out.named(9, 1, &document["definitions"], schema);
    out.security(12, document);
    out.named(13, 1, &document["securityDefinitions"], |definition| wrap(2, &api_key(definition)));
    out.0
}

fn path(item: &Value) -> Message {
    let mut out = Message::default();
    for (field, method) in [(2, "get"), (3, "put"), (4, "post"), (5, "delete"), (8, "patch")] {
        if let Some(found) = item.get(method) {
            out.message(field, &operation(found));
        }
    }
    for one in items(&item["parameters"]) {
        out.message(9, &wrap(1, &parameter(one)));
    }
    out.extensions(10, item);
    out
}

fn operation(operation: &Value) -> Message {
    let mut out = Message::default();
    out.texts(1, &operation["tags"]);
    out.text(3, &operation["description"]);
    out.text(5, &operation["operationId"]);
    out.texts(6, &operation["produces"]);
    out.texts(7, &operation["consumes"]);
    for one in items(&operation["parameters"]) {
        out.message(8, &wrap(1, &parameter(one)));
    }
    out.named(9, 1, &operation["responses"], |answer| wrap(1, &response(answer)));
    out.texts(10, &operation["schemes"]);
    out.extensions(13, operation);
    out
}

fn response(response: &Value) -> Message {
    let mut out = Message::default();
    out.text(1, &response["description"]);
    if let Some(found) = response.get("schema") {
        out.message(2, &wrap(1, &schema(found)));
    }
    out
}

fn parameter(parameter: &Value) -> Message {
    let mut out = Message::default();
    match parameter["in"].as_str() {
        Some("body") => {
            out.text(1, &parameter["description"]);
            out.text(2, &parameter["name"]);
            out.text(3, &parameter["in"]);
            out.flag(4, &parameter["required"]);
            out.message(5, &schema(&parameter["schema"]));
            wrap(1, &out)
        }
        place => {
            // A parameter of the query has one field more than one of the path.
            let (which, more) = if place == Some("query") { (3, 1) } else { (4, 0) };
            out.flag(1, &parameter["required"]);
            out.text(2, &parameter["in"]);
            out.text(3, &parameter["description"]);
            out.text(4, &parameter["name"]);
            out.text(5 + more, &parameter["type"]);
            out.text(6 + more, &parameter["format"]);
            out.flag(19 + more, &parameter["uniqueItems"]);
            wrap(2, &wrap(which, &out))
        }
    }
}

fn schema(schema: &Value) -> Message {
    let mut out = Message::default();
    out.text(1, &schema["$ref"]);
    out.text(2, &schema["format"]);
    out.text(4, &schema["description"]);
    out.any(5, &schema["default"]);
    out.texts(19, &schema["required"]);
    items(&schema["enum"]).iter().for_each(|value| out.any(20, value));
    if let Some(values) = schema.get("additionalProperties") {
        out.message(21, &wrap(1, &self::schema(values)));
    }
    let mut kind = Message::default();
    kind.text(1, &schema["type"]);
    if !kind.0.is_empty() {
        out.message(22, &kind);
    }
    if let Some(item) = schema.get("items") {
        out.message(23, &wrap(1, &self::schema(item)));
    }
    if schema.get("properties").is_some() {
        out.named(25, 1, &schema["properties"], self::schema);
    }
    out.extensions(31, schema);
    out
}

fn api_key(definition: &Value) -> Message {
    let mut out = Message::default();
    out.text(1, &definition["type"]);
    out.text(2, &definition["name"]);
    out.text(3, &definition["in"]);
    out.text(4, &definition["description"]);
    out
}
