//! OpenAPI v3: one document a group and version, and the index of them.

use crate::kind::Definition;
use serde_json::{Map, Value, json};

/// The document of `/openapi/v3/apis/GROUP/VERSION`: those of the definitions that this group and version have.
/// The core group is the empty text.
pub fn document(group: &str, version: &str, definitions: &[&'static Definition]) -> Value {
    json!({"openapi": "3.0.0", "info": info(), "paths": {path(group, version): definitions.len()}})
}

/// What a group and version are called in the index and under `/openapi/v3/`: `apis/GROUP/VERSION`, or
/// `api/VERSION` for the core group.
pub fn path(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// The document of `/openapi/v3` for pairs of [`path`] and [`hash`](super::hash).
pub fn index<'a>(documents: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let paths: Map<String, Value> = documents
        .into_iter()
        .map(|(path, hash)| {
            let url = format!("/openapi/v3/{path}?hash={hash}");
            (path.to_owned(), json!({"serverRelativeURL": url}))
        })
        .collect();
    json!({"paths": paths})
}

pub(super) fn info() -> Value {
    json!({"title": "Kubernetes", "version": "v1.37.0"})
}
