//! Conversions between types: `int`, `uint`, `double`, `string`, `bytes`, `bool`, `type`, `dyn`; and `size`.

use super::{Overload, overload, time};
use crate::admission::extension::expression::{Fault, Outcome, Value, fault, shortest, whole};

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Global "int" (Int a) -> Int, |_| *a),
    overload!(Global "int" (UInt a) -> Int, |_| i64::try_from(*a).map_err(|_| fault("integer overflow"))),
    overload!(Global "int" (Double a) -> Int, |_| whole(a.trunc()).ok_or_else(|| fault("integer overflow"))),
    overload!(Global "int" (String a) -> Int, |_| a.parse::<i64>().map_err(|_| unreadable("int"))),
    overload!(Global "int" (Timestamp a) -> Int, |_| a.timestamp()),
    overload!(Global "int" (Duration a) -> Int, |_| *a),
    overload!(Global "uint" (UInt a) -> UInt, |_| *a),
    overload!(Global "uint" (Int a) -> UInt, |_| u64::try_from(*a).map_err(|_| fault("unsigned integer overflow"))),
    overload!(Global "uint" (Double a) -> UInt, |_| unsigned(*a)),
    overload!(Global "uint" (String a) -> UInt, |_| digits(a).ok_or_else(|| unreadable("uint"))),
    overload!(Global "double" (Double a) -> Double, |_| *a),
    overload!(Global "double" (Int a) -> Double, |_| double_of_int(*a)),
    overload!(Global "double" (UInt a) -> Double, |_| double_of_uint(*a)),
    overload!(Global "double" (String a) -> Double, |_| double(a)),
    overload!(Global "string" (String a) -> String, |_| Value::String(a.clone())),
    overload!(Global "string" (Int a) -> String, |_| a.to_string()),
    overload!(Global "string" (UInt a) -> String, |_| a.to_string()),
    overload!(Global "string" (Double a) -> String, |_| shortest(*a)),
    overload!(Global "string" (Bool a) -> String, |_| a.to_string()),
    overload!(Global "string" (Bytes a) -> String, |_| {
        String::from_utf8(a.to_vec()).map_err(|_| fault("invalid UTF-8 in bytes, cannot convert to string"))
    }),
    overload!(Global "string" (Duration a) -> String, |_| time::shown_duration(*a)),
    overload!(Global "string" (Timestamp a) -> String, |_| time::shown_timestamp(a)),
    overload!(Global "string" (Ip a) -> String, |_| a.to_string()),
    overload!(Global "string" (Cidr a) -> String, |_| a.to_string()),
    overload!(Global "bytes" (Bytes a) -> Bytes, |_| Value::Bytes(a.clone())),
    overload!(Global "bytes" (String a) -> Bytes, |_| Value::Bytes(a.as_bytes().into())),
    overload!(Global "bool" (Bool a) -> Bool, |_| *a),
    overload!(Global "bool" (String a) -> Bool, |_| match &**a {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(unreadable("bool")),
    }),
    overload!(Global "type" (Dyn a) -> Type, |_| Value::Type(a.type_of())),
    overload!(Global "dyn" (Dyn a) -> Dyn, |_| a.clone()),
    overload!(Global "size" (String a) -> Int, |_| length(a.chars().count())),
    overload!(Global "size" (Bytes a) -> Int, |_| length(a.len())),
    overload!(Global "size" (List a) -> Int, |_| length(a.len())),
    overload!(Global "size" (Map a) -> Int, |_| length(a.len())),
    overload!(Member "size" (String a) -> Int, |_| length(a.chars().count())),
    overload!(Member "size" (Bytes a) -> Int, |_| length(a.len())),
    overload!(Member "size" (List a) -> Int, |_| length(a.len())),
    overload!(Member "size" (Map a) -> Int, |_| length(a.len())),
];

fn unreadable(kind: &str) -> Fault {
    fault(format!("type conversion error from 'string' to '{kind}'"))
}

pub(super) fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn unsigned(double: f64) -> Outcome<u64> {
    let fits = (0.0..18_446_744_073_709_551_616.0).contains(&double);
    fits.then_some(double as u64).ok_or_else(|| fault("unsigned integer overflow"))
}

#[allow(clippy::cast_precision_loss)]
fn double_of_int(number: i64) -> f64 {
    number as f64
}

#[allow(clippy::cast_precision_loss)]
fn double_of_uint(number: u64) -> f64 {
    number as f64
}

/// What is written with digits is finite.
fn double(text: &str) -> Outcome<f64> {
    let double: f64 = text.parse().map_err(|_| unreadable("double"))?;
    let is_named = !text.bytes().any(|byte| byte.is_ascii_digit());
    if double.is_finite() || is_named { Ok(double) } else { Err(unreadable("double")) }
}
