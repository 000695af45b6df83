//! What a scalar means under YAML 1.1.

use super::reader::CORE;
use crate::go;
use crate::wire::ByteString;
use crate::wire::json;
use serde_json::{Number, Value};

const TRUE: [&str; 11] = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: [&str; 11] = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: [&str; 5] = ["", "~", "null", "Null", "NULL"];
const NAN: [&str; 3] = [".nan", ".NaN", ".NAN"];
const INFINITY: [&str; 3] = [".inf", ".Inf", ".INF"];
/// From here on a float is not written as an integer.
const LARGEST_WHOLE: f64 = 1e21;

/// What a scalar is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Integer(i64),
    /// One that has no room in 63 bits.
    Large(u64),
    Float(f64),
    Text(String),
}

/// The meaning of a text with a tag, which may be empty. `plain` says that it may be something else than a text.
pub(super) fn resolve(text: &str, tag: &str, plain: bool) -> Result<Scalar, String> {
    if tag.is_empty() {
        return Ok(if plain { untagged(text) } else { Scalar::Text(text.into()) });
    }
    let wanted = tag.strip_prefix(CORE).unwrap_or_default();
    let found = match wanted {
        "binary" => return binary(text),
        "bool" | "int" | "float" | "null" => untagged(text),
        _ => return Ok(Scalar::Text(text.into())),
    };
    match (wanted, found) {
        ("float", Scalar::Integer(number)) => Ok(Scalar::Float(number as f64)),
        (_, found) if found.tag() == wanted => Ok(found),
        (_, found) => Err(format!("cannot decode !!{} `{text}` as a !!{wanted}", found.tag())),
    }
}

fn binary(text: &str) -> Result<Scalar, String> {
    let bytes = ByteString::from_base64(text).map_err(|_| "!!binary value contains invalid base64 data")?;
    Ok(Scalar::Text(json::text(&bytes.0).into_owned()))
}

fn untagged(text: &str) -> Scalar {
    if NULL.contains(&text) {
        return Scalar::Null;
    }
    if TRUE.contains(&text) || FALSE.contains(&text) {
        return Scalar::Bool(TRUE.contains(&text));
    }
    number(text).unwrap_or_else(|| Scalar::Text(text.into()))
}

fn number(text: &str) -> Option<Scalar> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        b'.' | b'0'..=b'9' => (1.0, text),
        _ => return None,
    };
    if INFINITY.contains(&unsigned) {
        return Some(Scalar::Float(sign * f64::INFINITY));
    }
    if NAN.contains(&text) {
        return Some(Scalar::Float(f64::NAN));
    }
    if text.starts_with('.') {
        return is_separated(text).then(|| decimal(&text.replace('_', ""))).flatten();
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| decimal(&digits)).or_else(|| binary_digits(&digits))
}

/// Whether underscores stand between digits only.
fn is_separated(text: &str) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let at = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').map(|(at, _)| at);
    at.into_iter().all(|at| at > 0 && is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1)))
}

/// `1`, `0x1f`, `0o17`, `017` and `0b11`, with a sign.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let radixes = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    let prefixed = radixes.iter().find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix)));
    let (digits, radix) = match prefixed {
        Some(found) => found,
        None if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        None => (digits, 10),
    };
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let signed = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
    match i64::try_from(signed) {
        Ok(number) => Some(Scalar::Integer(number)),
        // A number that is too large has no sign.
        Err(_) if text.starts_with(['-', '+']) => None,
        Err(_) => Some(Scalar::Large(magnitude)),
    }
}

/// What upstream's reader takes besides: a sign behind `0b`.
fn binary_digits(text: &str) -> Option<Scalar> {
    let digits = text.strip_prefix("0b").filter(|digits| digits.starts_with(['-', '+']))?;
    i64::from_str_radix(digits, 2).ok().map(Scalar::Integer)
}

fn decimal(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (number, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let exponent_is_number = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    let is_number = digits(whole) && digits(fraction) && exponent_is_number;
    if !is_number || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Scalar::Float)
}

impl Scalar {
    fn tag(&self) -> &'static str {
        match self {
            Scalar::Null => "null",
            Scalar::Bool(_) => "bool",
            Scalar::Integer(_) | Scalar::Large(_) => "int",
            Scalar::Float(_) => "float",
            Scalar::Text(_) => "str",
        }
    }

    pub(super) fn json(self) -> Result<Value, String> {
        Ok(match self {
            Scalar::Null => Value::Null,
            Scalar::Bool(flag) => flag.into(),
            Scalar::Integer(number) => number.into(),
            Scalar::Large(number) => number.into(),
            Scalar::Text(text) => text.into(),
            Scalar::Float(number) => {
                let found = whole(number).or_else(|| Number::from_f64(number));
                found.map(Value::Number).ok_or_else(|| format!("json: unsupported value: {number}"))?
            }
        })
    }

    /// The text that stands for it where it is a key, which JSON has of texts alone.
    pub(super) fn key(&self) -> Result<String, String> {
        Ok(match self {
            Scalar::Bool(flag) => flag.to_string(),
            Scalar::Integer(number) => number.to_string(),
            Scalar::Text(text) => text.clone(),
            Scalar::Float(number) => match *number as f32 {
                number if number.is_nan() => ".nan".into(),
                f32::INFINITY => ".inf".into(),
                f32::NEG_INFINITY => "-.inf".into(),
                number => go::single(number),
            },
            Scalar::Null | Scalar::Large(_) => {
                return Err("unsupported map key: it must be a string, a number or a boolean".into());
            }
        })
    }
}

/// A float that JSON has as an integer, in the fewest digits that tell it from others.
fn whole(number: f64) -> Option<Number> {
    if number.fract() != 0.0 || number.abs() >= LARGEST_WHOLE {
        return None;
    }
    let digits = number.to_string();
    digits.parse::<i64>().map(Number::from).or_else(|_| digits.parse::<u64>().map(Number::from)).ok()
}
