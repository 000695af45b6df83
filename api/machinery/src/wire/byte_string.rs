//! Bytes that are base64 in JSON.

use super::message::delimited;
use super::scalar::{bytes_length, decode_text, encode_bytes};
use super::{Decoding, ProtobufError, Value, WireType};
use crate::schema::{Scalar, Schema, Shape};
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{DecodeError, Engine};
use serde::de::Deserializer;
use serde::{Serialize, Serializer};

/// Standard base64 as Go reads it: bits behind the last byte do not count.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Bytes, as the values of a Secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ByteString(pub Vec<u8>);

/// What stands in it is often secret.
impl std::fmt::Debug for ByteString {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ByteString({} bytes)", self.0.len())
    }
}

impl From<&str> for ByteString {
    fn from(text: &str) -> Self {
        ByteString(text.as_bytes().to_vec())
    }
}

impl ByteString {
    /// The bytes that a text stands for.
    pub(crate) fn from_base64(text: &str) -> Result<Self, String> {
        let clean: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        LENIENT.decode(clean).map(ByteString).map_err(|error| match error {
            DecodeError::InvalidByte(place, _) => format!("illegal base64 data at input byte {place}"),
            _ => "illegal base64 data: it ends within a group of four".to_owned(),
        })
    }
}

impl Serialize for ByteString {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        target.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl Value for ByteString {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::Bytes));

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    fn decode<'de, D: Deserializer<'de>>(&mut self, source: D, _: &mut Decoding) -> Result<(), D::Error> {
        decode_text(self, source, "[]uint8", Self::from_base64)
    }
    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        encode_bytes(&self.0, number, out);
    }
    fn field_length(&self, number: u32) -> usize {
        bytes_length(self.0.len(), number)
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        self.0 = delimited(wire, source)?.to_vec();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json;

    #[test]
    fn json_is_padded_base64_and_lines_are_joined() {
        let value = ByteString(vec![0xff, 0, b'a']);
        let mut out = Vec::new();
        json::encode(&value, &mut out);
        assert_eq!(out, b"\"/wBh\"");
        assert_eq!(json::decode_value::<ByteString>(br#""/w\nBh\n""#).unwrap(), value);
        assert_eq!(json::decode_value::<ByteString>(br#""YR==""#).unwrap(), "a".into());
        for wrong in ["\"a\"", "\"_wBh\"", "\"YQ\"", "1"] {
            assert!(json::decode_value::<ByteString>(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let said = |text| ByteString::from_base64(text).expect_err(text);
        assert_eq!(said("YWJ jZA=="), "illegal base64 data at input byte 3");
        assert_eq!(said("YWJjZ"), "illegal base64 data: it ends within a group of four");
    }
}
