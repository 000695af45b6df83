//! A list of strings as the value of a map, which protobuf has only as a message of its own.

use super::message::delimited;
use super::scalar::bytes_length;
use super::{Decoding, Deserializer, ProtobufError, Serialize, Serializer, Value, WireType, skip};
use crate::schema::Schema;
use prost::encoding::{decode_key, encode_key, encode_varint};

/// A list in JSON, `{repeated string items = 1}` in protobuf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringList(pub Vec<String>);

impl Serialize for StringList {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(target)
    }
}

impl Value for StringList {
    const SCHEMA: &'static Schema = <Vec<String> as Value>::SCHEMA;

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
        encode_key(number, WireType::LengthDelimited, out);
        encode_varint(self.0.field_length(1) as u64, out);
        self.0.encode_field(1, out);
    }
    fn field_length(&self, number: u32) -> usize {
        bytes_length(self.0.field_length(1), number)
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut body = delimited(wire, source)?;
        while !body.is_empty() {
            match decode_key(&mut body)? {
                (1, wire) => self.0.merge_field(wire, &mut body)?,
                (number, wire) => skip(number, wire, &mut body)?,
            }
        }
        Ok(())
    }
}
