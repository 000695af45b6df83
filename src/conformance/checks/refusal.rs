//! What is refused when it is typed.

use crate::conformance::class::KIND;
use crate::conformance::failure::{Failure, Verdict, ensure};
use crate::conformance::suite::Suite;
use serde_json::{Value, json};

/// A feature, the field that needs it, and a spec that asks for it.
fn wishes() -> Vec<(&'static str, &'static str, Value)> {
    let named = json!({"name": "none"});
    let source =
        |kind: &str, group: &str| json!({"dataSourceRef": {"apiGroup": group, "kind": kind, "name": "none"}});
    let group = databases_api::GROUP;
    vec![
        ("Adoption", "spec.adoptRef", json!({"adoptRef": {"kind": "Secret", "name": "none"}})),
        ("Alerts", "spec.observability.alerts", json!({"observability": {"alerts": "Enabled"}})),
        (
            "AutomaticMinorUpgrade",
            "spec.upgradePolicy.minor",
            json!({"upgradePolicy": {"minor": "Automatic"}}),
        ),
        ("Backup", "spec.backup.configurationRef", json!({"backup": {"configurationRef": named}})),
        ("Clone", "spec.dataSourceRef", source(KIND, group)),
        ("ConnectionPooling", "spec.pooling.mode", json!({"pooling": {"mode": "Session"}})),
        ("Dashboards", "spec.observability.dashboards", json!({"observability": {"dashboards": "Enabled"}})),
        ("DeletionSnapshot", "spec.deletionPolicy", json!({"deletionPolicy": "Snapshot"})),
        (
            "Extensions",
            "spec.databases[0].extensions",
            json!({"databases": [{"name": "app", "owner": "app", "extensions": [{"name": "pg_trgm"}]}]}),
        ),
        ("ExternalAccess", "spec.network.type", json!({"network": {"type": "LoadBalancer"}})),
        ("Import", "spec.dataSourceRef", source("Secret", "")),
        ("InPlaceMajorUpgrade", "spec.upgradePolicy.major", json!({"upgradePolicy": {"major": "InPlace"}})),
        ("IngressPolicy", "spec.network.ingressPolicy", json!({"network": {"ingressPolicy": "PortOnly"}})),
        (
            "MachineTypes",
            "spec.machineTypes",
            json!({"machineTypes": [{"provider": "AWS", "name": "db.m6g.large"}]}),
        ),
        (
            "MaintenanceWindow",
            "spec.maintenance",
            json!({"maintenance": {"windows": [{"start": "02:30", "duration": "1h"}]}}),
        ),
        ("Metrics", "spec.observability.metrics", json!({"observability": {"metrics": "Enabled"}})),
        (
            "MultipleDatabases",
            "spec.databases",
            json!({"databases": [{"name": "a", "owner": "a"}, {"name": "b", "owner": "b"}]}),
        ),
        ("Parameters", "spec.parameters", json!({"parameters": {"work_mem": "7MB"}})),
        ("Port", "spec.network.port", json!({"network": {"port": 15999}})),
        ("Replicas", "spec.instances", json!({"instances": 2})),
        ("Restore", "spec.dataSourceRef", source("DatabaseBackup", group)),
        ("Scheduling", "spec.scheduling", json!({"scheduling": {"nodeSelector": {"a": "b"}}})),
        ("ServiceAnnotations", "spec.network.annotations", json!({"network": {"annotations": {"a": "b"}}})),
        ("Stop", "spec.state", json!({"state": "Stopped"})),
        ("StorageClass", "spec.storage.storageClassName", json!({"storage": {"storageClassName": "none"}})),
        ("SuperuserAccess", "spec.superuserAccess", json!({"superuserAccess": "Enabled"})),
        (
            "SynchronousReplication",
            "spec.replication.mode",
            json!({"instances": 2, "replication": {"mode": "Synchronous"}}),
        ),
        ("TLS", "spec.tls.mode", json!({"tls": {"mode": "Required"}})),
        (
            "TLSCustomCertificate",
            "spec.tls.certificateSecretRef",
            json!({"tls": {"mode": "Required", "certificateSecretRef": named}}),
        ),
        (
            "UpgradeStrategy",
            "spec.upgradePolicy.strategy",
            json!({"upgradePolicy": {"strategy": "Recreate"}}),
        ),
        (
            "UserAttributes",
            "spec.users[0].attributes",
            json!({"users": [{"name": "etl", "attributes": ["CreateDB"]}]}),
        ),
        ("Users", "spec.users", json!({"users": [{"name": "etl"}]})),
    ]
}

pub(super) async fn features(suite: &Suite) -> Verdict {
    for (feature, field, spec) in wishes() {
        if suite.class.claims(feature) {
            continue;
        }
        let tried = suite.tried("refused", spec).await;
        match suite.class.warns {
            true => drop(tried?),
            false => {
                refused(field, tried).map_err(|error| Failure::new(format!("{KIND}{feature}: {error}")))?
            }
        }
    }
    Ok(())
}

/// An answer must be 422, for that field or one within it.
pub(super) fn refused<T>(field: &str, answer: Result<T, kube::Error>) -> Verdict {
    let status = match answer {
        Ok(_) => return Err(Failure::new(format!("{field} is taken"))),
        Err(kube::Error::Api(status)) => status,
        Err(error) => return Err(error.into()),
    };
    ensure(status.code == 422, || format!("{field} is answered with {}: {}", status.code, status.message))?;
    let causes = status.details.as_ref().map_or(&[][..], |details| &details.causes);
    let is_named = causes.iter().any(|cause| cause.field.starts_with(field));
    ensure(is_named, || format!("the refusal does not name {field}: {}", status.message))
}

pub(super) async fn version(suite: &Suite) -> Verdict {
    refused("spec.version", suite.tried("refused", json!({"version": "1"})).await)
}

pub(super) async fn class(suite: &Suite) -> Verdict {
    let database = suite.common().await?;
    let patch = kube::api::Patch::Merge(json!({"spec": {"className": "another"}}));
    refused("spec.className", database.api.patch(&database.name, &Default::default(), &patch).await)
}
