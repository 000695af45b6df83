//! Values and paths as Go prints them in messages.

use crate::go::double;
pub(super) use crate::go::quoted;
use crate::managed::element::{Element, Literal};
use crate::wire::json;
use serde_json::Value;

/// A path such as `.spec.ports[port=80,protocol="TCP"].name`.
pub(super) fn path(elements: &[Element<'_>]) -> String {
    elements.iter().fold(String::new(), |mut out, element| {
        step(element, &mut out);
        out
    })
}

/// One step of a path.
pub(super) fn step(element: &Element<'_>, out: &mut String) {
    match element {
        Element::Field(name) => {
            out.push('.');
            out.push_str(name);
        }
        Element::Key(keys) => {
            out.push('[');
            for (index, (name, value)) in keys.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                out.push_str(&format!("{comma}{name}={}", literal(value)));
            }
            out.push(']');
        }
        Element::Value(value) => out.push_str(&format!("[={}]", literal(value))),
        Element::Index(index) => out.push_str(&format!("[{index}]")),
    }
}

fn literal(value: &Literal<'_>) -> String {
    match value {
        // Go reads the numbers of keys as doubles.
        Literal::Integer(number) => double(*number as f64),
        Literal::Double(number) => double(*number),
        Literal::Text(text) => quoted(text),
        Literal::Bool(flag) => flag.to_string(),
        Literal::Nested(text) => {
            json::parse(text.as_bytes()).map_or_else(|_| String::new(), |value| nested(&value))
        }
        Literal::Null => "null".to_owned(),
    }
}

/// A value within a key.
fn nested(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(nested), ",")),
        Value::Object(fields) => {
            joined(fields.iter().map(|(name, value)| format!("{name}={}", nested(value))), "")
        }
        Value::Bool(_) | Value::Number(_) => plain(value),
    }
}

/// The form `%v`.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => double(number.as_f64().unwrap_or_default()),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(plain), " ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}:{}", plain(value)));
            format!("map[{}]", joined(fields, " "))
        }
    }
}

/// The form `%#v`.
pub(super) fn syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[]interface {{}}{{{}}}", joined(items.iter().map(syntax), ", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{}:{}", quoted(name), syntax(value)));
            format!("map[string]interface {{}}{{{}}}", joined(fields, ", "))
        }
        Value::Bool(_) | Value::Number(_) => plain(value),
    }
}

/// The form `%T`.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

fn joined(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}
