//! KubeDB, played.

use super::*;
use crate::backend::operator::tests::{Dispensable, PASSWORD, Player, Told};
use databases_api::shared::TlsMode;

pub(in crate::backend) struct Played;

impl Player for Played {
    type Dialect = KubeDB;
    const HAS_SERVERS: bool = true;
    const IMPLEMENTATION: &'static str = "kubedb";
    const REFUSED: TlsMode = TlsMode::Required;
    const DISPENSABLE: Dispensable = Dispensable::Kind("postgresopsrequests.ops.kubedb.com");
    const POOLERS: Option<Resource> = Some(POOLERS);

    /// Requests and versions, taking whatever is asked for, and poolers.
    fn kinds() -> Vec<Value> {
        let any = || json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        vec![
            defined(&REQUESTS, "Namespaced", any()),
            defined(&POOLER_REQUESTS, "Namespaced", any()),
            defined(&POOLER_VERSIONS, "Cluster", any()),
            defined(&POOLERS, "Namespaced", pooler_schema()),
        ]
    }

    fn catalog() -> Vec<Value> {
        versions().into_iter().chain(pooler_versions()).collect()
    }

    fn restarts(object: &Value) -> bool {
        object["spec"]["type"] == "Restart"
    }

    fn told(main: &Value) -> Told {
        Told { sleeps: main["spec"]["halted"] == true, runs_with: String::new() }
    }

    fn status(main: &Value, told: &Told, is_busy: bool) -> Value {
        let phase = match (is_busy, told.sleeps) {
            (true, _) => "Provisioning",
            (_, true) => "Halted",
            _ => "Ready",
        };
        json!({"phase": phase, "observedGeneration": main["metadata"]["generation"]})
    }

    fn status_beside(object: &Value) -> Value {
        let phase = if at(object, "kind") == POOLERS.kind { "Ready" } else { "Successful" };
        json!({"phase": phase})
    }

    fn secrets(main: &Value) -> Vec<(String, Vec<(&'static str, String)>)> {
        let keys = vec![("username", "postgres".to_owned()), ("password", PASSWORD.to_owned())];
        vec![(format!("{}-auth", at(main, "metadata.name")), keys)]
    }

    fn edits() -> (Value, Value) {
        (
            json!({"spec": {"replicas": 5}}),
            json!({"spec": {"healthChecker": {"periodSeconds": 20}}, "metadata": {"labels": {"team": "a"}}}),
        )
    }

    fn parameters() -> (&'static str, &'static str) {
        (
            "enforceFsGroup: true\npodTemplate:\n  spec:\n    terminationGracePeriodSeconds: 60\n",
            "sslMode: loud\n",
        )
    }

    fn has_parameters(main: &Value) -> bool {
        main["spec"]["enforceFsGroup"] == true
            && main["spec"]["podTemplate"]["spec"]["terminationGracePeriodSeconds"] == 60
    }
}

/// A kind whose objects have this schema.
fn defined(kind: &Resource, scope: &str, schema: Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{}.{}", kind.plural, kind.group)},
        "spec": {
            "group": kind.group,
            "names": {"kind": kind.kind, "plural": kind.plural},
            "scope": scope,
            "versions": [{"name": kind.version, "served": true, "storage": true,
                "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}

/// What a `PgBouncer` has of what is said of it. Everything else is taken off.
fn pooler_schema() -> Value {
    let (text, whole) = (json!({"type": "string"}), json!({"type": "integer"}));
    let named = |names: Value, required: Value| {
        let mut schema = json!({"type": "object", "properties": names});
        if !required.is_null() {
            schema["required"] = required;
        }
        schema
    };
    let reference = named(json!({"name": text, "namespace": text}), json!(["name", "namespace"]));
    let issuer = named(json!({"apiGroup": text, "kind": text, "name": text}), json!(["kind", "name"]));
    let database = json!({"syncUsers": {"type": "boolean"}, "databaseRef": reference, "databaseName": text});
    let pool = json!({
        "authType": {"type": "string", "enum": ["md5", "scram-sha-256"]},
        "maxDBConnections": whole,
        "maxUserConnections": whole,
    });
    let modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
    let inline = json!({"type": "object", "additionalProperties": text});
    let spec = json!({
        "version": text,
        "replicas": whole,
        "database": named(database, json!(["databaseName", "databaseRef"])),
        "connectionPool": named(pool, Value::Null),
        "configuration": named(json!({"inline": inline}), Value::Null),
        "sslMode": {"type": "string", "enum": modes},
        "tls": named(json!({"issuerRef": issuer}), Value::Null),
        "deletionPolicy": {"type": "string", "enum": ["Halt", "Delete", "WipeOut", "DoNotTerminate"]},
    });
    let status = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    named(json!({"spec": named(spec, json!(["database", "version"])), "status": status}), Value::Null)
}
