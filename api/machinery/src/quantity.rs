//! Quantities such as `10Gi` or `500m`, canonical as `resource.Quantity` writes them.

use crate::schema::Scalar;
use crate::wire::message::delimited;
use crate::wire::scalar::{bytes_length, encode_text, merge_text, text_value};
use crate::wire::{ProtobufError, WireType, skip};
use prost::encoding::{decode_key, encode_key, encode_varint};
use std::fmt;
use std::str::FromStr;

/// An amount in canonical text; equal amounts of one format are equal texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quantity(String);

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Quantity {
    fn encode_message(&self, number: u32, out: &mut Vec<u8>) {
        encode_key(number, WireType::LengthDelimited, out);
        encode_varint(bytes_length(self.0.len(), 1) as u64, out);
        encode_text(&self.0, 1, out);
    }
    fn message_length(&self, number: u32) -> usize {
        bytes_length(bytes_length(self.0.len(), 1), number)
    }
    fn merge_message(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut body = delimited(wire, source)?;
        while !body.is_empty() {
            match decode_key(&mut body)? {
                (1, wire) => *self = merge_text(wire, &mut body)?.parse().map_err(ProtobufError)?,
                (number, wire) => skip(number, wire, &mut body)?,
            }
        }
        Ok(())
    }
}

text_value!(Quantity, Scalar::Quantity, "a quantity such as 10Gi");

impl FromStr for Quantity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Quantity(text.to_owned()))
    }
}
