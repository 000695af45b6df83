//! An integer or a string, as `maxUnavailable: 1` or `maxUnavailable: 25%`.

use crate::schema::{Scalar, Schema, Shape};
use crate::wire::message::delimited;
use crate::wire::scalar::bytes_length;
use crate::wire::{Decoding, ProtobufError, Value, WireType, skip};
use prost::encoding::{decode_key, encode_key, encode_varint};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;

/// An integer or a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// An integer.
    Int(i32),
    /// A string.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        IntOrString::Int(0)
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(number) => number.fmt(out),
            IntOrString::String(text) => text.fmt(out),
        }
    }
}

impl Serialize for IntOrString {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        match self {
            IntOrString::Int(number) => target.serialize_i32(*number),
            IntOrString::String(text) => target.serialize_str(text),
        }
    }
}

impl IntOrString {
    /// The message's three fields: which of the others counts, the integer, the string.
    fn parts(&self) -> (i64, i32, &str) {
        match self {
            IntOrString::Int(number) => (0, *number, ""),
            IntOrString::String(text) => (1, 0, text),
        }
    }

    fn body_length(&self) -> usize {
        let (kind, number, text) = self.parts();
        kind.field_length(1) + number.field_length(2) + bytes_length(text.len(), 3)
    }
}

impl Value for IntOrString {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::IntOrString));

    fn is_empty(&self) -> bool {
        false
    }
    fn decode<'de, D: Deserializer<'de>>(&mut self, source: D, _: &mut Decoding) -> Result<(), D::Error> {
        source.deserialize_any(Either(self))
    }
    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        encode_key(number, WireType::LengthDelimited, out);
        encode_varint(self.body_length() as u64, out);
        let (kind, integer, text) = self.parts();
        kind.encode_field(1, out);
        integer.encode_field(2, out);
        crate::wire::encode_str(text, 3, out);
    }
    fn field_length(&self, number: u32) -> usize {
        bytes_length(self.body_length(), number)
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut body = delimited(wire, source)?;
        let (mut kind, mut integer, mut text) = (0i64, 0i32, String::new());
        while !body.is_empty() {
            match decode_key(&mut body)? {
                (1, wire) => kind.merge_field(wire, &mut body)?,
                (2, wire) => integer.merge_field(wire, &mut body)?,
                (3, wire) => text.merge_field(wire, &mut body)?,
                (number, wire) => skip(number, wire, &mut body)?,
            }
        }
        *self = if kind == 0 { IntOrString::Int(integer) } else { IntOrString::String(text) };
        Ok(())
    }
}

struct Either<'s>(&'s mut IntOrString);

impl Either<'_> {
    fn set<E>(self, value: IntOrString) -> Result<(), E> {
        *self.0 = value;
        Ok(())
    }
}

impl Visitor<'_> for Either<'_> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("int32 or string")
    }
    /// An integer stays.
    fn visit_unit<E>(self) -> Result<(), E> {
        match self.0 {
            IntOrString::Int(_) => Ok(()),
            IntOrString::String(_) => self.set(IntOrString::default()),
        }
    }
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.set(IntOrString::String(text.to_owned()))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        match i32::try_from(number) {
            Ok(number) => self.set(IntOrString::Int(number)),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        match i32::try_from(number) {
            Ok(number) => self.set(IntOrString::Int(number)),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json;

    fn bytes(value: &IntOrString) -> Vec<u8> {
        let mut out = Vec::new();
        value.encode_field(1, &mut out);
        assert_eq!(out.len(), value.field_length(1));
        out
    }

    #[test]
    fn the_message_has_all_three_fields() {
        assert_eq!(bytes(&IntOrString::Int(5)), [0x0a, 6, 0x08, 0, 0x10, 5, 0x1a, 0]);
        assert_eq!(
            bytes(&IntOrString::String("5%".into())),
            [0x0a, 8, 0x08, 1, 0x10, 0, 0x1a, 2, b'5', b'%']
        );
    }

    #[test]
    fn both_forms_are_read() {
        for (text, value) in [
            ("7", IntOrString::Int(7)),
            ("-7", IntOrString::Int(-7)),
            ("\"7\"", IntOrString::String("7".into())),
            ("null", IntOrString::Int(0)),
        ] {
            assert_eq!(json::decode_value::<IntOrString>(text.as_bytes()).unwrap(), value);
            let bytes = bytes(&value);
            let mut source = &bytes[..];
            let (_, wire) = decode_key(&mut source).unwrap();
            let mut read = IntOrString::String("before".into());
            read.merge_field(wire, &mut source).unwrap();
            assert_eq!(read, value);
        }
        for wrong in ["1.5", "4294967296", "true", "{}"] {
            assert!(json::decode_value::<IntOrString>(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
