//! One kind's entries in the list of resources.

use crate::kind::Definition;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The verbs of a resource, sorted.
const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// The verbs of a kind.
pub(super) fn verbs(definition: &Definition) -> Vec<&'static str> {
    let has = |verb: &&str| !(definition.finalize && *verb == "deletecollection");
    VERBS.into_iter().filter(has).collect()
}

/// The verbs of a subresource, sorted.
pub(super) fn subresource_verbs(name: &str) -> &'static [&'static str] {
    match name {
        "finalize" => &["update"],
        _ => &["get", "patch", "update"],
    }
}

/// The resource and its subresources.
pub(super) fn entries(definition: &Definition) -> Vec<Value> {
    let mut entries = vec![main(definition)];
    if definition.finalize {
        entries.push(subresource(definition, "finalize", definition.kind));
    }
    if definition.status {
        entries.push(subresource(definition, "status", definition.kind));
    }
    if definition.scale {
        let mut scale = subresource(definition, "scale", "Scale");
        scale["group"] = "autoscaling".into();
        scale["version"] = "v1".into();
        entries.push(scale);
    }
    entries
}

fn main(definition: &Definition) -> Value {
    let mut entry = json!({
        "name": definition.plural,
        "singularName": definition.singular(),
        "namespaced": definition.namespaced,
        "kind": definition.kind,
        "verbs": verbs(definition),
        "storageVersionHash": storage_version_hash(definition),
    });
    if !definition.short_names.is_empty() {
        entry["shortNames"] = definition.short_names.into();
    }
    if !definition.categories.is_empty() {
        entry["categories"] = definition.categories.into();
    }
    entry
}

fn subresource(definition: &Definition, name: &str, kind: &str) -> Value {
    json!({
        "name": format!("{}/{name}", definition.plural),
        "singularName": "",
        "namespaced": definition.namespaced,
        "kind": kind,
        "verbs": subresource_verbs(name),
    })
}

/// Changes exactly when objects are stored in another version, which is what makes migrators rewrite them.
pub(super) fn storage_version_hash(definition: &Definition) -> String {
    let name = format!("{}/{}/{}", definition.group, definition.storage_version, definition.kind);
    STANDARD.encode(&Sha256::digest(name)[..8])
}
