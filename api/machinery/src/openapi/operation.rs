//! Paths and operations, in words that neither version of OpenAPI has.

use super::parameter::Parameter;
use crate::schema::Schema;
use serde_json::{Value, json};

/// A group, version and kind.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct GroupVersionKind {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
}

impl GroupVersionKind {
    pub(super) fn value(self) -> Value {
        named(self.group, self.version, self.kind)
    }
}

/// A group, version and kind as an object.
pub(super) fn named(group: &str, version: &str, kind: &str) -> Value {
    json!({"group": group, "version": version, "kind": kind})
}

/// A path with its operations.
pub(super) struct Path {
    pub(super) path: String,
    pub(super) parameters: Vec<&'static Parameter>,
    pub(super) operations: Vec<Operation>,
}

/// One method of a path.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) id: String,
    pub(super) tag: String,
    pub(super) description: String,
    /// What it does, and with which kind; nothing for discovery.
    pub(super) action: Option<(&'static str, GroupVersionKind)>,
    pub(super) parameters: &'static [&'static Parameter],
    pub(super) body: Option<Body>,
    pub(super) produces: &'static [&'static str],
    pub(super) responses: Vec<(u16, Content)>,
}

/// What stands in a body.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// One object.
    Object(&'static Schema),
    /// The list of such objects.
    List(&'static Schema),
}

/// The body of a request.
pub(super) struct Body {
    pub(super) schema: &'static Schema,
    pub(super) media_types: &'static [&'static str],
    pub(super) required: bool,
}

pub(super) static ANY: &[&str] = &["*/*"];
pub(super) static OBJECTS: &[&str] =
    &["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
pub(super) static STREAMS: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
];

/// The text that stands beside a status code.
pub(super) fn status_text(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        _ => "Accepted",
    }
}

/// `databases.standard.k8s.io` as `databasesStandard` or `DatabasesStandard`; the core group as `core`.
pub(super) fn camel_case(text: &str, first_upper: bool) -> String {
    let text = if text.is_empty() { "core" } else { text.strip_suffix(".k8s.io").unwrap_or(text) };
    let mut upper = first_upper;
    let mut out = String::with_capacity(text.len());
    for (position, character) in text.char_indices() {
        let stays = character.is_alphabetic() || character == '_' || (position > 0 && character.is_numeric());
        match (stays, upper) {
            (false, _) => upper = true,
            (true, false) => out.push(character),
            (true, true) => {
                out.extend(character.to_uppercase());
                upper = false;
            }
        }
    }
    out
}
