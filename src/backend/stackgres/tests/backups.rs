//! The backup before a deletion.

use super::*;
use crate::backend::BackupPhase;

#[test]
fn a_backup_is_made_where_backups_are_stored_and_is_kept() {
    let backup = |configurations: Value| {
        StackGres.backup(&json!({"metadata": {"name": "shop-1"}, "spec": {"configurations": configurations}}))
    };
    let stored = backup(json!({"backups": [{"sgObjectStorage": "store", "retention": 5}]}));
    assert_eq!(stored, Ok(json!({"sgCluster": "shop-1", "managedLifecycle": false})));
    for none in [json!({}), json!({"backups": []}), json!({"backups": [{"retention": 5}]})] {
        assert!(backup(none).is_err_and(|why| why.contains("sgObjectStorage")));
    }
}

#[test]
fn what_stackgres_says_of_a_backup_is_told() {
    let became = |process: Value| StackGres.backed_up(&json!({"status": {"process": process}}));
    for status in ["", "Pending", "Running"] {
        assert_eq!(became(json!({"status": status})).phase, BackupPhase::Running, "{status}");
    }
    let failed = became(json!({"status": "Failed", "failure": "no room", "timing": {"end": "then"}}));
    assert_eq!(failed.phase, BackupPhase::Failed);
    assert_eq!((&*failed.message, &*failed.ended), ("StackGres says: Failed: no room", "then"));
    assert_eq!(became(json!({"status": "Completed"})).phase, BackupPhase::Succeeded);
}
