//! CloudNativePG, played.

use super::*;
use crate::backend::operator::at;
use crate::backend::operator::tests::{Dispensable, Player, Told};
use databases_api::shared::{RESTARTED_AT, TlsMode};

pub(in crate::backend) struct Played;

fn condition(kind: &str, is: bool) -> Value {
    let status = if is { "True" } else { "False" };
    json!({"type": kind, "status": status, "reason": "Played", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z"})
}

impl Player for Played {
    type Dialect = CloudNativePG;
    const IMPLEMENTATION: &'static str = "cloudnative-pg";
    const POOLERS: Option<Resource> = Some(POOLERS);
    const REFUSED: TlsMode = TlsMode::Disabled;
    const DISPENSABLE: Dispensable = Dispensable::Kind("databaseroles.postgresql.cnpg.io");

    fn told(main: &Value) -> Told {
        let annotation = |name: &str| main["metadata"]["annotations"][name].clone();
        let spec = &main["spec"];
        let restarted = annotation(RESTARTED_AT);
        let (parameters, image) = (&spec["postgresql"]["parameters"], &spec["imageName"]);
        let runs_with = format!("{restarted} {parameters} {image} {}", spec["resources"]);
        Told { sleeps: annotation(HIBERNATION) == "on", runs_with }
    }

    fn status(main: &Value, told: &Told, is_busy: bool) -> Value {
        let (name, instances) = (at(main, "metadata.name"), main["spec"]["instances"].clone());
        let phase = match (is_busy, told.sleeps) {
            (true, _) => "Applying configuration",
            (_, true) => "Cluster is hibernated",
            _ => "Cluster in healthy state",
        };
        json!({
            "phase": phase,
            "instances": instances,
            "readyInstances": if told.sleeps { json!(0) } else { instances.clone() },
            "currentPrimary": format!("{name}-1"),
            "targetPrimary": format!("{name}-1"),
            "writeService": format!("{name}-rw"),
            "readService": format!("{name}-r"),
            "image": main["spec"]["imageName"],
            "conditions": [condition("Ready", !told.sleeps && !is_busy), condition(HIBERNATION, told.sleeps)],
        })
    }

    fn status_beside(object: &Value) -> Value {
        if object["kind"] == POOLERS.kind {
            return json!({"instances": object["spec"]["instances"], "phase": "active"});
        }
        json!({"applied": true, "observedGeneration": object["metadata"]["generation"]})
    }

    fn backs_up() -> (&'static str, &'static str) {
        (
            "backup:\n  volumeSnapshot:\n    className: fast\n",
            "backup:\n  volumeSnapshot:\n    snapshotOwnerReference: cluster\n",
        )
    }

    fn backup_status(ended: &str, failed: Option<&str>) -> Value {
        let phase = if failed.is_some() { "failed" } else { "completed" };
        json!({"phase": phase, "error": failed, "stoppedAt": ended})
    }

    fn secrets(main: &Value) -> Vec<(String, Vec<(&'static str, String)>)> {
        let name = at(main, "metadata.name");
        let app = vec![("username", "app".to_owned()), ("password", "made by the operator".to_owned())];
        let authority = vec![("ca.crt", "-----BEGIN CERTIFICATE-----".to_owned())];
        let made = &main["spec"]["bootstrap"]["initdb"]["secret"];
        let app = made.is_null().then(|| (format!("{name}-app"), app));
        app.into_iter().chain([(format!("{name}-ca"), authority)]).collect()
    }

    fn copied(main: &Value, _: &[Value]) -> Option<String> {
        let host = main["spec"]["externalClusters"][0]["connectionParameters"]["host"].as_str()?;
        host.strip_suffix("-rw.default.svc").map(str::to_owned)
    }

    fn edits() -> (Value, Value) {
        (
            json!({"spec": {"instances": 5}}),
            json!({"spec": {"logLevel": "debug"}, "metadata": {"labels": {"team": "a"}}}),
        )
    }

    fn parameters() -> (&'static str, &'static str) {
        ("startDelay: 60\npostgresql:\n  promotionTimeout: 30\n", "logLevel: loud\n")
    }

    fn has_parameters(main: &Value) -> bool {
        main["spec"]["startDelay"] == 60 && main["spec"]["postgresql"]["promotionTimeout"] == 30
    }
}
