//! JSON text: read by the rules of Go's decoder as the API uses it, written as Go's encoder does.
//!
//! Depth is bounded by serde_json's limit of 128.

mod duplicates;
mod error;

use super::{Decoding, Object, Value};
use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use std::io;

pub use duplicates::duplicate_fields;
pub use error::JsonError;

/// Reads an object, with what strict clients want to hear of.
pub fn decode<T: Object>(text: &[u8]) -> Result<(T, Decoding), JsonError> {
    decode_any(text)
}

/// Reads one value of any form.
pub fn decode_value<T: Value>(text: &[u8]) -> Result<T, JsonError> {
    decode_any(text).map(|(value, _)| value)
}

/// Bytes that are not UTF-8 become U+FFFD (C-19).
fn decode_any<T: Value>(text: &[u8]) -> Result<(T, Decoding), JsonError> {
    let text = String::from_utf8_lossy(text);
    let mut context = Decoding::default();
    let mut source = serde_json::Deserializer::from_str(&text);
    let result = T::decode(&mut source, &mut context).and_then(|value| source.end().map(|()| value));
    finish(result, context)
}

/// Reads an object out of a parsed tree.
pub fn decode_tree<T: Object>(tree: &serde_json::Value) -> Result<(T, Decoding), JsonError> {
    let mut context = Decoding::default();
    let result = T::decode(tree, &mut context);
    finish(result, context)
}

fn finish<T>(result: serde_json::Result<T>, context: Decoding) -> Result<(T, Decoding), JsonError> {
    match result {
        Ok(value) => Ok((value, context)),
        Err(error) => Err(JsonError::at(&error, context.path())),
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
        while let Some(position) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
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
