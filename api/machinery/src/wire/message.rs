//! Structs in protobuf.

use super::{Object, WireType};
use prost::encoding::{
    DecodeContext, decode_key, decode_varint, encode_key, encode_varint, encoded_len_varint, key_len,
    skip_field,
};

/// Why bytes are not the protobuf message that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProtobufError(pub String);

impl From<prost::DecodeError> for ProtobufError {
    fn from(error: prost::DecodeError) -> Self {
        ProtobufError(error.to_string())
    }
}

/// Appends the key of a length-delimited field and the length of what comes next.
pub(crate) fn encode_head(number: u32, length: usize, out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(length as u64, out);
}

/// Appends a struct as field `number`.
pub fn encode_message<T: Object>(value: &T, number: u32, out: &mut Vec<u8>) {
    encode_head(number, value.fields_length(), out);
    value.encode_fields(out);
}

/// How many bytes [`encode_message`] appends.
pub fn message_field_length<T: Object>(value: &T, number: u32) -> usize {
    let length = value.fields_length();
    key_len(number) + encoded_len_varint(length as u64) + length
}

/// Reads a struct that stands as a length-delimited field.
pub fn merge_message<T: Object>(
    value: &mut T,
    wire: WireType,
    source: &mut &[u8],
) -> Result<(), ProtobufError> {
    let mut body = delimited(wire, source)?;
    merge_fields(value, &mut body)
}

/// Reads a message body to its end.
pub fn merge_fields<T: Object>(value: &mut T, source: &mut &[u8]) -> Result<(), ProtobufError> {
    while !source.is_empty() {
        let (number, wire) = decode_key(source)?;
        value.merge_number(number, wire, source)?;
    }
    Ok(())
}

/// Passes over a field that the type does not have.
pub fn skip(number: u32, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
    Ok(skip_field(wire, number, source, DecodeContext::default())?)
}

/// Takes the bytes of a length-delimited field.
pub(crate) fn delimited<'a>(wire: WireType, source: &mut &'a [u8]) -> Result<&'a [u8], ProtobufError> {
    expect(wire, WireType::LengthDelimited)?;
    let length = usize::try_from(decode_varint(source)?).unwrap_or(usize::MAX);
    if length > source.len() {
        return Err(ProtobufError("unexpected end of the message".into()));
    }
    let (body, rest) = source.split_at(length);
    *source = rest;
    Ok(body)
}

pub(super) fn expect(found: WireType, wanted: WireType) -> Result<(), ProtobufError> {
    if found == wanted {
        return Ok(());
    }
    Err(ProtobufError(format!("wire type {found:?} where {wanted:?} is expected")))
}
