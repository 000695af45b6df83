//! Percona's operator as it is played, and what is its own.

use super::*;
use crate::backend::Phase;
use crate::backend::operator::tests::Player;
use crate::backend::operator::tests::{self, exposed, object};
use crate::backend::operator::{Dialect, Found, Installed, Wish};
use crate::backend::pgo::tests::Part;
use databases_api::postgresql::{Extension, Pooling, PoolingMode, PostgreSQL};

pub(in crate::backend) type Played = crate::backend::pgo::tests::Played<PerconaPGCluster>;

impl Part for PerconaPGCluster {
    const IMPLEMENTATION: &'static str = "percona-postgresql";

    fn backs_up() -> (&'static str, &'static str) {
        (
            "backups:\n  enabled: true\n  pgbackrest:\n    image: example.com/pgbackrest\n    repos:\n    - name: repo1\n      s3:\n        \
             bucket: backups\n        endpoint: s3.example.com\n        region: here\n",
            "backups:\n  enabled: false\n",
        )
    }

    fn backup_status(ended: &str, failed: Option<&str>) -> Value {
        let state = if failed.is_some() { "Failed" } else { "Succeeded" };
        json!({"state": state, "error": failed, "completed": ended})
    }

    fn own_status(main: &Value, inner: Value) -> Value {
        let servers = &inner["instances"][0];
        json!({
            "observedGeneration": main["metadata"]["generation"],
            "state": "ready",
            "postgres": {"size": servers["replicas"], "ready": servers["readyReplicas"]},
        })
    }
}

fn wanted(object: &PostgreSQL, class: &Class, live: &Value) -> Value {
    let installed = Installed { versions: vec!["18".into(), "17".into()], ..Installed::default() };
    let wish = Wish { live, ..tests::wish(object, class, &installed) };
    PerconaPostgreSQL::default().wanted(&wish).expect("it is accepted").remove(0)
}

fn imaged(data: &Value) -> Class {
    Class { name: "gold".into(), parameters: json!({"data": data}).to_string() }
}

#[test]
fn the_service_of_the_primary_is_as_the_object_says() {
    let network = json!({"type": "LoadBalancer", "allowedSourceRanges": ["10.0.0.0/8"], "annotations": {"example.com/a": "b"}});
    assert_eq!(
        wanted(&exposed(&network), &Class::default(), &Value::Null)["spec"]["expose"],
        json!({"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"], "annotations": {"example.com/a": "b"}})
    );
}

#[test]
fn images_are_those_of_the_class_and_what_runs_keeps_its_own() {
    let object = object("shop", 1);
    let usual = wanted(&object, &Class::default(), &Value::Null);
    let spec = &usual["spec"];
    let image = "docker.io/percona/percona-distribution-postgresql:18.4-1";
    assert_eq!(spec["image"], image);
    let class = imaged(
        &json!({"17": "registry.example.com/postgresql:17.1", "15": "registry.example.com/postgresql:15"}),
    );
    let own = &wanted(&object, &class, &Value::Null)["spec"];
    assert_eq!(
        (&own["postgresVersion"], &own["image"]),
        (&json!(17), &json!("registry.example.com/postgresql:17.1"))
    );
    assert_eq!(wanted(&object, &class, &usual)["spec"]["image"], image);
    let admitted = ["18".to_owned(), "17".to_owned()];
    assert_eq!(PerconaPGCluster::majors(&class, &admitted).expect("versions"), ["17"]);
    let refused =
        PerconaPGCluster::majors(&imaged(&json!({"latest": "x"})), &admitted).expect_err("no major");
    assert!(refused.message.contains("latest"), "{refused:?}");
}

#[test]
fn backups_are_off_where_nobody_says_otherwise_and_each_database_has_its_place() {
    let (object, installed) = (object("shop", 1), Installed::default());
    let usual = |class: &Class, live: &Value| {
        PerconaPGCluster::usual(&Wish { live, ..tests::wish(&object, class, &installed) })
    };
    let off = json!({"backups": {"enabled": false}});
    assert_eq!(usual(&Class::default(), &Value::Null), off);
    let live = json!({"spec": {"backups": {"enabled": true}}});
    assert_eq!(usual(&Class::default(), &live)["backups"]["enabled"], true, "somebody has them on");
    let class = imaged(&json!({SPEC_KEY: Played::backs_up().0}));
    assert_eq!(images(&class).expect("images"), published(), "who only says more keeps what was published");
    let paths = |live: &Value| usual(&class, live)["backups"]["pgbackrest"]["global"].clone();
    assert_eq!(paths(&Value::Null), json!({"repo1-path": "/pgbackrest/default/shop-1/repo1"}));
    let moved = json!({"repo1-path": "/elsewhere"});
    assert_eq!(paths(&json!({"spec": {"backups": {"pgbackrest": {"global": moved}}}})), moved);
}

#[test]
fn a_backup_is_made_into_a_repository_that_outlives_the_database() {
    let main = |finalizers: Value, backups: Value| json!({"metadata": {"name": "shop-1", "finalizers": finalizers}, "spec": {"backups": backups}});
    let repos = json!([{"name": "repo1", "volume": {}}, {"name": "repo2", "gcs": {"bucket": "backups"}}]);
    let there = json!({"pgbackrest": {"repos": repos}});
    let wanted = PerconaPGCluster::backup(&main(json!([]), there.clone()));
    assert_eq!(wanted, Ok(json!({"pgCluster": "shop-1", "repoName": "repo2"})));
    let on_a_volume = json!({"pgbackrest": {"repos": [repos[0]]}});
    for (finalizers, backups, why) in [
        (json!([DELETES_BACKUPS]), there, DELETES_BACKUPS),
        (Value::Null, on_a_volume, "in a bucket"),
        (Value::Null, json!({"enabled": false}), "spec.backups.enabled"),
    ] {
        assert!(PerconaPGCluster::backup(&main(finalizers, backups)).is_err_and(|said| said.contains(why)));
    }
}

#[test]
fn what_the_operator_says_of_a_backup_is_told() {
    let became = |status: Value| PerconaPGCluster::backed_up(&json!({"status": status}));
    for state in ["", "Starting", "Running"] {
        assert_eq!(became(json!({"state": state})).phase, BackupPhase::Running, "{state}");
    }
    let failed = became(json!({"state": "Failed", "error": "no room", "completed": "then"}));
    let why = "Percona Operator for PostgreSQL says: Failed: no room";
    assert_eq!((failed.phase, &*failed.message, &*failed.ended), (BackupPhase::Failed, why, "then"));
    assert_eq!(became(json!({"state": "Succeeded"})).phase, BackupPhase::Succeeded);
}

#[test]
fn a_deletion_takes_volumes_and_secrets_with_it() {
    let live = json!({"metadata": {"finalizers": ["somebody.example.com/waits", "percona.com/delete-ssl"]}});
    let all = json!(["somebody.example.com/waits", "percona.com/delete-ssl", "percona.com/delete-pvc"]);
    assert_eq!(PerconaPGCluster::ending(&live), Some(json!({"metadata": {"finalizers": all}})));
}

#[test]
fn what_runs_is_told_by_the_object_that_the_operator_makes() {
    let (object, class) = (object("shop", 1), Class::default());
    let mut live = wanted(&object, &class, &Value::Null);
    live["status"] = json!({"state": "ready", "observedGeneration": 1});
    let servers = json!([{"name": "pg", "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}]);
    let inner = json!({"status": {"patroni": {"systemIdentifier": "7"}, "instances": servers}});
    let leader = json!({"metadata": {"annotations": {"leader": "p"}}, "subsets": [{"addresses": [{}]}]});
    let evidence = [leader, inner];
    let installed = Installed::default();
    let wish = Wish { live: &live, evidence: &evidence, ..tests::wish(&object, &class, &installed) };
    let found = Found {
        wish: &wish,
        domain: "cluster.local",
        logins: Vec::new(),
        superuser: None,
        certificates: None,
    };
    let seen = PerconaPostgreSQL::default().seen(&found);
    assert_eq!((seen.phase, seen.ready_instances, &*seen.primary), (Phase::Available, 1, "p"));
}

#[test]
fn a_class_has_poolers_where_it_has_an_image_of_them() {
    let mut object = object("shop", 1);
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Session), instances: Some(2) });
    let usual = wanted(&object, &Class::default(), &Value::Null);
    assert_eq!(usual["spec"]["proxy"]["pgBouncer"]["image"], "docker.io/percona/percona-pgbouncer:1.25.1-1");
    let offers = |class: &Class| {
        let installed = Installed { versions: vec!["18".into()], ..Installed::default() };
        let offer = PerconaPostgreSQL::default().offer(class, &installed).expect("an offer");
        (
            offer.engines[0].versions.clone(),
            offer.features.iter().any(|name| name == "PostgreSQLConnectionPooling"),
        )
    };
    assert_eq!(offers(&imaged(&json!({"18": "a"}))), (vec!["18".into()], false));
    assert_eq!(offers(&imaged(&json!({"18": "a", "pgbouncer": "b"}))), (vec!["18".into()], true));
}

#[test]
fn an_extension_that_the_operator_knows_is_its_too_and_is_not_dropped() {
    let mut object = object("shop", 1);
    let mut listed = |names: &[&str]| {
        let extension = |name: &&str| Extension { name: (*name).into(), ..Extension::default() };
        object.spec.databases[0].extensions = names.iter().map(extension).collect();
        object.clone()
    };
    let builtin = |object: &PostgreSQL, live: &Value| {
        wanted(object, &Class::default(), live)["spec"]["extensions"]["builtin"].clone()
    };
    assert_eq!(builtin(&listed(&["pg_trgm"]), &Value::Null), Value::Null);
    let live = json!({"spec": {"extensions": {"builtin": {"pgvector": true, "pg_stat_monitor": true}}}});
    assert_eq!(builtin(&listed(&["pg_trgm"]), &live), json!({"pgvector": true, "pg_stat_monitor": true}));
    let rival = json!({"pgvector": true, "pg_stat_statements": true, "pg_stat_monitor": false});
    assert_eq!(builtin(&listed(&["pg_stat_statements"]), &live), rival);
    let both = listed(&["pg_stat_statements", "pg_stat_monitor"]);
    let (class, installed) =
        (Class::default(), Installed { versions: vec!["18".into()], ..Installed::default() });
    let wish = tests::wish(&both, &class, &installed);
    let refused = PerconaPostgreSQL::default().wanted(&wish).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.databases"), "{refused:?}");
}

#[test]
fn a_copy_is_restored_out_of_the_repository_and_forgets_it_once_it_was_made() {
    let mut object = tests::copy("shop", 1);
    let told = |object: &PostgreSQL, live: &Value, runs: &str| {
        let class = imaged(&json!({SPEC_KEY: Played::backs_up().0}));
        let installed = Installed { versions: vec!["18".into(), "17".into()], ..Installed::default() };
        let references = [tests::resolved("old-1", &PerconaPostgreSQL::MAIN, runs)];
        let builtin = json!({"pgvector": true, "pg_audit": false});
        let source = json!({"metadata": {"name": "old-1"}, "spec": {"extensions": {"builtin": builtin}}});
        let begins = json!({"spec": {"pgCluster": "old-1", "repoName": "repo2"}});
        let (source, begins) = if live.is_null() { (&source, &begins) } else { (&Value::Null, &Value::Null) };
        let wish = tests::wish(object, &class, &installed);
        let wish = Wish { live, references: &references, source, begins, ..wish };
        PerconaPostgreSQL::default().wanted(&wish).map(|mut objects| objects.remove(0))
    };
    let made = told(&object, &Value::Null, "17.10").expect("it is accepted");
    let (spec, from) = (&made["spec"], json!({"clusterName": "old-1", "repoName": "repo2"}));
    assert_eq!(
        (&spec["dataSource"], &spec["postgresVersion"]),
        (&json!({"postgresCluster": from}), &json!(17))
    );
    assert_eq!(spec["extensions"]["builtin"], json!({"pgvector": true}), "what its data needs stays");
    let again = told(&object, &made, "17.10").expect("it is accepted");
    assert_eq!(again["spec"]["dataSource"], spec["dataSource"], "it may not have begun yet");
    object.status.instance.version = "17.10".into();
    let kept = told(&object, &made, "17.10").expect("it is accepted");
    assert_eq!((&kept["spec"]["dataSource"], &kept["spec"]["postgresVersion"]), (&Value::Null, &json!(17)));
    let refused = told(&tests::copy("shop", 1), &Value::Null, "12.1").expect_err("nothing here runs it");
    assert_eq!(refused.reason, "UnsupportedVersion", "{refused:?}");
    assert!(refused.message.contains("no PostgreSQL 12"), "{refused:?}");
}
