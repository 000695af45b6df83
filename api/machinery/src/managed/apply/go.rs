//! Values and paths as Go prints them in messages.

use crate::managed::element::{Element, Literal};
use crate::wire::json;
use serde_json::Value;
use std::fmt::Write;

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

/// The form `%v` of a double: with an exponent from six places before the point, or more than four behind it.
fn double(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => number.to_string(),
    }
}

/// The form `%q`.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\'' => out.push(character),
            _ => escape_unprintable(character, &mut out),
        }
    }
    out.push('"');
    out
}

fn escape_unprintable(character: char, out: &mut String) {
    let is_printable = character.escape_debug().len() == 1;
    let code = u32::from(character);
    // Writing to a string does not fail.
    let _ = match code {
        _ if is_printable => out.write_char(character),
        0..=0x7f => write!(out, "\\x{code:02x}"),
        0x80..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}
