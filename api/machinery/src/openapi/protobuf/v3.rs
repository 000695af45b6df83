//! A document of `/openapi/v3/…`.

use super::{Message, items, wrap};
use prost::encoding::{bool, double, string};
use serde_json::Value;

/// Encodes a document.
pub fn encode(document: &Value) -> Vec<u8> {
    let mut out = Message::default();
    out.text(1, &document["openapi"]);
    let mut info = Message::default();
    info.text(1, &document["info"]["title"]);
    info.text(6, &document["info"]["version"]);
    out.message(2, &info);
    out.named(4, 1, &document["paths"], path);
    let mut components = Message::default();
    components.named(1, 1, &document["components"]["schemas"], schema_or_reference);
    components.named(7, 1, &document["components"]["securitySchemes"], |scheme| wrap(1, &security(scheme)));
    out.message(5, &components);
    out.security(6, document);
    out.0
}

fn path(item: &Value) -> Message {
    let mut out = Message::default();
    for (field, method) in [(4, "get"), (5, "put"), (6, "post"), (7, "delete"), (10, "patch")] {
        if let Some(found) = item.get(method) {
            out.message(field, &operation(found));
        }
    }
    for one in items(&item["parameters"]) {
        out.message(13, &wrap(1, &parameter(one)));
    }
    out.extensions(14, item);
    out
}

fn operation(operation: &Value) -> Message {
    let mut out = Message::default();
    out.texts(1, &operation["tags"]);
    out.text(3, &operation["description"]);
    out.text(5, &operation["operationId"]);
    for one in items(&operation["parameters"]) {
        out.message(6, &wrap(1, &parameter(one)));
    }
    if let Some(found) = operation.get("requestBody") {
        let mut body = Message::default();
        body.named(2, 1, &found["content"], media_type);
        body.flag(3, &found["required"]);
        out.message(7, &wrap(1, &body));
    }
    out.named(8, 2, &operation["responses"], |answer| wrap(1, &response(answer)));
    out.extensions(13, operation);
    out
}

fn response(response: &Value) -> Message {
    let mut out = Message::default();
    out.text(1, &response["description"]);
    if response.get("content").is_some() {
        out.named(3, 1, &response["content"], media_type);
    }
    out
}

fn media_type(media: &Value) -> Message {
    wrap(1, &schema_or_reference(&media["schema"]))
}

fn parameter(parameter: &Value) -> Message {
    let mut out = Message::default();
    out.text(1, &parameter["name"]);
    out.text(2, &parameter["in"]);
    out.text(3, &parameter["description"]);
    out.flag(4, &parameter["required"]);
    out.message(10, &schema_or_reference(&parameter["schema"]));
    out
}

fn security(scheme: &Value) -> Message {
    let mut out = Message::default();
    for (field, name) in [(1, "type"), (2, "description"), (3, "name"), (4, "in")] {
        out.text(field, &scheme[name]);
    }
    out
}

fn schema_or_reference(value: &Value) -> Message {
    match value.get("$ref") {
        Some(place) => {
            let mut reference = Message::default();
            reference.text(1, place);
            wrap(2, &reference)
        }
        None => wrap(1, &schema(value)),
    }
}

fn schema(schema: &Value) -> Message {
    let mut out = Message::default();
    out.flag(20, &schema["uniqueItems"]);
    out.texts(23, &schema["required"]);
    items(&schema["enum"]).iter().for_each(|value| out.any(24, value));
    out.text(25, &schema["type"]);
    for (field, name) in [(26, "allOf"), (27, "oneOf"), (28, "anyOf")] {
        items(&schema[name]).iter().for_each(|part| out.message(field, &schema_or_reference(part)));
    }
    if let Some(item) = schema.get("items") {
        out.message(30, &wrap(1, &schema_or_reference(item)));
    }
    if schema.get("properties").is_some() {
        out.named(31, 1, &schema["properties"], schema_or_reference);
    }
    if let Some(values) = schema.get("additionalProperties") {
        out.message(32, &wrap(1, &schema_or_reference(values)));
    }
    if let Some(value) = schema.get("default") {
        out.message(33, &plain(value));
    }
    out.text(34, &schema["description"]);
    out.text(35, &schema["format"]);
    out.extensions(36, schema);
    out
}

/// A default is a plain value or, in this form, empty.
fn plain(value: &Value) -> Message {
    let mut out = Message::default();
    match value {
        Value::Number(number) => double::encode(1, &number.as_f64().unwrap_or_default(), &mut out.0),
        Value::Bool(value) => bool::encode(2, value, &mut out.0),
        Value::String(text) => string::encode(3, text, &mut out.0),
        _ => {}
    }
    out
}
