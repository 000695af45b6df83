//! The `SGBackup` that is made before an `SGCluster` is deleted, and outlives it.

use super::StackGres;
use crate::backend::BackupPhase;
use crate::backend::operator::{Became, Dialect, at};
use serde_json::{Value, json};

/// How an `SGCluster` is backed up; or what it lacks.
pub(super) fn wanted(cluster: &Value) -> Result<Value, String> {
    let configured = cluster["spec"]["configurations"]["backups"].as_array().into_iter().flatten();
    let mut stored = configured.filter(|one| !at(one, "sgObjectStorage").is_empty());
    if stored.next().is_none() {
        return Err(
            "does not say where backups are stored (spec.configurations.backups[].sgObjectStorage)".into()
        );
    }
    Ok(json!({"sgCluster": at(cluster, "metadata.name"), "managedLifecycle": false}))
}

/// What its status tells.
pub(super) fn became(backup: &Value) -> Became {
    let process = &backup["status"]["process"];
    let (said, failure) = (at(process, "status"), at(process, "failure"));
    let phase = match said {
        "Completed" => BackupPhase::Succeeded,
        "Failed" => BackupPhase::Failed,
        _ => BackupPhase::Running,
    };
    Became::new(StackGres::NAME, phase, [said, failure], at(process, "timing.end"))
}
