//! Strings, numbers and booleans.

use super::message::{delimited, expect};
use super::{Decoding, ProtobufError, Value, WireType};
use crate::schema::{Scalar, Schema, Shape};
use prost::encoding::{decode_varint, encode_key, encode_varint, encoded_len_varint, key_len};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::convert::Infallible;
use std::fmt;

/// Reads text with a parser of its own; `null` changes nothing.
pub fn decode_text<'de, T, E: fmt::Display, D: Deserializer<'de>>(
    value: &mut T,
    source: D,
    expecting: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<(), D::Error> {
    source.deserialize_any(Text { value, expecting, parse })
}

struct Text<'s, T, F> {
    value: &'s mut T,
    expecting: &'static str,
    parse: F,
}

impl<'de, T, P: fmt::Display, F: FnOnce(&str) -> Result<T, P>> Visitor<'de> for Text<'_, T, F> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.expecting)
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.value = (self.parse)(text).map_err(E::custom)?;
        Ok(())
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
    fn decode<'de, D: Deserializer<'de>>(&mut self, source: D, _: &mut Decoding) -> Result<(), D::Error> {
        decode_text(self, source, "string", |text| Ok::<_, Infallible>(text.to_owned()))
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
            fn decode<'de, D: Deserializer<'de>>(
                &mut self,
                source: D,
                _: &mut Decoding,
            ) -> Result<(), D::Error> {
                source.deserialize_any($visitor(self))
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
varint!(i32, Int32, |value| Integer("int32", value), |value: i32| i64::from(value) as u64, |raw| raw as i32);
varint!(i64, Int64, |value| Integer("int64", value), |value: i64| value as u64, |raw| raw as i64);

struct Flag<'s>(&'s mut bool);

impl Visitor<'_> for Flag<'_> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("bool")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        *self.0 = flag;
        Ok(())
    }
}

/// An exact integer: `1.0` and `1e3` are none (C-11).
struct Integer<'s, T>(&'static str, &'s mut T);

impl<T: Default + TryFrom<i64> + TryFrom<u64>> Visitor<'_> for Integer<'_, T> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        *self.1 = T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))?;
        Ok(())
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        *self.1 = T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        Ok(())
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        // The JSON reader takes `-0` for a float.
        if number == 0.0 && number.is_sign_negative() {
            *self.1 = T::default();
            return Ok(());
        }
        Err(E::invalid_type(Unexpected::Float(number), &self))
    }
}

/// Implements [`Value`] for a type whose wire form is a string everywhere.
macro_rules! text_value {
    ($type:ty, $scalar:expr, $expecting:literal, zero is $zero:ident) => {
        impl $crate::wire::Value for $type {
            const SCHEMA: &'static $crate::schema::Schema =
                &$crate::schema::Schema::unnamed($crate::schema::Shape::Scalar($scalar));
            const EMPTY_IS_NONE: bool = $crate::wire::scalar::text_value!(@is_null $zero);

            fn is_empty(&self) -> bool {
                *self == <$type>::default()
            }
            fn decode<'de, D: serde::Deserializer<'de>>(
                &mut self,
                source: D,
                _: &mut $crate::wire::Decoding,
            ) -> Result<(), D::Error> {
                // `null` is the zero where that is how the zero is written.
                let mut read = if Self::EMPTY_IS_NONE { Self::default() } else { *self };
                $crate::wire::decode_text(&mut read, source, $expecting, |text| text.parse::<Self>())?;
                *self = read;
                Ok(())
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
                match <Self as $crate::wire::Value>::EMPTY_IS_NONE && *self == Self::default() {
                    true => target.serialize_unit(),
                    false => target.collect_str(self),
                }
            }
        }
    };
    (@is_null null) => {
        true
    };
    (@is_null text) => {
        false
    };
}
pub(crate) use text_value;
