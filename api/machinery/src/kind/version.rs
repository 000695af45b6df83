//! A served version of a kind, with its codecs.

use super::hub::own;
use super::{Hub, Kind, WireVersion};
use crate::schema::Schema;
use crate::wire::json::JsonError;
use crate::wire::{self, Decoding, ProtobufError, limits};

type DecodedHub = Result<(Box<dyn Hub>, Decoding), JsonError>;
type ProtobufHub = Result<Box<dyn Hub>, ProtobufError>;

/// A served version of a kind, with its codecs. JSON comes without `kind` and `apiVersion`, which the server
/// puts in front where they belong.
#[derive(Debug)]
pub struct Version {
    /// Such as `v1`.
    pub name: &'static str,
    /// The wire type.
    pub schema: &'static Schema,
    /// The text of the `Warning` header, for a deprecated version.
    pub deprecated: Option<&'static str>,
    /// Reads JSON text.
    pub decode_json: fn(&[u8]) -> DecodedHub,
    /// Reads a JSON tree.
    pub decode_tree: fn(&serde_json::Value) -> DecodedHub,
    /// Reads a protobuf message.
    pub decode_protobuf: fn(&[u8]) -> ProtobufHub,
    /// Appends JSON text.
    pub encode_json: fn(&dyn Hub, &mut Vec<u8>),
    /// Appends a protobuf message.
    pub encode_protobuf: fn(&dyn Hub, &mut Vec<u8>),
    /// Appends the zero value's JSON text.
    pub encode_zero: fn(&mut Vec<u8>),
    /// The object as a JSON tree.
    pub to_tree: fn(&dyn Hub) -> serde_json::Value,
}

impl Version {
    /// The version `V` of kind `K`.
    pub const fn of<K: Kind, V: WireVersion<K>>() -> Version {
        const { assert!(limits::fits(V::SCHEMA), "objects of this type can be nested deeper than readers take") };
        Version {
            name: V::NAME,
            schema: V::SCHEMA,
            deprecated: V::DEPRECATED,
            decode_json: decode_json::<K, V>,
            decode_tree: decode_tree::<K, V>,
            decode_protobuf: decode_protobuf::<K, V>,
            encode_json: encode_json::<K, V>,
            encode_protobuf: encode_protobuf::<K, V>,
            encode_zero: encode_zero::<K, V>,
            to_tree: to_tree::<K, V>,
        }
    }

    /// The zero value's JSON text.
    pub fn zero_json(&self) -> Vec<u8> {
        let mut zero = Vec::new();
        (self.encode_zero)(&mut zero);
        zero
    }
}

fn decode_json<K: Kind, V: WireVersion<K>>(text: &[u8]) -> DecodedHub {
    let (value, context) = wire::json::decode::<V>(text)?;
    Ok((Box::new(value.into_hub()), context))
}

fn decode_tree<K: Kind, V: WireVersion<K>>(tree: &serde_json::Value) -> DecodedHub {
    let (value, context) = wire::json::decode_tree::<V>(tree)?;
    Ok((Box::new(value.into_hub()), context))
}

fn decode_protobuf<K: Kind, V: WireVersion<K>>(body: &[u8]) -> ProtobufHub {
    Ok(Box::new(wire::protobuf::message::<V>(body)?.into_hub()))
}

fn encode_json<K: Kind, V: WireVersion<K>>(hub: &dyn Hub, out: &mut Vec<u8>) {
    wire::json::encode(&V::from_hub(own(hub)), out);
}

fn encode_protobuf<K: Kind, V: WireVersion<K>>(hub: &dyn Hub, out: &mut Vec<u8>) {
    V::from_hub(own(hub)).encode_fields(out);
}

fn encode_zero<K: Kind, V: WireVersion<K>>(out: &mut Vec<u8>) {
    wire::json::encode(&V::default(), out);
}

fn to_tree<K: Kind, V: WireVersion<K>>(hub: &dyn Hub) -> serde_json::Value {
    wire::json::to_tree(&V::from_hub(own(hub)))
}
