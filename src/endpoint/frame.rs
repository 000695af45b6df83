//! Frames of a watch: `{"type":…,"object":…}` lines, or length-prefixed protobuf.

use super::negotiation::{Form, Media};
use super::table::{self, Include};
use super::view::{View, metadata_field, partial, partial_type, status_json};
use crate::registry::{Frames, ObjectChange, Selection, Stored};
use apimachinery::status::ApiError;
use apimachinery::wire::{self, TypeMeta, protobuf};
use bytes::Bytes;
use databases_storage::{EventKind, Revision};
use serde_json::json;

/// The type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

impl FrameKind {
    fn as_str(self) -> &'static str {
        match self {
            FrameKind::Added => "ADDED",
            FrameKind::Modified => "MODIFIED",
            FrameKind::Deleted => "DELETED",
            FrameKind::Bookmark => "BOOKMARK",
            FrameKind::Error => "ERROR",
        }
    }

    fn plain(kind: EventKind) -> Self {
        match kind {
            EventKind::Created => FrameKind::Added,
            EventKind::Updated => FrameKind::Modified,
            EventKind::Deleted => FrameKind::Deleted,
        }
    }
}

pub(super) fn is_table(view: &View) -> bool {
    matches!(view.accepted.form, Form::Table(_))
}

/// What a change is to somebody who selects: entering the selection is ADDED, leaving it DELETED (V-46).
pub(super) fn kind_for(change: &ObjectChange, selection: &Selection) -> Option<FrameKind> {
    let plain = FrameKind::plain(change.kind);
    if selection.is_everything() {
        return Some(plain);
    }
    let after = change.kind != EventKind::Deleted && selection.matches(&change.object);
    let before = match change.kind {
        EventKind::Created => false,
        EventKind::Deleted => selection.matches(&change.object),
        EventKind::Updated => change.previous.as_ref().is_some_and(|previous| selection.matches(previous)),
    };
    match (before, after) {
        (false, true) => Some(FrameKind::Added),
        (true, true) => Some(FrameKind::Modified),
        (true, false) => Some(FrameKind::Deleted),
        (false, false) => None,
    }
}

/// The frame of a change: shared where it is the plain one.
pub(super) fn of_change(view: &View, kind: FrameKind, change: &ObjectChange, columns: bool) -> Bytes {
    let shared = kind == FrameKind::plain(change.kind) && !columns && view.include == Include::Metadata;
    match slot(view).filter(|_| shared) {
        Some(slot) => change.frames.0[slot].get_or_init(|| make(view, kind, change, columns)).clone(),
        None => make(view, kind, change, columns),
    }
}

/// Where the shared frame of a view lies; less usual forms have no place and are made for each watcher.
fn slot(view: &View) -> Option<usize> {
    let version = view.definition.versions.iter().position(|served| std::ptr::eq(served, view.version))?;
    let form = match (view.accepted.media, view.accepted.form) {
        (Media::Json, Form::Object) => 0,
        (Media::Protobuf, Form::Object) => 1,
        _ => return None,
    };
    Some(version * 2 + form).filter(|slot| *slot < Frames::SLOTS)
}

fn make(view: &View, kind: FrameKind, change: &ObjectChange, columns: bool) -> Bytes {
    if kind != FrameKind::Deleted {
        return of_object(view, kind, &change.object, columns);
    }
    // The last state that was selected, at the revision of the change (V-45).
    let last = match (change.kind, &change.previous) {
        (EventKind::Updated, Some(previous)) => previous,
        _ => &change.object,
    };
    of_object(view, kind, &last.at(change.revision), columns)
}

/// The frame of an object.
pub(super) fn of_object(view: &View, kind: FrameKind, stored: &Stored, columns: bool) -> Bytes {
    match (view.accepted.media, view.accepted.form) {
        (Media::Protobuf, Form::Partial(version)) => {
            let metadata = metadata_field(stored.protobuf(view.version));
            let object = protobuf::encode(&partial_type(version), metadata);
            protobuf::watch_frame(kind.as_str(), &object).into()
        }
        (Media::Protobuf, _) => {
            let object = protobuf::encode(&view.type_meta(), stored.protobuf(view.version));
            protobuf::watch_frame(kind.as_str(), &object).into()
        }
        (_, Form::Table(_)) => json_frame(kind, &table::row_table(view, stored, view.include, columns)),
        (_, Form::Partial(version)) => json_frame(kind, &partial(stored.json(view.version), version)),
        (_, Form::Object) => json_object_frame(view, kind, stored.json(view.version)),
    }
}

/// The common case without a copy of the object in between.
fn json_object_frame(view: &View, kind: FrameKind, item: &[u8]) -> Bytes {
    let header = view.json_header();
    let mut out = Vec::with_capacity(item.len() + header.len() + 40);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(&header);
    out.extend_from_slice(&item[1..]);
    out.extend_from_slice(b"}\n");
    out.into()
}

fn json_frame(kind: FrameKind, object: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(object.len() + 40);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(object);
    out.extend_from_slice(b"}\n");
    out.into()
}

/// Everything up to this revision was delivered (V-47); `initial_end` marks the end of the initial objects (V-40).
pub(super) fn bookmark(view: &View, revision: Revision, initial_end: bool, columns: bool) -> Bytes {
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if initial_end {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    let TypeMeta { kind, api_version: version } = match view.accepted.form {
        Form::Partial(version) | Form::Table(version) => partial_type(version),
        Form::Object => view.type_meta(),
    };
    let object = json!({"kind": kind, "apiVersion": version, "metadata": metadata});
    if view.accepted.media == Media::Protobuf {
        return protobuf_bookmark(revision, initial_end, TypeMeta { api_version: version, kind });
    }
    if !is_table(view) {
        return json_frame(FrameKind::Bookmark, object.to_string().as_bytes());
    }
    let cells: Vec<serde_json::Value> = view.definition.columns.iter().map(|_| "".into()).collect();
    let row = json!({"cells": cells, "object": object});
    let mut out = table::head(view, &json!({"resourceVersion": revision.to_string()}), columns);
    out.extend_from_slice(row.to_string().as_bytes());
    out.extend_from_slice(b"]}");
    json_frame(FrameKind::Bookmark, &out)
}

fn protobuf_bookmark(revision: Revision, initial_end: bool, meta: TypeMeta) -> Bytes {
    use apimachinery::wire::Value;
    let mut object =
        apimachinery::meta::ObjectMeta { resource_version: revision.to_string(), ..Default::default() };
    if initial_end {
        object.annotations.insert("k8s.io/initial-events-end".into(), "true".into());
    }
    let mut message = Vec::new();
    object.encode_field(1, &mut message);
    protobuf::watch_frame(FrameKind::Bookmark.as_str(), &protobuf::encode(&meta, &message)).into()
}

/// An error after the stream began (C-43).
pub(super) fn of_error(view: &View, error: &ApiError) -> Bytes {
    let status = error.status();
    if view.accepted.media == Media::Protobuf {
        let mut message = Vec::new();
        wire::Object::encode_fields(&status, &mut message);
        let meta = TypeMeta { api_version: "v1".into(), kind: "Status".into() };
        return protobuf::watch_frame(FrameKind::Error.as_str(), &protobuf::encode(&meta, &message)).into();
    }
    json_frame(FrameKind::Error, &status_json(&status))
}
