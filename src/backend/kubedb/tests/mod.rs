//! The dialect by itself, and KubeDB as it is played for the tests of all dialects.

mod network;
mod player;
mod pooling;
mod status;
mod translation;

pub(in crate::backend) use player::Played;

use super::*;
use crate::backend::Phase;
use serde_json::json;

/// A version as KubeDB installs it.
fn installed_version(name: &str, version: &str, distribution: &str) -> Value {
    let image = || json!({"image": "registry.example.com/image"});
    json!({
        "apiVersion": "catalog.kubedb.com/v1alpha1",
        "kind": "PostgresVersion",
        "metadata": {"name": name},
        "spec": {
            "version": version, "distribution": distribution, "db": image(), "coordinator": image(),
            "exporter": image(), "initContainer": image(), "podSecurityPolicies": {"databasePolicyName": "postgres-db"},
        },
    })
}

/// Of every major, with what is not to be offered.
fn versions() -> Vec<Value> {
    let mut found: Vec<Value> = ["18.3", "17.9", "17.10", "16.4", "15.18", "14.2"]
        .iter()
        .map(|version| installed_version(version, version, "Official"))
        .collect();
    found.push(installed_version("timescaledb-2.14.2-pg19", "19.1", "TimescaleDB"));
    let mut deprecated = installed_version("16.9", "16.9", "Official");
    deprecated["spec"]["deprecated"] = true.into();
    found.push(deprecated);
    found
}

/// PgBouncers, the newest of which is not to be made any more.
fn pooler_versions() -> Vec<Value> {
    let version = |version: &str, deprecated: bool| {
        json!({
            "apiVersion": POOLER_VERSIONS.api_version(),
            "kind": POOLER_VERSIONS.kind,
            "metadata": {"name": version},
            "spec": {
                "version": version, "deprecated": deprecated,
                "pgBouncer": {"image": "registry.example.com/image"},
                "exporter": {"image": "registry.example.com/image"},
            },
        })
    };
    vec![version("1.9.0", false), version("1.24.0", false), version("1.25.0", true)]
}
