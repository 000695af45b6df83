//! Numbers and texts as Go writes them: what an expression makes of a value is compared with what the cluster's own
//! API server makes of it.

use std::fmt::Write;

/// A double in as few digits as tell it apart.
pub(crate) fn shortest(double: f64) -> String {
    if let Some(special) = special(double) {
        return special.to_owned();
    }
    let scientific = format!("{double:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{double}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

pub(crate) fn special(double: f64) -> Option<&'static str> {
    match double {
        double if double.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// The name of a character that has one within quotes.
pub(crate) fn escape(character: char) -> Option<&'static str> {
    Some(match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        _ => return None,
    })
}

/// A text in quotes, what cannot be printed escaped.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        if let Some(name) = escape(character) {
            quoted.push_str(name);
        } else if character.is_ascii_control() {
            let _ = write!(quoted, "\\x{:02x}", u32::from(character));
        } else if is_unseen(character) {
            let _ = write!(quoted, "\\u{:04x}", u32::from(character));
        } else {
            quoted.push(character);
        }
    }
    quoted.push('"');
    quoted
}

/// Spaces other than the common one, and what only steers how others are shown.
fn is_unseen(character: char) -> bool {
    let steers = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    character != ' ' && (steers || character.is_control() || character.is_whitespace())
}

/// With thousands apart, as English has them: `1,234.50`.
pub(crate) fn grouped(double: f64, places: usize) -> String {
    if double.is_nan() {
        return "NaN".into();
    }
    if double.is_infinite() {
        return if double > 0.0 { "∞" } else { "-∞" }.into();
    }
    let plain = format!("{double:.places$}");
    let (sign, plain) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, rest) = plain.find('.').map_or((plain, ""), |dot| plain.split_at(dot));
    let mut text = sign.to_owned();
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// `1.234500×10⁰³`: six places always; what the format calls precision is the least width.
pub(crate) fn scientific(double: f64, width: usize) -> String {
    if !double.is_finite() {
        return format!("{:>width$}", grouped(double, 0));
    }
    let plain = format!("{double:.6e}");
    let (digits, exponent) = plain.split_once('e').unwrap_or((&plain, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let raised: String = format!("{:02}", exponent.abs()).chars().map(raised).collect();
    let sign = if exponent < 0 { "⁻" } else { "" };
    format!("{:>width$}", format!("{digits}×10{sign}{raised}"))
}

fn raised(digit: char) -> char {
    let index = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or_default();
    ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][index]
}
