//! What a scalar means under YAML 1.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

const TRUE: [&str; 11] = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: [&str; 11] = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: [&str; 5] = ["", "~", "null", "Null", "NULL"];
const NOT_FINITE: [&str; 12] =
    [".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"];
/// From here on a float is not written as an integer.
const LARGEST_WHOLE: f64 = 1e21;

/// The value of a scalar with the suffix of its core tag, if it has one.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    match tag {
        None if !plain => Ok(text.into()),
        None | Some("merge") => resolve_plain(text),
        Some("int" | "float" | "bool" | "null") => {
            let value = resolve_plain(text)?;
            match (tag, &value) {
                (_, Value::String(_)) => {
                    Err(format!("cannot decode !!str `{text}` as a !!{}", tag.unwrap_or("")))
                }
                _ => Ok(value),
            }
        }
        Some("binary") => {
            let clean: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let bytes = STANDARD.decode(clean).map_err(|_| "!!binary value contains invalid base64 data")?;
            Ok(String::from_utf8_lossy(&bytes).into_owned().into())
        }
        Some(_) => Ok(text.into()),
    }
}

fn resolve_plain(text: &str) -> Result<Value, String> {
    if NULL.contains(&text) {
        return Ok(Value::Null);
    }
    if TRUE.contains(&text) {
        return Ok(true.into());
    }
    if FALSE.contains(&text) {
        return Ok(false.into());
    }
    if NOT_FINITE.contains(&text) {
        return Err(format!("json: unsupported value: {text}"));
    }
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    let number =
        numeric.then(|| text.replace('_', "")).and_then(|text| integer(&text).or_else(|| float(&text)));
    Ok(number.map_or_else(|| text.into(), Value::Number))
}

/// `1`, `0x1f`, `0o17`, `017` and `0b11`, with a sign.
fn integer(text: &str) -> Option<Number> {
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
    let magnitude = i128::from(u64::from_str_radix(digits, radix).ok()?);
    match negative {
        true => i64::try_from(-magnitude).ok().map(Number::from),
        false => u64::try_from(magnitude).ok().map(Number::from),
    }
}

fn float(text: &str) -> Option<Number> {
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
    if !(digits(whole) && digits(fraction) && exponent_is_number) || (whole.is_empty() && fraction.is_empty())
    {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    if value.fract() == 0.0 && value.abs() < LARGEST_WHOLE {
        let whole = value as i128;
        return i64::try_from(whole)
            .map(Number::from)
            .ok()
            .or_else(|| u64::try_from(whole).map(Number::from).ok())
            .or_else(|| Number::from_f64(value));
    }
    Number::from_f64(value)
}
