//! `format`: what the clauses of a template make of values.

use super::time;
use super::{Overload, overload};
use crate::admission::extension::expression::{
    Effects, Key, Map, Outcome, Value, fault, grouped, quoted, scientific, shortest,
};
use std::iter::Peekable;
use std::str::Chars;

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Member "format" (String template, List values) -> String, |effects| filled(template, values, effects)),
];

/// How many places a number has where the template says nothing.
const PLACES: usize = 6;
/// More would be made up.
const MOST_PLACES: usize = 1000;

fn filled(template: &str, values: &[Value], effects: &Effects) -> Outcome<String> {
    let (mut text, mut rest, mut values) = (String::new(), template.chars().peekable(), values.iter());
    let mut used = 0;
    while let Some(character) = rest.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        if rest.next_if_eq(&'%').is_some() {
            text.push('%');
            continue;
        }
        let value = values.next().ok_or_else(|| fault(format!("index {used} out of range")))?;
        used += 1;
        let made = clause(&mut rest, value)?;
        effects.budget.make(made.len())?;
        text.push_str(&made);
    }
    Ok(text)
}

fn clause(rest: &mut Peekable<Chars<'_>>, value: &Value) -> Outcome<String> {
    let places = precision(rest)?;
    let clause = rest.next().ok_or_else(|| fault("unexpected end of string"))?;
    let made = match clause {
        's' => shown(value),
        'd' => decimal(value),
        'f' => double(value, "fixed-point").map(|double| grouped(double, places)),
        'e' => double(value, "scientific").map(|double| scientific(double, places)),
        'b' => binary(value),
        'x' => hexadecimal(value),
        'X' => hexadecimal(value).map(|text| text.to_uppercase()),
        'o' => octal(value),
        other => {
            let other = other.to_string();
            return Err(fault(format!(
                "could not parse formatting clause: unrecognized formatting clause {other:?}"
            )));
        }
    };
    made.map_err(|reason| fault(format!("error during formatting: {}", reason.0)))
}

fn precision(rest: &mut Peekable<Chars<'_>>) -> Outcome<usize> {
    if rest.next_if_eq(&'.').is_none() {
        return Ok(PLACES);
    }
    let mut digits = String::new();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    let places = digits.parse().ok().filter(|places| *places <= MOST_PLACES);
    places.ok_or_else(|| fault("could not parse formatting clause: error while parsing precision"))
}

fn wrong<T>(clause: &str, value: &Value) -> Outcome<T> {
    Err(fault(format!("{clause}, was given {}", value.type_of().name())))
}

fn shown(value: &Value) -> Outcome<String> {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(_) | Value::UInt(_) => return decimal(value),
        Value::Double(double) => shortest(*double),
        Value::Bytes(bytes) => String::from_utf8(bytes.to_vec()).map_err(|_| {
            fault("could not convert argument \"invalid UTF-8 in bytes, cannot convert to string\" to string")
        })?,
        Value::Duration(duration) => time::shown_duration(*duration),
        Value::Timestamp(timestamp) => time::shown_timestamp(timestamp),
        Value::Type(kind) => kind.name().to_owned(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(nested).collect::<Outcome<_>>()?;
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => shown_map(map)?,
        other => {
            return wrong(
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
                other,
            );
        }
    })
}

fn shown_map(map: &Map) -> Outcome<String> {
    let mut entries = Vec::with_capacity(map.len());
    for (key, value) in map {
        let key = match key {
            Key::String(text) => quoted(text),
            other => shown(&Value::from(other))?,
        };
        entries.push((key, nested(value)?));
    }
    entries.sort();
    let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
    Ok(format!("{{{}}}", entries.join(", ")))
}

/// As it stands in a list or a map: in quotes, or called by its type.
fn nested(value: &Value) -> Outcome<String> {
    Ok(match value {
        Value::String(text) => quoted(text),
        Value::Bytes(_) => format!("b{}", quoted(&shown(value)?)),
        Value::Double(double) if double.is_finite() => format!("{double:.PLACES$}"),
        Value::Double(double) => format!("\"{}\"", shortest(*double)),
        Value::Duration(_) => format!("duration(\"{}\")", shown(value)?),
        Value::Timestamp(_) => format!("timestamp(\"{}\")", shown(value)?),
        other => shown(other)?,
    })
}

fn decimal(value: &Value) -> Outcome<String> {
    match value {
        Value::Int(number) => Ok(number.to_string()),
        Value::UInt(number) => Ok(number.to_string()),
        other => wrong("decimal clause can only be used on integers", other),
    }
}

fn double(value: &Value, clause: &str) -> Outcome<f64> {
    match value {
        // Zero has no sign.
        Value::Double(double) => Ok(if *double == 0.0 { 0.0 } else { *double }),
        Value::String(text) => match &**text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => wrong(&format!("{clause} clause can only be used on doubles"), value),
        },
        other => wrong(&format!("{clause} clause can only be used on doubles"), other),
    }
}

/// A number that is written with a sign of its own.
fn signed(number: i64, digits: impl Fn(u64) -> String) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", digits(number.unsigned_abs()))
}

fn binary(value: &Value) -> Outcome<String> {
    match value {
        Value::Int(number) => Ok(signed(*number, |number| format!("{number:b}"))),
        Value::UInt(number) => Ok(format!("{number:b}")),
        Value::Bool(value) => Ok(u8::from(*value).to_string()),
        other => wrong("only integers and bools can be formatted as binary", other),
    }
}

fn hexadecimal(value: &Value) -> Outcome<String> {
    let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match value {
        Value::Int(number) => Ok(signed(*number, |number| format!("{number:x}"))),
        Value::UInt(number) => Ok(format!("{number:x}")),
        Value::String(text) => Ok(bytes(text.as_bytes())),
        Value::Bytes(inner) => Ok(bytes(inner)),
        other => wrong("only integers, byte buffers, and strings can be formatted as hex", other),
    }
}

fn octal(value: &Value) -> Outcome<String> {
    match value {
        Value::Int(number) => Ok(signed(*number, |number| format!("{number:o}"))),
        Value::UInt(number) => Ok(format!("{number:o}")),
        other => wrong("octal clause can only be used on integers", other),
    }
}
