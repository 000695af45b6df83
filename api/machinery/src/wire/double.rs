//! Doubles.

use super::message::expect;
use super::{Decoding, ProtobufError, Value, WireType};
use crate::schema::{Scalar, Schema, Shape};
use prost::encoding::{encode_key, key_len};
use serde::de::{Deserializer, Visitor};
use std::fmt;

impl Value for f64 {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::Double));

    fn is_empty(&self) -> bool {
        *self == 0.0
    }
    fn decode<'de, D: Deserializer<'de>>(&mut self, source: D, _: &mut Decoding) -> Result<(), D::Error> {
        source.deserialize_any(Number(self))
    }
    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        encode_key(number, WireType::SixtyFourBit, out);
        out.extend_from_slice(&self.to_le_bytes());
    }
    fn field_length(&self, number: u32) -> usize {
        key_len(number) + size_of::<f64>()
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        expect(wire, WireType::SixtyFourBit)?;
        let Some((bytes, rest)) = source.split_first_chunk() else {
            return Err(ProtobufError("unexpected end of the message".into()));
        };
        *self = f64::from_le_bytes(*bytes);
        if !self.is_finite() {
            return Err(ProtobufError(format!("a number is {self}, which JSON cannot say")));
        }
        *source = rest;
        Ok(())
    }
}

struct Number<'s>(&'s mut f64);

impl Visitor<'_> for Number<'_> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("float64")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        *self.0 = number;
        Ok(())
    }
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }
}
