//! Objects and lists as error messages show them.

use super::error::go_type;
use crate::go::double;
use serde_json::{Map, Number, Value};
use std::fmt::Write;

/// An object as `%v` prints it.
pub(super) fn shown(map: &Map<String, Value>) -> String {
    let mut text = String::new();
    print_map(map, Verb::Value, &mut text);
    text
}

/// A list as `%v` prints it.
pub(super) fn shown_list(items: &[Value]) -> String {
    let mut text = String::new();
    print_list(items, Verb::Value, &mut text);
    text
}

/// A value as `%s` prints it: what is no text says its type, and null so only when it stands alone.
pub(super) fn stringed(value: &Value) -> String {
    if value.is_null() {
        return go_type(value).to_owned();
    }
    let mut text = String::new();
    print(value, Verb::Text, &mut text);
    text
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Value,
    Text,
}

fn print(value: &Value, verb: Verb, out: &mut String) {
    let plain = match value {
        Value::Object(map) => return print_map(map, verb, out),
        Value::Array(items) => return print_list(items, verb, out),
        Value::String(text) => return out.push_str(text),
        Value::Null => return out.push_str("<nil>"),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => print_number(number),
    };
    // Writing to a String does not fail.
    let _ = match verb {
        Verb::Value => write!(out, "{plain}"),
        Verb::Text => write!(out, "%!s({}={plain})", go_type(value)),
    };
}

fn print_map(map: &Map<String, Value>, verb: Verb, out: &mut String) {
    let mut members: Vec<_> = map.iter().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    out.push_str("map[");
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(name);
        out.push(':');
        print(value, verb, out);
    }
    out.push(']');
}

fn print_list(items: &[Value], verb: Verb, out: &mut String) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        print(item, verb, out);
    }
    out.push(']');
}

/// Integers as they are; what 64 bits do not hold is a double.
fn print_number(number: &Number) -> String {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => integer.to_string(),
        (None, Some(float)) => double(float),
        (None, None) => number.to_string(),
    }
}
