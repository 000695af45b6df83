//! Discovery: which groups, versions and resources a server has (D-01…D-12).
//!
//! Every function gives a whole JSON object. All lists are sorted (versions by Kubernetes' order, the preferred one
//! first), so the text and its [`etag`] are the same on every replica.

mod aggregated;
mod protobuf;
mod resource;
#[cfg(test)]
mod tests;

pub use aggregated::{aggregated_core, aggregated_groups};
pub use protobuf::encode as protobuf;

use crate::kind::Definition;
use crate::openapi;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The media type parameters of [`aggregated_groups`] and [`aggregated_core`]: they must stand in
/// `Content-Type`, or clients take the answer for the old form.
pub const AGGREGATED_PARAMETERS: &str = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// `/api`: the versions of the core group.
pub fn api_versions(definitions: &[&'static Definition]) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": versions(definitions, ""),
        "serverAddressByClientCIDRs": [],
    })
}

/// `/apis`: all groups except the core group.
pub fn group_list(definitions: &[&'static Definition]) -> Value {
    let groups: Vec<Value> =
        groups(definitions).into_iter().map(|name| group_entry(definitions, name)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`; nothing for a group that is not served.
pub fn group(definitions: &[&'static Definition], name: &str) -> Option<Value> {
    groups(definitions).contains(name).then(|| {
        let mut entry = group_entry(definitions, name);
        entry["kind"] = "APIGroup".into();
        entry["apiVersion"] = "v1".into();
        entry
    })
}

/// `/apis/GROUP/VERSION`, and `/api/v1` for the empty group; nothing for a version that is not served.
pub fn resource_list(definitions: &[&'static Definition], group: &str, version: &str) -> Option<Value> {
    let served = served(definitions, group, version);
    let group_version = served.first()?.api_version(version);
    let mut resources: Vec<Value> =
        served.iter().flat_map(|definition| resource::entries(definition)).collect();
    resources.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    let mut list = json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": resources});
    // The core group's is older than the member.
    if !group.is_empty() {
        list["apiVersion"] = "v1".into();
    }
    Some(list)
}

/// The `ETag` of a document: its hash in quotation marks.
pub fn etag(content: &[u8]) -> String {
    format!("\"{}\"", openapi::hash(content))
}

fn group_entry(definitions: &[&'static Definition], name: &str) -> Value {
    let versions: Vec<Value> = versions(definitions, name)
        .into_iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "preferredVersion": versions.first(), "versions": versions})
}

/// The names of all groups with a name.
fn groups(definitions: &[&'static Definition]) -> BTreeSet<&'static str> {
    definitions.iter().map(|definition| definition.group).filter(|group| !group.is_empty()).collect()
}

/// The versions of a group, the preferred one first.
fn versions(definitions: &[&'static Definition], group: &str) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = definitions
        .iter()
        .filter(|definition| definition.group == group)
        .flat_map(|definition| definition.versions.iter().map(|version| version.name))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(priority(name)));
    names.dedup();
    names
}

/// The definitions that a group and version have, in the order of their resources.
pub(crate) fn served(
    definitions: &[&'static Definition],
    group: &str,
    version: &str,
) -> Vec<&'static Definition> {
    let mut served: Vec<&'static Definition> = definitions
        .iter()
        .copied()
        .filter(|definition| definition.group == group && definition.version(version).is_some())
        .collect();
    served.sort_by_key(|definition| definition.plural);
    served
}

/// Kubernetes' order of versions: stable before beta before alpha, then the higher number; anything else last,
/// in the order of names.
fn priority(name: &str) -> (u8, u32, u32, std::cmp::Reverse<&str>) {
    let other = (0, 0, 0, std::cmp::Reverse(name));
    let Some(rest) = name.strip_prefix('v') else { return other };
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let (major, rest) = rest.split_at(end);
    let Ok(major) = major.parse() else { return other };
    let (stage, minor) = match (rest, rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
        ("", ..) => return (3, major, 0, std::cmp::Reverse("")),
        (_, Some(minor), _) => (2, minor),
        (_, _, Some(minor)) => (1, minor),
        _ => return other,
    };
    minor.parse().map_or(other, |minor| (stage, major, minor, std::cmp::Reverse("")))
}
