//! The documents as the protobuf that kubectl and client-go ask for (O-01, O-20).
//!
//! The messages are those of `openapiv2/OpenAPIv2.proto` and `openapiv3/OpenAPIv3.proto` of gnostic-models, as far as our
//! documents use them. Whatever has no field of its own travels as YAML, which JSON is.

mod v2;
mod v3;

pub use v2::encode as v2;
pub use v3::encode as v3;

use prost::encoding::{WireType, bool, encode_key, encode_varint, string};
use serde_json::Value;

#[derive(Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    pub(super) fn text(&mut self, field: u32, value: &Value) {
        if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
            string::encode(field, &text.to_owned(), &mut self.0);
        }
    }

    pub(super) fn texts(&mut self, field: u32, values: &Value) {
        items(values).iter().for_each(|value| self.text(field, value));
    }

    pub(super) fn flag(&mut self, field: u32, value: &Value) {
        if value.as_bool() == Some(true) {
            bool::encode(field, &true, &mut self.0);
        }
    }

    pub(super) fn message(&mut self, field: u32, message: &Message) {
        encode_key(field, WireType::LengthDelimited, &mut self.0);
        encode_varint(message.0.len() as u64, &mut self.0);
        self.0.extend_from_slice(&message.0);
    }

    /// A message whose field `inner` holds pairs of a name and a value.
    pub(super) fn named(&mut self, field: u32, inner: u32, map: &Value, value: impl Fn(&Value) -> Message) {
        let mut all = Message::default();
        for (name, item) in map.as_object().into_iter().flatten() {
            all.pair(inner, name, &value(item));
        }
        self.message(field, &all);
    }

    pub(super) fn pair(&mut self, field: u32, name: &str, value: &Message) {
        let mut pair = Message::default();
        pair.text(1, &name.into());
        pair.message(2, value);
        self.message(field, &pair);
    }

    /// A value of any shape.
    pub(super) fn any(&mut self, field: u32, value: &Value) {
        if !value.is_null() {
            self.message(field, &yaml(value));
        }
    }

    /// What a client has to show: each requirement names schemes with their scopes.
    pub(super) fn security(&mut self, field: u32, document: &Value) {
        let scopes = |scopes: &Value| {
            let mut array = Message::default();
            array.texts(1, scopes);
            array
        };
        for requirement in items(&document["security"]) {
            self.named(field, 1, requirement, scopes);
        }
    }

    pub(super) fn extensions(&mut self, field: u32, object: &Value) {
        for (name, value) in
            object.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("x-"))
        {
            self.pair(field, name, &yaml(value));
        }
    }
}

pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn wrap(field: u32, inner: &Message) -> Message {
    let mut outer = Message::default();
    outer.message(field, inner);
    outer
}

pub(super) fn yaml(value: &Value) -> Message {
    let mut any = Message::default();
    any.text(2, &format!("{value}\n").into());
    any
}
