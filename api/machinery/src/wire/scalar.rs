//! Strings, numbers, booleans, bytes and opaque JSON.

use super::message::{delimited, expect};
use super::{Decoding, ProtobufError, Value, WireType};
use crate::schema::{Scalar, Schema, Shape};
use prost::encoding::{decode_varint, encode_key, encode_varint, encoded_len_varint, key_len};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// Reads text, `null` being empty, with a parser of its own.
pub(crate) fn decode_text<'de, T: Default, D: Deserializer<'de>>(
    source: D,
    expecting: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    source.deserialize_any(Text { expecting, parse })
}

struct Text<F> {
    expecting: &'static str,
    parse: F,
}

impl<'de, T: Default, F: FnOnce(&str) -> Result<T, String>> Visitor<'de> for Text<F> {
    type Value = T;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.expecting)
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}

pub(crate) fn encode_text(text: &str, number: u32, out: &mut Vec<u8>) {
    encode_bytes(text.as_bytes(), number, out);
}

pub(crate) fn encode_bytes(bytes: &[u8], number: u32, out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

pub(crate) fn bytes_length(length: usize, number: u32) -> usize {
    key_len(number) + encoded_len_varint(length as u64) + length
}

pub(crate) fn merge_text<'a>(wire: WireType, source: &mut &'a [u8]) -> Result<&'a str, ProtobufError> {
    let bytes = delimited(wire, source)?;
    std::str::from_utf8(bytes).map_err(|_| ProtobufError("a string is not valid UTF-8".into()))
}

impl Value for String {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::String));

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
    fn decode<'de, D: Deserializer<'de>>(source: D, _: &mut Decoding) -> Result<Self, D::Error> {
        decode_text(source, "string", |text| Ok(text.to_owned()))
    }
    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        encode_text(self, number, out);
    }
    fn field_length(&self, number: u32) -> usize {
        bytes_length(self.len(), number)
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        *self = merge_text(wire, source)?.to_owned();
        Ok(())
    }
}

macro_rules! varint {
    ($type:ty, $scalar:ident, $visitor:expr, $to:expr, $from:expr) => {
        impl Value for $type {
            const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::$scalar));

            fn is_empty(&self) -> bool {
                *self == <$type>::default()
            }
            fn decode<'de, D: Deserializer<'de>>(source: D, _: &mut Decoding) -> Result<Self, D::Error> {
                source.deserialize_any($visitor)
            }
            fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
                encode_key(number, WireType::Varint, out);
                encode_varint($to(*self), out);
            }
            fn field_length(&self, number: u32) -> usize {
                key_len(number) + encoded_len_varint($to(*self))
            }
            fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
                expect(wire, WireType::Varint)?;
                *self = $from(decode_varint(source)?);
                Ok(())
            }
        }
    };
}

varint!(bool, Bool, Flag, u64::from, |raw| raw != 0);
varint!(i32, Int32, Integer("int32", PhantomData), |value: i32| i64::from(value) as u64, |raw| raw as i32);
varint!(i64, Int64, Integer("int64", PhantomData), |value: i64| value as u64, |raw| raw as i64);

struct Flag;

impl Visitor<'_> for Flag {
    type Value = bool;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("bool")
    }
    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<bool, E> {
        Ok(flag)
    }
}

/// An exact integer: `1.0` and `1e3` are none (C-11).
struct Integer<T>(&'static str, PhantomData<T>);

impl<T: Default + TryFrom<i64> + TryFrom<u64>> Visitor<'_> for Integer<T> {
    type Value = T;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        // The JSON reader takes `-0` for a float.
        if number == 0.0 && number.is_sign_negative() {
            return Ok(T::default());
        }
        Err(E::invalid_type(Unexpected::Float(number), &self))
    }
}

/// JSON that the server carries without knowing it, as compact text; empty means absent.
///
/// On protobuf it is a message with the text as field 1, which is both `RawExtension` and `FieldsV1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw(pub String);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        match serde_json::value::RawValue::from_string(self.0.clone()) {
            Ok(raw) => raw.serialize(target),
            Err(_) => target.serialize_unit(),
        }
    }
}

impl Value for Raw {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::Raw));

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    fn decode<'de, D: Deserializer<'de>>(source: D, _: &mut Decoding) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(source)?;
        Ok(Raw(if value.is_null() { String::new() } else { value.to_string() }))
    }
    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        encode_key(number, WireType::LengthDelimited, out);
        encode_varint(bytes_length(self.0.len(), 1) as u64, out);
        encode_bytes(self.0.as_bytes(), 1, out);
    }
    fn field_length(&self, number: u32) -> usize {
        bytes_length(bytes_length(self.0.len(), 1), number)
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut body = delimited(wire, source)?;
        while !body.is_empty() {
            match prost::encoding::decode_key(&mut body)? {
                (1, wire) => self.0 = merge_text(wire, &mut body)?.to_owned(),
                (number, wire) => super::skip(number, wire, &mut body)?,
            }
        }
        Ok(())
    }
}

/// The set of fields that a manager owns, in the JSON form of structured merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldsV1(pub Raw);

impl Serialize for FieldsV1 {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(target)
    }
}

impl Value for FieldsV1 {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::FieldsV1));

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    fn decode<'de, D: Deserializer<'de>>(source: D, context: &mut Decoding) -> Result<Self, D::Error> {
        Raw::decode(source, context).map(FieldsV1)
    }
    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        self.0.encode_field(number, out);
    }
    fn field_length(&self, number: u32) -> usize {
        self.0.field_length(number)
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        self.0.merge_field(wire, source)
    }
}

/// Implements [`Value`] for a type whose wire form is a string everywhere.
macro_rules! text_value {
    ($type:ty, $scalar:expr, $expecting:literal, zero is $zero:literal) => {
        impl $crate::wire::Value for $type {
            const SCHEMA: &'static $crate::schema::Schema =
                &$crate::schema::Schema::unnamed($crate::schema::Shape::Scalar($scalar));

            fn is_empty(&self) -> bool {
                *self == <$type>::default()
            }
            fn decode<'de, D: serde::Deserializer<'de>>(
                source: D,
                _: &mut $crate::wire::Decoding,
            ) -> Result<Self, D::Error> {
                $crate::wire::scalar::decode_text(source, $expecting, |text| text.parse())
            }
            fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
                self.encode_message(number, out);
            }
            fn field_length(&self, number: u32) -> usize {
                self.message_length(number)
            }
            fn merge_field(
                &mut self,
                wire: $crate::wire::WireType,
                source: &mut &[u8],
            ) -> Result<(), $crate::wire::ProtobufError> {
                self.merge_message(wire, source)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
                match *self == <$type>::default() && $zero == "null" {
                    true => target.serialize_unit(),
                    false => target.collect_str(self),
                }
            }
        }
    };
}
pub(crate) use text_value;
