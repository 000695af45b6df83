//! Protobuf as it travels: objects in their `k8s\0` envelope, and watch frames (C-20, C-24, C-41).
//!
//! The envelope is the magic and a message `Unknown{typeMeta=1{apiVersion=1, kind=2}, raw=2, contentEncoding=3,
//! contentType=4}` whose `raw` is the object's own message, without `apiVersion` and `kind`.

use super::message::delimited;
use super::scalar::{bytes_length, encode_bytes};
use super::{Object, ProtobufError, TypeMeta, Value, WireType, encode_str, merge_fields, skip, str_length};
use prost::encoding::{decode_key, encode_key, encode_varint};

/// The media type.
pub const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// What an envelope begins with.
pub const MAGIC: &[u8; 4] = b"k8s\0";

/// An opened envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// What the object says of its own type.
    pub type_meta: TypeMeta,
    /// The object's message.
    pub raw: &'a [u8],
    /// The encoding of `raw`; empty for none.
    pub content_encoding: String,
    /// The media type of `raw`; empty for protobuf.
    pub content_type: String,
}

/// Puts a message into an envelope.
pub fn encode(type_meta: &TypeMeta, raw: &[u8]) -> Vec<u8> {
    let mut out = head(type_meta, raw.len());
    out.reserve_exact(raw.len());
    out.extend_from_slice(raw);
    out
}

/// The envelope up to a message of so many bytes, which is its last part.
pub fn head(type_meta: &TypeMeta, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(MAGIC);
    encode_key(1, WireType::LengthDelimited, &mut out);
    encode_varint((str_length(&type_meta.api_version, 1) + str_length(&type_meta.kind, 2)) as u64, &mut out);
    encode_str(&type_meta.api_version, 1, &mut out);
    encode_str(&type_meta.kind, 2, &mut out);
    encode_key(2, WireType::LengthDelimited, &mut out);
    encode_varint(length as u64, &mut out);
    out
}

/// Opens an envelope.
pub fn decode(bytes: &[u8]) -> Result<Envelope<'_>, ProtobufError> {
    let Some(mut body) = bytes.strip_prefix(MAGIC) else {
        return Err(ProtobufError(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]".into(),
        ));
    };
    let mut envelope = Envelope {
        type_meta: TypeMeta::default(),
        raw: &[],
        content_encoding: String::new(),
        content_type: String::new(),
    };
    while !body.is_empty() {
        match decode_key(&mut body)? {
            (1, wire) => merge_type_meta(&mut envelope.type_meta, delimited(wire, &mut body)?)?,
            (2, wire) => envelope.raw = delimited(wire, &mut body)?,
            (3, wire) => envelope.content_encoding.merge_field(wire, &mut body)?,
            (4, wire) => envelope.content_type.merge_field(wire, &mut body)?,
            (number, wire) => skip(number, wire, &mut body)?,
        }
    }
    Ok(envelope)
}

/// Reads a message of one type, such as the raw part of an envelope.
pub fn message<T: Object>(mut body: &[u8]) -> Result<T, ProtobufError> {
    let mut value = T::default();
    merge_fields(&mut value, &mut body)?;
    Ok(value)
}

fn merge_type_meta(type_meta: &mut TypeMeta, mut body: &[u8]) -> Result<(), ProtobufError> {
    while !body.is_empty() {
        match decode_key(&mut body)? {
            (1, wire) => type_meta.api_version.merge_field(wire, &mut body)?,
            (2, wire) => type_meta.kind.merge_field(wire, &mut body)?,
            (number, wire) => skip(number, wire, &mut body)?,
        }
    }
    Ok(())
}

/// One event of a watch: a big-endian length and `WatchEvent{type=1, object=2{raw=1}}`, whose raw bytes are an
/// object in its envelope.
pub fn watch_frame(event: &str, object: &[u8]) -> Vec<u8> {
    let inner = bytes_length(object.len(), 1);
    let length = str_length(event, 1) + bytes_length(inner, 2);
    let mut out = Vec::with_capacity(4 + length);
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    encode_str(event, 1, &mut out);
    encode_key(2, WireType::LengthDelimited, &mut out);
    encode_varint(inner as u64, &mut out);
    encode_bytes(object, 1, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_meta() -> TypeMeta {
        TypeMeta { api_version: "v1".into(), kind: "Pod".into() }
    }

    #[test]
    fn envelope_bytes() {
        let bytes = encode(&type_meta(), b"xyz");
        assert_eq!(bytes, b"k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x03xyz");
        let opened = decode(&bytes).unwrap();
        assert_eq!((opened.type_meta, opened.raw), (type_meta(), &b"xyz"[..]));
        assert_eq!((opened.content_encoding.as_str(), opened.content_type.as_str()), ("", ""));
    }

    #[test]
    fn what_others_write_is_read() {
        let bytes = b"k8s\0\x12\x01x\x0a\x0b\x0a\x02v1\x12\x03Pod\x1a\0\x1a\0\x22\x01j\x2a\x01?";
        let opened = decode(bytes).unwrap();
        assert_eq!((opened.type_meta, opened.raw), (type_meta(), &b"x"[..]));
        assert_eq!(opened.content_type, "j");
    }

    #[test]
    fn other_bytes_are_refused() {
        let error = decode(b"{}").unwrap_err().to_string();
        assert!(error.starts_with("provided data does not appear to be a protobuf message, expected prefix"));
        for cut in 5..encode(&type_meta(), b"xyz").len() {
            let bytes = encode(&type_meta(), b"xyz");
            let opened = decode(&bytes[..cut]);
            assert!(opened.is_err() || opened.unwrap().raw != b"xyz", "{cut}");
        }
    }

    #[test]
    fn watch_frames() {
        assert_eq!(watch_frame("ADDED", b"ab"), b"\0\0\0\x0d\x0a\x05ADDED\x12\x04\x0a\x02ab");
    }
}
