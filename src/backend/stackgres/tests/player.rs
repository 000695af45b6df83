//! StackGres, played.

use super::*;
use crate::backend::operator::tests::{Dispensable, PASSWORD, Player, Told};
use databases_api::shared::TlsMode;

pub(in crate::backend) struct Played;

impl Player for Played {
    type Dialect = StackGres;
    const HAS_SERVERS: bool = true;
    const STATUS_IS_APART: bool = false;
    const IMPLEMENTATION: &'static str = "stackgres";
    const REFUSED: TlsMode = TlsMode::Required;
    const DISPENSABLE: Dispensable = Dispensable::Kind("sgdbops.stackgres.io");

    /// Operations, taking whatever is asked for.
    fn kinds() -> Vec<Value> {
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        vec![json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "sgdbops.stackgres.io"},
            "spec": {
                "group": OPERATIONS.group,
                "names": {"kind": OPERATIONS.kind, "plural": OPERATIONS.plural},
                "scope": "Namespaced",
                "versions": [{"name": OPERATIONS.version, "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": schema}}],
            },
        })]
    }

    fn restarts(object: &Value) -> bool {
        object["spec"]["op"] == "restart"
    }

    fn told(main: &Value) -> Told {
        let spec = &main["spec"];
        let (postgres, pooling) = (&spec["postgres"], &spec["pods"]["disableConnectionPooling"]);
        let runs_with =
            format!("{postgres} {} {} {pooling}", spec["sgInstanceProfile"], spec["configurations"]);
        Told { sleeps: spec["instances"] == 0, runs_with }
    }

    fn status(main: &Value, told: &Told, is_busy: bool) -> Value {
        let name = at(main, "metadata.name");
        let pod =
            |number: i64| json!({"name": format!("{name}-{number}"), "primary": number == 0 && !is_busy});
        let count = if told.sleeps { 0 } else { main["spec"]["instances"].as_i64().expect("a number") };
        json!({
            "postgresVersion": format!("{}.3", main["spec"]["postgres"]["version"].as_str().expect("a version")),
            "instances": count,
            "podStatuses": (0..count).map(pod).collect::<Vec<_>>(),
        })
    }

    fn status_beside(object: &Value) -> Value {
        match Self::restarts(object) {
            true => json!({"conditions": [{"type": "Completed", "status": "True"}]}),
            false => json!({}),
        }
    }

    fn backs_up() -> (&'static str, &'static str) {
        ("configurations:\n  backups:\n  - sgObjectStorage: store\n", "configurations:\n  backups: []\n")
    }

    fn backup_status(ended: &str, failed: Option<&str>) -> Value {
        let status = if failed.is_some() { "Failed" } else { "Completed" };
        json!({"process": {"status": status, "failure": failed, "timing": {"end": ended}}})
    }

    fn copied(main: &Value, backups: &[Value]) -> Option<String> {
        let from = &main["spec"]["initialData"]["restore"]["fromBackup"]["name"];
        let backup = backups.iter().find(|backup| backup["metadata"]["name"] == *from)?;
        Some(at(backup, "spec.sgCluster").to_owned())
    }

    fn secrets(main: &Value) -> Vec<(String, Vec<(&'static str, String)>)> {
        let name = at(main, "metadata.name");
        let keys =
            vec![("superuser-username", "postgres".to_owned()), ("superuser-password", PASSWORD.to_owned())];
        vec![(name.to_owned(), keys)]
    }

    fn edits() -> (Value, Value) {
        (
            json!({"spec": {"instances": 5}}),
            json!({"spec": {"profile": "testing"}, "metadata": {"labels": {"team": "a"}}}),
        )
    }

    fn parameters() -> (&'static str, &'static str) {
        (
            "pods:\n  terminationGracePeriodSeconds: 60\nprofile: development\n",
            "postgresServices:\n  primary:\n    type: Loud\n",
        )
    }

    fn has_parameters(main: &Value) -> bool {
        main["spec"]["pods"]["terminationGracePeriodSeconds"] == 60
            && main["spec"]["profile"] == "development"
    }
}
