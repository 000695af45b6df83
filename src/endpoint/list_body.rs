//! A list on the wire: shared bytes of each object, spliced into chunks, so that a list of any size costs one
//! chunk of memory and no encoding.

use super::negotiation::{Form, Media};
use super::table;
use super::view::{View, json_item, metadata_field};
use crate::registry::Stored;
use bytes::{Bytes, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use std::sync::Arc;

/// As much as one TLS record and HTTP/2 frame sequence carries well.
pub(super) const CHUNK: usize = 64 * 1024;

/// The body of a list.
pub struct ListBody {
    view: View,
    head: Option<Bytes>,
    items: std::vec::IntoIter<Arc<Stored>>,
    first: bool,
    tail: Option<Bytes>,
}

/// Metadata of the list itself.
#[derive(Clone, Debug, Default)]
pub(super) struct ListMetadata {
    pub(super) resource_version: String,
    pub(super) continue_token: String,
    pub(super) remaining: Option<i64>,
}

impl ListMetadata {
    fn json(&self) -> serde_json::Value {
        let mut out = serde_json::Map::new();
        out.insert("resourceVersion".into(), self.resource_version.clone().into());
        if !self.continue_token.is_empty() {
            out.insert("continue".into(), self.continue_token.clone().into());
        }
        if let Some(remaining) = self.remaining {
            out.insert("remainingItemCount".into(), remaining.into());
        }
        out.into()
    }

    fn wire(&self) -> apimachinery::meta::ListMeta {
        apimachinery::meta::ListMeta {
            self_link: String::new(),
            resource_version: self.resource_version.clone(),
            continue_token: self.continue_token.clone(),
            remaining_item_count: self.remaining,
        }
    }
}

impl ListBody {
    pub(super) fn new(view: View, metadata: &ListMetadata, items: Vec<Arc<Stored>>) -> Self {
        let (head, tail) = match view.accepted.media {
            Media::Protobuf => (protobuf_head(&view, metadata, &items), Bytes::new()),
            Media::Json | Media::Yaml => json_ends(&view, metadata),
        };
        ListBody { view, head: Some(head), items: items.into_iter(), first: true, tail: Some(tail) }
    }

    /// Whether the list certainly has more bytes than that, from what its items have.
    pub(super) fn is_larger_than(&self, bytes: usize) -> bool {
        let mut room = bytes;
        self.items.as_slice().iter().any(|item| {
            let length = match (self.view.accepted.media, self.view.accepted.form) {
                (Media::Protobuf, _) => protobuf_item(&self.view, item).len(),
                (_, Form::Object) => item.json(self.view.version).len(),
                // A row or the metadata of an object.
                _ => 256,
            };
            let over = length > room;
            room = room.saturating_sub(length);
            over
        })
    }

    pub(super) fn next_chunk(&mut self) -> Option<Bytes> {
        let mut chunk = BytesMut::with_capacity(if self.tail.is_some() { CHUNK + 8 * 1024 } else { 0 });
        if let Some(head) = self.head.take() {
            chunk.extend_from_slice(&head);
        }
        while chunk.len() < CHUNK {
            let Some(item) = self.items.next() else {
                chunk.extend_from_slice(&self.tail.take().unwrap_or_default());
                break;
            };
            self.push(&item, &mut chunk);
        }
        (!chunk.is_empty()).then(|| chunk.freeze())
    }

    /// Everything at once, for forms that cannot stream.
    pub(super) fn collect(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(chunk) = self.next_chunk() {
            out.extend_from_slice(&chunk);
        }
        out
    }

    fn push(&mut self, item: &Stored, chunk: &mut BytesMut) {
        if self.view.accepted.media == Media::Protobuf {
            let message = protobuf_item(&self.view, item);
            encode_key(list_fields(&self.view).1, WireType::LengthDelimited, chunk);
            encode_varint(message.len() as u64, chunk);
            chunk.extend_from_slice(message);
            return;
        }
        if !std::mem::take(&mut self.first) {
            chunk.extend_from_slice(b",");
        }
        if let Form::Table(_) = self.view.accepted.form {
            let mut row = Vec::with_capacity(512);
            table::push_row(&self.view, item, self.view.include, &mut row);
            chunk.extend_from_slice(&row);
        } else {
            chunk.extend_from_slice(&json_item(item.json(self.view.version), self.view.accepted.form));
        }
    }
}

fn list_type(view: &View) -> (String, String) {
    match view.accepted.form {
        Form::Partial(version) => ("PartialObjectMetadataList".into(), format!("meta.k8s.io/{version}")),
        _ => (format!("{}List", view.definition.kind), view.definition.api_version(view.version.name)),
    }
}

fn json_ends(view: &View, metadata: &ListMetadata) -> (Bytes, Bytes) {
    if let Form::Table(_) = view.accepted.form {
        return (table::head(view, &metadata.json(), true).into(), Bytes::from_static(b"]}\n"));
    }
    let (kind, version) = list_type(view);
    let metadata = metadata.json();
    let head =
        format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{version}\",\"metadata\":{metadata},\"items\":[");
    (head.into(), Bytes::from_static(b"]}\n"))
}

fn protobuf_item<'a>(view: &View, item: &'a Stored) -> &'a [u8] {
    let message = item.protobuf(view.version);
    match view.accepted.form {
        Form::Partial(_) => metadata_field(message),
        _ => message,
    }
}

/// The numbers of a list's metadata and of its items. One list of Kubernetes has them the other way round.
fn list_fields(view: &View) -> (u32, u32) {
    match view.accepted.form {
        Form::Partial("v1beta1") => (2, 1),
        _ => (1, 2),
    }
}

/// The envelope states the length of the list, so every item is encoded (once, and shared) before the first
/// byte is sent.
fn protobuf_head(view: &View, metadata: &ListMetadata, items: &[Arc<Stored>]) -> Bytes {
    use apimachinery::wire::{TypeMeta, Value, protobuf};
    let mut meta = Vec::new();
    let (metadata_number, items_number) = list_fields(view);
    metadata.wire().encode_field(metadata_number, &mut meta);
    let item_length = |item: &Arc<Stored>| {
        let length = protobuf_item(view, item).len();
        key_len(items_number) + encoded_len_varint(length as u64) + length
    };
    let length = meta.len() + items.iter().map(item_length).sum::<usize>();
    let (kind, api_version) = list_type(view);
    let mut head = protobuf::head(&TypeMeta { api_version, kind }, length);
    head.extend_from_slice(&meta);
    head.into()
}
