//! JSON that the server carries without knowing it.
//!
//! It is looked at once, when it comes in, by one reader for all formats; from then on its text is known to be JSON
//! that every reader takes, and is written as it is.

use super::limits::{DEEPEST_RAW, RAW_TOO_DEEP};
use super::message::{delimited, encode_head};
use super::scalar::{bytes_length, encode_bytes};
use super::{Decoding, ProtobufError, Value, WireType, json};
use crate::schema::{Scalar, Schema, Shape};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// JSON of any form, as compact text; `null` is absent. Copies share the text.
///
/// On protobuf it is a message with the text as field 1, which is both `RawExtension` and `FieldsV1`.
#[derive(Clone, Debug, Default)]
pub struct Raw(Option<Arc<RawValue>>);

impl Raw {
    /// The text; empty when it is absent.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().map_or("", RawValue::get)
    }

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let mut text = Vec::new();
        Compact { out: &mut text, levels: DEEPEST_RAW }.deserialize(source)?;
        if text == b"null" {
            return Ok(Raw(None));
        }
        let text = String::from_utf8(text).map_err(D::Error::custom)?;
        Raw::compact(text).map_err(D::Error::custom)
    }

    /// Takes text that is compact already.
    pub(crate) fn compact(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(|raw| Raw(Some(raw.into())))
    }
}

impl FromStr for Raw {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        let mut source = serde_json::Deserializer::from_str(text);
        let raw = Raw::read(&mut source)?;
        source.end().map(|()| raw)
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Raw {}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        self.0.as_deref().serialize(target)
    }
}

impl Value for Raw {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::Raw));

    fn is_empty(&self) -> bool {
        self.0.is_none()
    }
    fn decode<'de, D: Deserializer<'de>>(&mut self, source: D, _: &mut Decoding) -> Result<(), D::Error> {
        *self = Raw::read(source)?;
        Ok(())
    }
    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        encode_head(number, bytes_length(self.as_str().len(), 1), out);
        encode_bytes(self.as_str().as_bytes(), 1, out);
    }
    fn field_length(&self, number: u32) -> usize {
        bytes_length(bytes_length(self.as_str().len(), 1), number)
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut body = delimited(wire, source)?;
        while !body.is_empty() {
            match prost::encoding::decode_key(&mut body)? {
                (1, wire) => *self = from_protobuf(delimited(wire, &mut body)?)?,
                (number, wire) => super::skip(number, wire, &mut body)?,
            }
        }
        Ok(())
    }
}

/// What was never set has no text.
fn from_protobuf(bytes: &[u8]) -> Result<Raw, ProtobufError> {
    match json::text(bytes) {
        text if text.is_empty() => Ok(Raw::default()),
        text => text.parse().map_err(|error| ProtobufError(format!("raw JSON in the message: {error}"))),
    }
}

/// Copies JSON from whatever format it stands in to compact text.
struct Compact<'o> {
    out: &'o mut Vec<u8>,
    levels: usize,
}

impl Compact<'_> {
    fn enter<E: Error>(self, opening: u8) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| E::custom(RAW_TOO_DEEP))?;
        self.out.push(opening);
        Ok(Compact { levels, ..self })
    }

    fn next(&mut self, first: &mut bool) -> Compact<'_> {
        if !std::mem::take(first) {
            self.out.push(b',');
        }
        Compact { out: self.out, levels: self.levels }
    }

    fn write<E>(self, value: &(impl Serialize + ?Sized)) -> Result<(), E> {
        json::encode(value, self.out);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Compact<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Compact<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.write(&())
    }
    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.write(&flag)
    }
    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.write(&number)
    }
    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.write(&number)
    }
    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.write(&number)
    }
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.write(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let (mut compact, mut first) = (self.enter(b'[')?, true);
        let mut end = compact.out.len();
        // The comma before what turns out to be the end is taken back.
        while items.next_element_seed(compact.next(&mut first))?.is_some() {
            end = compact.out.len();
        }
        compact.out.truncate(end);
        compact.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut compact, mut first) = (self.enter(b'{')?, true);
        let mut end = compact.out.len();
        while map.next_key_seed(compact.next(&mut first))?.is_some() {
            compact.out.push(b':');
            map.next_value_seed(Compact { out: compact.out, levels: compact.levels })?;
            end = compact.out.len();
        }
        compact.out.truncate(end);
        compact.out.push(b'}');
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
    fn decode<'de, D: Deserializer<'de>>(
        &mut self,
        source: D,
        context: &mut Decoding,
    ) -> Result<(), D::Error> {
        self.0.decode(source, context)
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
