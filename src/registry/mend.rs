//! What an older version stored beyond today's limits: read all the same, and put right by the next write.
//!
//! Older versions let unknown JSON nest deeper, or hold numbers that no reader takes, and wrote times before year 0. A
//! value is walked by its type, and no deeper than that goes. Unknown JSON that no reader takes is left out, and a time
//! becomes the nearest one; everything else stays as it was written.

use apimachinery::schema::{Scalar, Schema, Shape};
use apimachinery::time::{MicroTime, Time};
use apimachinery::wire::{Raw, json};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The value within today's limits; `None` where the bytes are no JSON.
pub(super) fn mend(schema: &'static Schema, value: &[u8]) -> Option<String> {
    let text = json::text(value);
    let whole: &RawValue = serde_json::from_str(&text).ok()?;
    let mut out = String::with_capacity(text.len());
    write(schema, whole.get(), &mut out);
    Some(out)
}

fn write(schema: &'static Schema, text: &str, out: &mut String) {
    match &schema.shape {
        Shape::Object(_) => members(text, |name| schema.field(name).map(|field| field.schema), out),
        Shape::Map(value) => members(text, |_| Some(*value), out),
        Shape::List(item) => items(item, text, out),
        Shape::Scalar(Scalar::Raw | Scalar::FieldsV1) if text.parse::<Raw>().is_err() => out.push_str("null"),
        Shape::Scalar(Scalar::Time) => push_time(text, Time::from_seconds, out),
        Shape::Scalar(Scalar::MicroTime) => push_time(text, MicroTime::from_micros, out),
        Shape::Scalar(_) | Shape::Enum(_) => out.push_str(text),
    }
}

/// The members of an object, each by its own type. What is of another form is left to the reader, who says so.
fn members(text: &str, schema: impl Fn(&str) -> Option<&'static Schema>, out: &mut String) {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
        out.push_str(text);
        return;
    };
    let mut separator = '{';
    for (name, value) in &members {
        out.push(separator);
        separator = ',';
        out.push_str(&serde_json::Value::from(name.as_str()).to_string());
        out.push(':');
        match schema(name) {
            Some(schema) => write(schema, value.get(), out),
            None => out.push_str(value.get()),
        }
    }
    out.push_str(if members.is_empty() { "{}" } else { "}" });
}

fn items(schema: &'static Schema, text: &str, out: &mut String) {
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else {
        out.push_str(text);
        return;
    };
    let mut separator = '[';
    for item in &items {
        out.push(separator);
        separator = ',';
        write(schema, item.get(), out);
    }
    out.push_str(if items.is_empty() { "[]" } else { "]" });
}

/// A year before 0 has a sign, one after 9999 more than four digits.
fn push_time<T: ToString>(text: &str, nearest: impl Fn(i64) -> T, out: &mut String) {
    let time = text.trim_start_matches('"');
    let year = time.trim_start_matches('-');
    let digits = year.bytes().take_while(u8::is_ascii_digit).count();
    match (time.len() > year.len(), digits) {
        (true, 3..) => out.push_str(&format!("\"{}\"", nearest(i64::MIN).to_string())),
        (false, 5..) => out.push_str(&format!("\"{}\"", nearest(i64::MAX).to_string())),
        _ => out.push_str(text),
    }
}
