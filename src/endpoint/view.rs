//! One object in the form that was agreed on, made of its shared encodings.

use super::indent::indent;
use super::negotiation::{Accepted, Form, Media};
use super::table;
use crate::registry::Stored;
use apimachinery::kind::{Definition, Version};
use apimachinery::status::Status;
use apimachinery::wire::{self, TypeMeta, json, protobuf, yaml};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Answers are made of nothing else, and a wire type has no value that cannot be read back (`apimachinery::wire::limits`).
/// Were one of them found all the same, the request would fail, and never an emptied object be shown.
const WRITTEN: &str = "what this server wrote can be read";

/// How objects of one request are shown.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) definition: &'static Definition,
    pub(super) version: &'static Version,
    pub(super) accepted: Accepted,
    pub(super) include: table::Include,
}

/// The type of `PartialObjectMetadata` in a version of `meta.k8s.io`.
pub(super) fn partial_type(version: &str) -> TypeMeta {
    TypeMeta { api_version: format!("meta.k8s.io/{version}"), kind: "PartialObjectMetadata".into() }
}

impl View {
    /// The object as a whole body.
    pub(super) fn body(&self, stored: &Stored) -> Bytes {
        match (self.accepted.media, self.accepted.form) {
            (Media::Json, form) => finish_json(self.json(stored, form), self.accepted.pretty),
            (Media::Yaml, form) => to_yaml(&self.json(stored, form)),
            (Media::Protobuf, Form::Partial(version)) => {
                let metadata = metadata_field(stored.protobuf(self.version));
                protobuf::encode(&partial_type(version), metadata).into()
            }
            (Media::Protobuf, _) => protobuf::encode(&self.type_meta(), stored.protobuf(self.version)).into(),
        }
    }

    /// The object as a JSON object with its type.
    pub(super) fn json(&self, stored: &Stored, form: Form) -> Vec<u8> {
        match form {
            Form::Object => {
                let item = stored.json(self.version);
                let mut out = self.json_header();
                out.reserve(item.len() + 1);
                out.extend_from_slice(&item[1..]);
                out
            }
            Form::Partial(version) => partial(stored.json(self.version), version),
            Form::Table(_) => table::of_object(self, stored),
        }
    }

    /// `{"kind":…,"apiVersion":…,`, in place of an item's opening brace.
    pub(super) fn json_header(&self) -> Vec<u8> {
        let version = self.definition.api_version(self.version.name);
        format!("{{\"kind\":\"{}\",\"apiVersion\":\"{version}\",", self.definition.kind).into_bytes()
    }

    /// The kind and version of objects in this view.
    pub(super) fn type_meta(&self) -> TypeMeta {
        TypeMeta {
            api_version: self.definition.api_version(self.version.name),
            kind: self.definition.kind.to_owned(),
        }
    }
}

/// An item of a list: the bare object, or its metadata with a type of its own.
pub(super) fn json_item(item: &Bytes, form: Form) -> Bytes {
    match form {
        Form::Partial(version) => partial(item, version).into(),
        _ => item.clone(),
    }
}

/// `PartialObjectMetadata` out of an encoded object.
pub(super) fn partial(item: &[u8], version: &str) -> Vec<u8> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        metadata: &'a RawValue,
    }
    let head: Head<'_> = serde_json::from_slice(item).expect(WRITTEN);
    let metadata = head.metadata.get();
    let TypeMeta { api_version, kind } = partial_type(version);
    format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",\"metadata\":{metadata}}}").into_bytes()
}

/// The metadata of an encoded message, which is its first field, as a message of its own with that field.
pub(super) fn metadata_field(message: &Bytes) -> &[u8] {
    let mut rest = &message[..];
    let (number, wire) = prost::encoding::decode_key(&mut rest).expect(WRITTEN);
    debug_assert_eq!(number, 1, "every kind has its metadata in front");
    wire::skip(number, wire, &mut rest).expect(WRITTEN);
    &message[..message.len() - rest.len()]
}

/// Compact JSON ends with a newline; pretty JSON is indented by two spaces.
pub(super) fn finish_json(mut compact: Vec<u8>, pretty: bool) -> Bytes {
    if pretty {
        compact = indent(&compact);
    }
    compact.push(b'\n');
    compact.into()
}

/// What this server wrote as JSON, as YAML.
pub(super) fn to_yaml(compact: &[u8]) -> Bytes {
    yaml::encode(&to_tree(compact)).into_bytes().into()
}

/// What this server wrote as JSON, as a tree.
pub(super) fn to_tree(compact: &[u8]) -> Value {
    serde_json::from_slice(compact).expect(WRITTEN)
}

/// A status in the form that was agreed on.
pub(super) fn status_body(status: &Status, media: Media, pretty: bool) -> Bytes {
    match media {
        Media::Protobuf => {
            let mut message = Vec::new();
            wire::Object::encode_fields(status, &mut message);
            let meta = TypeMeta { api_version: "v1".into(), kind: "Status".into() };
            protobuf::encode(&meta, &message).into()
        }
        Media::Json => finish_json(status_json(status), pretty),
        Media::Yaml => to_yaml(&status_json(status)),
    }
}

/// A Status as a JSON object with its type.
pub(super) fn status_json(status: &Status) -> Vec<u8> {
    let mut out = br#"{"kind":"Status","apiVersion":"v1","#.to_vec();
    let brace = out.len();
    json::encode(status, &mut out);
    out.remove(brace);
    out
}
