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

    /// Requests, taking whatever is asked for.
    fn kinds() -> Vec<Value> {
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        vec![json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "postgresopsrequests.ops.kubedb.com"},
            "spec": {
                "group": REQUESTS.group,
                "names": {"kind": REQUESTS.kind, "plural": REQUESTS.plural},
                "scope": "Namespaced",
                "versions": [{"name": REQUESTS.version, "served": true, "storage": true,
                    "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema}}],
            },
        })]
    }

    fn catalog() -> Vec<Value> {
        versions()
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

    fn status_beside(_: &Value) -> Value {
        json!({"phase": "Successful"})
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
