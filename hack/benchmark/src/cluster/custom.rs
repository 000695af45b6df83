//! A custom resource that looks like a PostgreSQL.

use crate::error::Error;
use crate::words::CUSTOM;
use quickstart::apply::apply;
use quickstart::client::Client;
use quickstart::wait;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long kube-apiserver may take to serve it.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// Defines it, and waits until kube-apiserver serves it.
pub(super) async fn define(admin: &Client) -> Result<(), Error> {
    let (_, path) = apply(admin, &definition()).await?;
    wait::condition(admin, &path, "Established", PATIENCE, |_| {}).await?;
    let (begin, path) = (Instant::now(), format!("/apis/{CUSTOM}/v1/postgresqls"));
    while let Err(error) = admin.read(&path).await {
        if begin.elapsed() > PATIENCE {
            return Err(error.into());
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("postgresqls.{CUSTOM}")},
        "spec": {
            "group": CUSTOM, "scope": "Namespaced",
            "names": {"plural": "postgresqls", "singular": "postgresql", "kind": "PostgreSQL", "listKind": "PostgreSQLList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec(), "status": status()}}},
            }],
        },
    })
}

/// The fields that the objects of the benchmark have.
fn spec() -> Value {
    let text = json!({"type": "string", "maxLength": 253});
    let texts = json!({"type": "object", "additionalProperties": text});
    let named = |more: &[&str]| {
        let fields = ["name"].iter().chain(more).map(|field| ((*field).to_owned(), text.clone()));
        let item = json!({"type": "object", "required": ["name"], "properties": fields.collect::<serde_json::Map<_, _>>()});
        json!({"type": "array", "maxItems": 1000, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": item})
    };
    json!({
        "type": "object", "required": ["className", "version", "storage"],
        "x-kubernetes-preserve-unknown-fields": true,
        "properties": {
            "className": text, "version": text, "parameters": texts,
            "storage": {"type": "object", "required": ["size"], "properties": {"size": quantity()}},
            "resources": {"type": "object", "properties": {"requests": quantities(), "limits": quantities()}},
            "databases": named(&["owner"]), "users": named(&[]),
        },
    })
}

fn quantity() -> Value {
    json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]})
}

fn quantities() -> Value {
    json!({"type": "object", "additionalProperties": quantity()})
}

fn status() -> Value {
    json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}
