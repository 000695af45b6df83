//! Discovery as protobuf: the messages of `meta/v1` and `apidiscovery/v2` by their documented numbers.

use crate::wire::{TypeMeta, protobuf};
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::Value;

/// What a member of the JSON is in the message.
enum Form {
    Text,
    Texts,
    Flag,
    /// Texts in a message of their own.
    Wrapped,
    One(&'static [Field]),
    Many(&'static [Field]),
}

use Form::{Flag, Many, One, Text, Texts, Wrapped};

type Field = (&'static str, u32, Form);

const VERSION: &[Field] = &[("groupVersion", 1, Text), ("version", 2, Text)];
const GROUP: &[Field] =
    &[("name", 1, Text), ("versions", 2, Many(VERSION)), ("preferredVersion", 3, One(VERSION))];
const RESOURCE: &[Field] = &[
    ("name", 1, Text),
    ("namespaced", 2, Flag),
    ("kind", 3, Text),
    ("verbs", 4, Wrapped),
    ("shortNames", 5, Texts),
    ("singularName", 6, Text),
    ("categories", 7, Texts),
    ("group", 8, Text),
    ("version", 9, Text),
    ("storageVersionHash", 10, Text),
];
const KIND: &[Field] = &[("group", 1, Text), ("version", 2, Text), ("kind", 3, Text)];
const SUBRESOURCE: &[Field] = &[
    ("subresource", 1, Text),
    ("responseKind", 2, One(KIND)),
    ("acceptedTypes", 3, Many(KIND)),
    ("verbs", 4, Texts),
];
const DISCOVERED: &[Field] = &[
    ("resource", 1, Text),
    ("responseKind", 2, One(KIND)),
    ("scope", 3, Text),
    ("singularResource", 4, Text),
    ("verbs", 5, Texts),
    ("shortNames", 6, Texts),
    ("categories", 7, Texts),
    ("subresources", 8, Many(SUBRESOURCE)),
];
const DISCOVERED_VERSION: &[Field] =
    &[("version", 1, Text), ("resources", 2, Many(DISCOVERED)), ("freshness", 3, Text)];
const DISCOVERED_GROUP: &[Field] =
    &[("metadata", 1, One(&[("name", 1, Text)])), ("versions", 2, Many(DISCOVERED_VERSION))];

/// The fields of a document of this kind.
fn fields(kind: &str) -> Option<&'static [Field]> {
    Some(match kind {
        "APIVersions" => &[("versions", 1, Texts)],
        "APIGroup" => GROUP,
        "APIGroupList" => &[("groups", 1, Many(GROUP))],
        "APIResourceList" => &[("groupVersion", 1, Text), ("resources", 2, Many(RESOURCE))],
        "APIGroupDiscoveryList" => &[("metadata", 1, One(&[])), ("items", 2, Many(DISCOVERED_GROUP))],
        _ => return None,
    })
}

/// A document of discovery in its envelope; nothing for what is none.
pub fn encode(document: &Value) -> Option<Vec<u8>> {
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let type_meta = TypeMeta { kind: text("kind"), api_version: text("apiVersion") };
    let mut raw = Vec::new();
    message(document, fields(&type_meta.kind)?, &mut raw);
    Some(protobuf::encode(&type_meta, &raw))
}

fn message(value: &Value, fields: &[Field], out: &mut Vec<u8>) {
    for (name, number, form) in fields {
        let Some(value) = value.get(name) else { continue };
        let items = || value.as_array().into_iter().flatten();
        let nested = |value: &Value, fields: &[Field], out: &mut Vec<u8>| {
            let mut inner = Vec::new();
            message(value, fields, &mut inner);
            delimited(*number, &inner, out);
        };
        match form {
            Text => delimited(*number, bytes(value), out),
            Texts => items().for_each(|item| delimited(*number, bytes(item), out)),
            Flag => {
                encode_key(*number, WireType::Varint, out);
                encode_varint(u64::from(*value == true), out);
            }
            Wrapped => {
                let mut inner = Vec::new();
                items().for_each(|item| delimited(1, bytes(item), &mut inner));
                delimited(*number, &inner, out);
            }
            One(fields) => nested(value, fields, out),
            Many(fields) => items().for_each(|item| nested(item, fields, out)),
        }
    }
}

fn bytes(value: &Value) -> &[u8] {
    value.as_str().unwrap_or_default().as_bytes()
}

fn delimited(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}
