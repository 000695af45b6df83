//! Crunchy's PGO as it is played.

use super::*;
use crate::backend::operator::Installed;
use crate::backend::operator::tests;
use crate::backend::pgo::tests::Part;
use apimachinery::json_patch;

pub(in crate::backend) type Played = crate::backend::pgo::tests::Played<PostgresCluster>;

impl Part for PostgresCluster {
    const IMPLEMENTATION: &'static str = "crunchy";

    fn backs_up() -> (&'static str, &'static str) {
        (
            "backups:\n  pgbackrest:\n    repos:\n    - name: repo1\n      s3:\n        bucket: backups\n        endpoint: s3.example.com\n        \
             region: here\n",
            "openshift: false\n",
        )
    }

    /// With the backup that was asked for.
    fn own_status(main: &Value, mut inner: Value) -> Value {
        let id = &main["metadata"]["annotations"][BACKUP];
        if id.is_string() {
            let made =
                json!({"id": id, "finished": true, "succeeded": 1, "startTime": "2026-01-01T00:00:00Z"});
            inner["pgbackrest"] = json!({"manualBackup": made});
        }
        inner
    }
}

#[test]
fn a_backup_is_asked_for_on_what_has_a_repository_and_what_is_told_of_it_is_read() {
    let asked = PostgresCluster::asked(&json!({"spec": {"backups": {"pgbackrest": {"repos": []}}}}));
    assert!(asked.is_err_and(|why| why.contains("spec.backups.pgbackrest.repos")));
    let mut main = json!({"spec": {"backups": {"pgbackrest": {"repos": [{"name": "repo2", "volume": {}}]}}}});
    main["metadata"]["annotations"][BACKUP] = "somebody's".into();
    assert_eq!(PostgresCluster::asked(&main), Ok(None), "without a repository it asks for nothing");
    let patch = PostgresCluster::ask(&main, "copy-1");
    assert_eq!(patch["spec"]["backups"]["pgbackrest"]["manual"], json!({"repoName": "repo2"}));
    json_patch::merge(&mut main, &patch);
    let read =
        |main: &Value| PostgresCluster::asked(main).expect("it has a repository").expect("it is asked");
    let awaited = read(&main);
    assert_eq!((&*awaited.id, awaited.became.phase), ("copy-1", BackupPhase::Running));
    for (told, phase) in [
        (json!({"id": "before", "finished": true, "succeeded": 1}), BackupPhase::Running),
        (json!({"id": "copy-1", "finished": false, "active": 1}), BackupPhase::Running),
        (json!({"id": "copy-1", "finished": true, "failed": 7}), BackupPhase::Failed),
        (json!({"id": "copy-1", "finished": true, "failed": 1, "succeeded": 1}), BackupPhase::Succeeded),
    ] {
        main["status"] = json!({"pgbackrest": {"manualBackup": told}});
        assert_eq!((&*read(&main).id, read(&main).became.phase), ("copy-1", phase), "{main}");
    }
}

#[test]
fn a_repository_on_a_volume_has_its_usual_path() {
    let (object, installed) = (tests::object("shop", 1), Installed::default());
    let spec = "backups:\n  pgbackrest:\n    repos:\n    - name: repo1\n      volume: {}\n    - name: repo2\n      gcs:\n        bucket: b\n";
    let class = Class { name: "gold".into(), parameters: json!({"data": {"spec": spec}}).to_string() };
    let usual = PostgresCluster::usual(&tests::wish(&object, &class, &installed));
    let global = json!({"repo2-path": "/pgbackrest/default/shop-1/repo2"});
    assert_eq!(usual, json!({"backups": {"pgbackrest": {"global": global}}}));
    let nothing = PostgresCluster::usual(&tests::wish(&object, &Class::default(), &installed));
    assert_eq!(nothing, json!({}));
}
