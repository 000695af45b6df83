//! JSON text: read by the rules of Go's decoder as the API uses it, written as Go's encoder does.
//!
//! Depth is bounded by serde_json, at [`limits::DEEPEST`](super::limits::DEEPEST), but for what no type knows, which it reads over
//! however deep it is: that may have [`limits::DEEPEST_UNKNOWN`](super::limits::DEEPEST_UNKNOWN).

mod depth;
mod duplicates;
mod error;
mod text;

use super::limits::DEEPEST_UNKNOWN;
use super::{Decoding, Object, Value};
use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use std::io;

pub use duplicates::duplicate_fields;
pub use error::JsonError;
pub use text::text;

/// Reads an object, with what strict clients want to hear of.
pub fn decode<T: Object>(text: &[u8]) -> Result<(T, Decoding), JsonError> {
    decode_any(text)
}

/// Reads one value of any form.
pub fn decode_value<T: Value>(text: &[u8]) -> Result<T, JsonError> {
    decode_any(text).map(|(value, _)| value)
}

fn decode_any<T: Value>(bytes: &[u8]) -> Result<(T, Decoding), JsonError> {
    let text = text(bytes);
    let (mut value, mut context) = (T::default(), Decoding::default());
    let mut source = serde_json::Deserializer::from_str(&text);
    let result = value.decode(&mut source, &mut context).and_then(|()| source.end());
    // What a type knows is no deeper than the type; what it does not know is among the problems.
    if result.is_ok()
        && !context.problems().is_empty()
        && let Some(bracket) = depth::too_deep(text.as_bytes(), DEEPEST_UNKNOWN)
    {
        return Err(JsonError::Syntax(format!("invalid character '{bracket}' exceeded max depth")));
    }
    finish(result.map(|()| value), context, Some(&text))
}

/// Reads JSON of no known type.
pub fn parse(bytes: &[u8]) -> serde_json::Result<serde_json::Value> {
    serde_json::from_str(&text(bytes))
}

/// Reads an object out of a parsed tree.
pub fn decode_tree<T: Object>(tree: &serde_json::Value) -> Result<(T, Decoding), JsonError> {
    let (mut value, mut context) = (T::default(), Decoding::default());
    let result = value.decode(tree, &mut context);
    finish(result.map(|()| value), context, None)
}

fn finish<T>(
    result: serde_json::Result<T>,
    context: Decoding,
    source: Option<&str>,
) -> Result<(T, Decoding), JsonError> {
    match result {
        Ok(value) => Ok((value, context)),
        Err(error) => Err(JsonError::at(&error, context.path(), source)),
    }
}

/// Appends a value as compact JSON, escaped as Go does.
pub fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let mut target = serde_json::Serializer::with_formatter(out, HtmlSafe(CompactFormatter));
    value.serialize(&mut target).expect("wire types serialize without failing, and memory takes every byte");
}

/// The value as a tree.
pub fn to_tree<T: Value>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).expect("wire types serialize without failing")
}

/// Escapes `<`, `>`, `&`, U+2028 and U+2029, as Go's encoder does.
struct HtmlSafe(CompactFormatter);

impl Formatter for HtmlSafe {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(position) = unsafe_in_html(rest) {
            let (clean, tail) = rest.split_at(position);
            out.write_all(clean.as_bytes())?;
            let mut characters = tail.chars();
            let code = characters.next().map_or(0, u32::from);
            write!(out, "\\u{code:04x}")?;
            rest = characters.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.0.write_char_escape(out, escape)
    }
}

/// A text as short as most names and values are is looked through byte by byte: to prepare a search costs more.
const SHORT: usize = 32;

/// Where the first character is that Go escapes.
fn unsafe_in_html(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.len() <= SHORT && !bytes.iter().any(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xe2)) {
        return None;
    }
    let sign = memchr::memchr3(b'<', b'>', b'&', bytes);
    let before = &bytes[..sign.unwrap_or(bytes.len())];
    let separator = |at: &usize| matches!(before[*at..], [0xe2, 0x80, 0xa8 | 0xa9, ..]);
    memchr::memchr_iter(0xe2, before).find(separator).or(sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_go_escapes_is_found(text in "[a<>&\u{2027}-\u{202a}â€é]{0,20}") {
            prop_assert_eq!(unsafe_in_html(&text), text.find(['<', '>', '&', '\u{2028}', '\u{2029}']));
        }
    }
}
