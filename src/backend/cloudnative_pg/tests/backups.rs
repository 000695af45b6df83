//! The backup before a deletion.

use super::super::images::MAJORS;
use super::*;
use crate::backend::BackupPhase;
use crate::backend::operator::SPEC_KEY;

fn backup(spec: &Value) -> Result<Value, String> {
    CloudNativePG.backup(&json!({"metadata": {"name": "shop-1"}, "spec": spec}))
}

#[test]
fn a_backup_is_made_as_the_cluster_is_backed_up() {
    let cluster = json!({"name": "shop-1"});
    let store = json!({"barmanObjectStore": {"destinationPath": "s3://backups"}, "volumeSnapshot": {}});
    let stored = backup(&json!({"backup": store})).expect("it can be made");
    assert_eq!(stored, json!({"cluster": cluster, "method": "barmanObjectStore"}));
    let archiver = json!({"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": true});
    let plugins = json!([{"name": "another"}, archiver]);
    let archived = backup(&json!({"plugins": plugins, "backup": {"target": "primary"}}));
    let by = json!({"name": "barman-cloud.cloudnative-pg.io"});
    assert_eq!(archived, Ok(json!({"cluster": cluster, "method": "plugin", "pluginConfiguration": by})));
    for owner in
        [json!({}), json!({"snapshotOwnerReference": "none"}), json!({"snapshotOwnerReference": "backup"})]
    {
        let taken = backup(&json!({"backup": {"volumeSnapshot": owner}}));
        let cold = json!({"cluster": cluster, "method": "volumeSnapshot", "online": false});
        assert_eq!(taken, Ok(cold), "without WAL only one that is shut down is whole");
    }
}

#[test]
fn a_backup_that_would_not_outlive_the_cluster_is_none() {
    let owned = backup(&json!({"backup": {"volumeSnapshot": {"snapshotOwnerReference": "cluster"}}}));
    assert!(owned.is_err_and(|why| why.contains("snapshotOwnerReference")));
    let off = json!([{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": true, "enabled": false}]);
    for spec in [json!({}), json!({"backup": {"retentionPolicy": "60d"}}), json!({"plugins": off})] {
        assert!(backup(&spec).is_err_and(|why| why.contains("spec.backup")), "{spec}");
    }
}

#[test]
fn what_the_operator_says_of_a_backup_is_told() {
    let became = |status: Value| CloudNativePG.backed_up(&json!({"status": status}));
    let running = became(Value::Null);
    assert_eq!((running.phase, &*running.message), (BackupPhase::Running, "CloudNativePG has not begun yet"));
    for phase in ["pending", "started", "running", "finalizing"] {
        assert_eq!(became(json!({"phase": phase})).phase, BackupPhase::Running, "{phase}");
    }
    let waits = became(json!({"phase": "walArchivingFailing", "error": "no such bucket"}));
    assert_eq!(waits.message, "CloudNativePG says: walArchivingFailing: no such bucket");
    let failed = became(json!({"phase": "failed", "error": "no room", "reconciliationTerminatedAt": "then"}));
    assert_eq!(failed.phase, BackupPhase::Failed);
    assert_eq!((&*failed.message, &*failed.ended), ("CloudNativePG says: failed: no room", "then"));
    assert_eq!(became(json!({"phase": "invalid backup definition"})).phase, BackupPhase::Failed);
    assert_eq!(became(json!({"phase": "completed"})).phase, BackupPhase::Succeeded);
}

#[test]
fn a_class_that_names_a_config_map_has_the_published_images() {
    let map = json!({"kind": "ConfigMap", "data": {SPEC_KEY: "backup: {}"}});
    let class = Class { name: "gold".into(), parameters: map.to_string() };
    assert_eq!(super::super::images::versions(&class).expect("versions"), MAJORS);
    let object = crate::backend::operator::tests::object("shop", 1);
    let made = translation::wanted(&object, &class, &Value::Null, &[]).expect("it is accepted");
    assert_eq!(made[0]["spec"]["imageName"], "ghcr.io/cloudnative-pg/postgresql:18");
}
