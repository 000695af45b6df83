//! Discovery in one document (`apidiscovery.k8s.io/v2`).

use super::resource::{subresource_verbs, verbs};
use super::{groups, served, versions};
use crate::kind::Definition;
use serde_json::{Value, json};

/// `/apis` with [`AGGREGATED_PARAMETERS`](super::AGGREGATED_PARAMETERS): all groups except the core group.
pub fn aggregated_groups(definitions: &[&'static Definition]) -> Value {
    list(groups(definitions).into_iter().map(|name| group(definitions, name)).collect())
}

/// `/api` with [`AGGREGATED_PARAMETERS`](super::AGGREGATED_PARAMETERS): the core group, where it is served.
pub fn aggregated_core(definitions: &[&'static Definition]) -> Value {
    let core = (!versions(definitions, "").is_empty()).then(|| group(definitions, ""));
    list(core.into_iter().collect())
}

fn list(items: Vec<Value>) -> Value {
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
}

fn group(definitions: &[&'static Definition], name: &str) -> Value {
    let versions: Vec<Value> = versions(definitions, name)
        .into_iter()
        .map(|version| {
            let resources: Vec<Value> = served(definitions, name, version)
                .into_iter()
                .map(|definition| resource(definition, version))
                .collect();
            json!({"version": version, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let metadata = if name.is_empty() { json!({}) } else { json!({"name": name}) };
    json!({"metadata": metadata, "versions": versions})
}

fn resource(definition: &Definition, version: &str) -> Value {
    let own = response_kind(definition.group, version, definition.kind);
    let mut entry = json!({
        "resource": definition.plural,
        "responseKind": own,
        "scope": if definition.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": definition.singular(),
        "verbs": verbs(definition),
    });
    if !definition.short_names.is_empty() {
        entry["shortNames"] = definition.short_names.into();
    }
    if !definition.categories.is_empty() {
        entry["categories"] = definition.categories.into();
    }
    let mut subresources = Vec::new();
    if definition.finalize {
        subresources.push(subresource("finalize", &own));
    }
    if definition.scale {
        subresources.push(subresource("scale", &response_kind("autoscaling", "v1", "Scale")));
    }
    if definition.status {
        subresources.push(subresource("status", &own));
    }
    if !subresources.is_empty() {
        entry["subresources"] = subresources.into();
    }
    entry
}

fn response_kind(group: &str, version: &str, kind: &str) -> Value {
    json!({"group": group, "version": version, "kind": kind})
}

fn subresource(name: &str, kind: &Value) -> Value {
    json!({"subresource": name, "responseKind": kind, "verbs": subresource_verbs(name)})
}
