//! The `Backup` that is made before a `Cluster` is deleted, and outlives it.

use super::CloudNativePG;
use crate::backend::BackupPhase;
use crate::backend::operator::{Became, Dialect, at};
use serde_json::{Value, json};

/// How a `Cluster` is backed up; or what it lacks.
pub(super) fn wanted(cluster: &Value) -> Result<Value, String> {
    let (backup, plugins) = (&cluster["spec"]["backup"], &cluster["spec"]["plugins"]);
    let mut spec = json!({"cluster": {"name": at(cluster, "metadata.name")}});
    let (store, snapshots) = (&backup["barmanObjectStore"], &backup["volumeSnapshot"]);
    let is_archiver = |plugin: &&Value| plugin["isWALArchiver"] == true && plugin["enabled"] != false;
    let archiver = plugins.as_array().into_iter().flatten().find(is_archiver);
    match archiver {
        _ if !store.is_null() => spec["method"] = "barmanObjectStore".into(),
        Some(plugin) => {
            spec["method"] = "plugin".into();
            spec["pluginConfiguration"] = json!({"name": plugin["name"]});
        }
        None if snapshots["snapshotOwnerReference"] == "cluster" => {
            return Err(
                "has snapshots that are deleted with it (spec.backup.volumeSnapshot.snapshotOwnerReference)"
                    .into(),
            );
        }
        None if !snapshots.is_null() => {
            spec["method"] = "volumeSnapshot".into();
            // What is read off a server that runs is whole only together with WAL, which nothing archives.
            spec["online"] = false.into();
        }
        None => {
            return Err(
                "says neither where backups are stored (spec.backup) nor what archives them (spec.plugins)"
                    .into(),
            );
        }
    }
    Ok(spec)
}

/// What its status tells.
pub(super) fn became(backup: &Value) -> Became {
    let (said, error) = (at(backup, "status.phase"), at(backup, "status.error"));
    let phase = match said {
        "completed" => BackupPhase::Succeeded,
        "failed" | "invalid backup definition" => BackupPhase::Failed,
        _ => BackupPhase::Running,
    };
    let ended = match at(backup, "status.stoppedAt") {
        "" => at(backup, "status.reconciliationTerminatedAt"),
        stopped => stopped,
    };
    Became::new(CloudNativePG::NAME, phase, [said, error], ended)
}
