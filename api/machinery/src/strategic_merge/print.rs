//! Values as Go's package fmt prints them, which is what error messages show.

use super::error::go_type;
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

/// Text as `%q` prints it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0b' => quoted.push_str("\\v"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0'..='\x1f' | '\x7f' => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            '\u{80}'..='\u{a0}' | '\u{ad}' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
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

/// Integers as they are; others with the fewest digits, and with an exponent below 1e-4 and from 1e21 on.
fn print_number(number: &Number) -> String {
    let float = match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => return integer.to_string(),
        (None, Some(float)) => float,
        (None, None) => return number.to_string(),
    };
    let scientific = format!("{float:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..21).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{float}"),
    }
}
