//! Wire formats: JSON with Go's decoding rules, YAML, and protobuf.
//!
//! [`Value`] is anything that can stand in a field; [`Object`] is a struct declared with `#[api_type]`.
//! Decoding follows `encoding/json` as the Kubernetes API uses it: `null` leaves the zero value, names are
//! case-sensitive, integers are exact, unknown and duplicate fields are collected with their paths instead of
//! failing, and a duplicate is read into what the first one left (C-10…C-19).
//!
//! Whatever a value holds can be written and read in every format: [`limits`] says how.

mod byte_string;
mod collections;
mod decoding;
mod double;
mod enumeration;
pub(crate) mod message;
mod object;
mod raw;
pub(crate) mod scalar;
mod string_list;

pub mod json;
pub mod limits;
pub mod protobuf;
pub mod yaml;

pub use byte_string::ByteString;
pub use decoding::{Decoding, Problem, TypeMeta};
pub use message::{ProtobufError, encode_message, merge_fields, merge_message, message_field_length, skip};
pub use object::{decode_object, next_value, serialize_object};
pub use prost::encoding::WireType;
pub use raw::{FieldsV1, Raw};
pub use scalar::decode_text;
pub use serde::de::{Deserializer, MapAccess};
pub use serde::ser::{Serialize, SerializeMap, Serializer};
pub use string_list::StringList;

use crate::schema::Schema;

/// Appends a string as protobuf field `number`.
pub fn encode_str(text: &str, number: u32, out: &mut Vec<u8>) {
    scalar::encode_text(text, number, out);
}

/// How many bytes [`encode_str`] appends.
pub fn str_length(text: &str, number: u32) -> usize {
    scalar::bytes_length(text.len(), number)
}

/// Anything that can stand in a field of a wire type.
pub trait Value: Serialize + Clone + Default + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// What the API says of it.
    const SCHEMA: &'static Schema;

    /// Whether an empty value means "not set" inside `Option` (enumerations, times).
    const EMPTY_IS_NONE: bool = false;

    /// Whether Go's `omitempty` leaves it out.
    fn is_empty(&self) -> bool;

    /// Reads it from a self-describing format into what is there, which is the zero value unless the same member
    /// stood before: what the source does not name stays, and `null` changes nothing but what may be absent.
    fn decode<'de, D: Deserializer<'de>>(
        &mut self,
        source: D,
        context: &mut Decoding,
    ) -> Result<(), D::Error>;

    /// Appends it as protobuf field `number`, with its key.
    fn encode_field(&self, number: u32, out: &mut Vec<u8>);

    /// How many bytes [`Value::encode_field`] appends.
    fn field_length(&self, number: u32) -> usize;

    /// Reads one occurrence of a protobuf field, after its key.
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError>;
}

/// A struct declared with `#[api_type]`.
pub trait Object: Value {
    /// Whether it takes `kind` and `apiVersion`.
    const TOP_LEVEL: bool;
    /// How many JSON fields it has, inlined ones included.
    const FIELDS: usize;

    /// The index of a JSON name.
    fn field_index(name: &str) -> Option<usize>;

    /// Reads the field of that index from the map's next value.
    fn decode_field<'de, A: MapAccess<'de>>(
        &mut self,
        index: usize,
        map: &mut A,
        context: &mut Decoding,
    ) -> Result<(), A::Error>;

    /// Writes its fields into an open map.
    fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;

    /// Appends its fields as a protobuf message body.
    fn encode_fields(&self, out: &mut Vec<u8>);

    /// The length of that body.
    fn fields_length(&self) -> usize;

    /// Reads one protobuf field, after its key.
    fn merge_number(&mut self, number: u32, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError>;
}
