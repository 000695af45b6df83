//! Values as Go's package fmt prints them, which is what messages of Kubernetes show.

use std::fmt::Write;

/// The form `%v` of a double: with an exponent from six places before the point, or more than four behind it.
pub(crate) fn double(number: f64) -> String {
    general(format!("{number:e}"), number.to_string())
}

/// The same of half as many bits.
pub(crate) fn single(number: f32) -> String {
    general(format!("{number:e}"), number.to_string())
}

fn general(scientific: String, plain: String) -> String {
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => plain,
    }
}

/// The form `%q`.
pub(crate) fn quoted(text: &str) -> String {
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

/// Whether it is a letter, a mark, a number, a punctuation mark, a symbol or the space, as `unicode.IsPrint` says.
pub(crate) fn is_printable(character: char) -> bool {
    // Quotes and the backslash are escaped for another reason. A mark that combines with what stands before it is printable.
    matches!(character, '"' | '\'' | '\\') || String::from_iter(['-', character]).escape_debug().count() == 2
}

fn escape_unprintable(character: char, out: &mut String) {
    let code = u32::from(character);
    // Writing to a string does not fail.
    let _ = match code {
        _ if is_printable(character) => out.write_char(character),
        0..=0x7f => write!(out, "\\x{code:02x}"),
        0x80..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// A text as Go's package time quotes it: other bytes than those of printable ASCII stand as numbers.
pub(crate) fn quoted_bytes(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=0x7f => out.push(char::from(byte)),
            // Writing to a string does not fail.
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_and_texts_are_printed_as_go_prints_them() {
        for (number, text) in [
            (1.0, "1"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (-1e21, "-1e+21"),
        ] {
            assert_eq!(double(number), text);
        }
        assert_eq!(quoted("a\"\\\n\u{1}é\u{301}\u{ad}'"), "\"a\\\"\\\\\\n\\x01é\u{301}\\u00ad'\"");
        assert_eq!(quoted_bytes("a\"\\\né\u{7f}"), "\"a\\\"\\\\\\x0a\\xc3\\xa9\u{7f}\"");
    }
}
