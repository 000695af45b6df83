//! What becomes of each field.

use super::*;
use crate::backend::operator::tests::{self, object};
use databases_api::postgresql::{Database, PostgreSQL, Replication, ReplicationMode, User, UserAttribute};
use databases_api::shared::{LocalRef, ObjectRef, RESTARTED_AT, Switch, Tls, TlsMode};

pub(super) fn installed() -> Installed {
    let kinds = KubeDB::BESIDE.iter().chain(KubeDB::CATALOGS).chain([&KubeDB::MAIN]);
    let served = kinds.map(|kind| kind.plural.to_owned()).collect();
    let catalog = versions().into_iter().chain(pooler_versions()).collect();
    Installed { served, catalog, ..Installed::default() }
}

/// What is asked of the dialect about an object, of nothing or of what is there.
pub(super) fn asked<T>(
    object: &PostgreSQL,
    live: &Value,
    beside: &[Value],
    ask: impl FnOnce(&Wish<'_>) -> T,
) -> T {
    let (class, installed) = (Class::default(), installed());
    ask(&Wish { live, beside, ..tests::wish(object, &class, &installed) })
}

pub(super) fn wanted(object: &PostgreSQL, live: &Value, beside: &[Value]) -> Result<Vec<Value>, Refusal> {
    asked(object, live, beside, |wish| KubeDB.wanted(wish))
}

/// It as it runs once it was made.
pub(super) fn running(object: &PostgreSQL) -> Value {
    let mut live = wanted(object, &Value::Null, &[]).expect("it is accepted").remove(0);
    live["metadata"]["labels"]["databases.standard.k8s.io/uid"] = object.metadata.uid.clone().into();
    live["status"] = json!({"phase": "Ready"});
    live
}

fn plain() -> PostgreSQL {
    object("shop", 1)
}

pub(super) fn carried_out(mut request: Value) -> Value {
    request["status"] = json!({"phase": "Successful"});
    request
}

#[test]
fn a_plain_database_says_little() {
    let objects = wanted(&object("shop", 1), &Value::Null, &[]).expect("it is accepted");
    assert_eq!(
        objects,
        [json!({
            "apiVersion": "kubedb.com/v1",
            "kind": "Postgres",
            "metadata": {"name": "shop-1", "annotations": {}},
            "spec": {
                "version": "18.3",
                "replicas": 1,
                "standbyMode": "Hot",
                "storageType": "Durable",
                "storage": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                "deletionPolicy": "Halt",
            },
        })]
    );
}

#[test]
fn an_exporter_comes_and_goes_while_no_pods_run() {
    let mut object = plain();
    let mut live = running(&object);
    let agent = |object: &PostgreSQL, live: &Value| {
        wanted(object, live, &[]).map(|objects| objects[0]["spec"]["monitor"]["agent"].clone())
    };
    let refused = |object: &PostgreSQL, live: &Value| {
        let message = agent(object, live).expect_err("it is refused").message;
        assert!(message.starts_with("spec.observability.metrics"), "{message}");
    };
    tests::says_of_metrics(&mut object, Switch::Enabled);
    assert_eq!(agent(&object, &Value::Null), Ok("prometheus.io/builtin".into()));
    refused(&object, &live);
    live["spec"]["halted"] = true.into();
    assert_eq!(agent(&object, &live), Ok("prometheus.io/builtin".into()));
    live["spec"]["monitor"]["agent"] = "prometheus.io/operator".into();
    assert_eq!(agent(&object, &live), Ok("prometheus.io/operator".into()), "somebody else may collect them");
    tests::says_of_metrics(&mut object, Switch::Disabled);
    assert_eq!(agent(&object, &live), Ok(Value::Null));
    live["spec"]["halted"] = false.into();
    refused(&object, &live);
    object.spec.instance.observability = None;
    assert_eq!(agent(&object, &live), Ok("prometheus.io/operator".into()), "it stays");
}

#[test]
fn versions_are_those_that_are_installed_and_postgresql() {
    let offer = KubeDB.offer(&Class::default(), &installed()).expect("an offer");
    assert_eq!(offer.engines[0].versions, ["18.3", "17.10", "17.9", "16.4", "15.18", "14.2"]);
    assert!(offer.features.contains(&"PostgreSQLRestart".to_owned()));
    let without = Installed { served: Vec::new(), ..installed() };
    let offer = KubeDB.offer(&Class::default(), &without).expect("an offer");
    assert!(!offer.features.contains(&"PostgreSQLRestart".to_owned()), "nobody carries out requests");
    let nothing = KubeDB.offer(&Class::default(), &Installed::default()).expect("an offer");
    assert_eq!(nothing.refused.expect("it is refused").reason, "Unsupported");
    let mut object = object("shop", 1);
    for (asked, version) in [("17", "17.10"), ("17.9", "17.9"), ("1", ""), ("16.9", ""), ("19", "")] {
        object.spec.instance.version = asked.into();
        match wanted(&object, &Value::Null, &[]) {
            Ok(objects) => assert_eq!(objects[0]["spec"]["version"], version, "{asked}"),
            Err(refused) => assert_eq!((&*refused.reason, version), ("UnsupportedVersion", ""), "{asked}"),
        }
    }
}

#[test]
fn what_runs_keeps_its_version_until_another_one_is_asked_for() {
    let mut object = object("shop", 1);
    let mut live = running(&object);
    live["spec"]["version"] = "17.9".into();
    for kept in ["", "17", "17.9"] {
        object.spec.instance.version = kept.into();
        let objects = wanted(&object, &live, &[]).expect("it is accepted");
        assert_eq!((objects.len(), &objects[0]["spec"]["version"]), (1, &json!("17.9")), "{kept}");
    }
    object.spec.instance.version = "18".into();
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(objects[0]["spec"]["version"], "17.9", "the request changes it");
    assert_eq!(objects[1]["spec"]["updateVersion"], json!({"targetVersion": "18.3"}));
}

#[test]
fn what_runs_is_changed_by_one_request_at_a_time() {
    let mut object = object("shop", 1);
    let live = running(&object);
    object.spec.instance.storage.size = Some("2Gi".parse().expect("a size"));
    object.spec.instance.instances = Some(3);
    object.spec.instance.parameters = [("log_line_prefix".into(), "%m '\\".into())].into();
    let first = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(first.len(), 2);
    assert_eq!(first[0]["spec"], live["spec"], "nothing is said of it before it is so");
    assert_eq!(
        first[1]["spec"],
        json!({"databaseRef": {"name": "shop-1"}, "type": "VolumeExpansion", "apply": "Always",
            "volumeExpansion": {"postgres": "2Gi", "mode": "Online"}})
    );
    let fields = |live: &Value, beside: &[Value]| -> Vec<String> {
        let changes = asked(&object, live, beside, |wish| KubeDB.upcoming(wish));
        changes.into_iter().flat_map(|change| change.fields).collect()
    };
    assert_eq!(fields(&live, &[]), ["spec.storage.size", "spec.instances", "spec.parameters"]);
    let running = json!({"phase": "Progressing"});
    let mut under_way = first[1].clone();
    under_way["status"] = running;
    object.spec.instance.instances = Some(2);
    let second = wanted(&object, &live, &[under_way.clone()]).expect("it is accepted");
    assert_eq!(second[1], first[1], "nothing else is asked for meanwhile");
    let third = wanted(&object, &live, &[carried_out(first[1].clone())]).expect("it is accepted");
    assert_eq!(third[0]["spec"]["storage"]["resources"]["requests"]["storage"], "2Gi");
    assert_eq!(
        third[1]["spec"]["horizontalScaling"],
        json!({"replicas": 2, "streamingMode": "Asynchronous", "standbyMode": "Hot"})
    );
    let fourth = wanted(&object, &third[0], &[carried_out(third[1].clone())]).expect("it is accepted");
    assert_eq!(
        fourth[1]["spec"]["configuration"]["applyConfig"]["user.conf"],
        "log_line_prefix = '%m ''\\\\'\n"
    );
    let last = wanted(&object, &fourth[0], &[carried_out(fourth[1].clone())]).expect("it is accepted");
    assert_eq!(last.len(), 1);
    object.spec.instance.parameters.clear();
    let back = wanted(&object, &last[0], &[]).expect("it is accepted");
    assert_eq!(back[1]["spec"]["configuration"], json!({"removeCustomConfig": true, "restart": "auto"}));
}

#[test]
fn a_request_that_failed_is_left_to_be_read_and_told() {
    let mut object = object("shop", 1);
    let live = running(&object);
    object.spec.instance.instances = Some(3);
    let mut failed = wanted(&object, &live, &[]).expect("it is accepted").remove(1);
    failed["status"] =
        json!({"phase": "Failed", "conditions": [{"type": "Failed", "message": "no node has room"}]});
    let again = wanted(&object, &live, &[failed.clone()]).expect("it is accepted");
    assert_eq!(again[1]["metadata"], failed["metadata"], "it is not asked for again");
    let pending = asked(&object, &live, &[failed], ops::pending).expect("it is told");
    assert!(
        pending.contains("no node has room") && pending.contains("delete PostgresOpsRequest"),
        "{pending}"
    );
}

#[test]
fn a_restart_is_asked_for_once_for_every_new_value() {
    let mut object = object("shop", 1);
    object.metadata.annotations.insert(RESTARTED_AT.into(), "1".into());
    let live = running(&object);
    assert_eq!(
        wanted(&object, &live, &[]).expect("it is accepted").len(),
        1,
        "what was never up is not restarted"
    );
    object.metadata.annotations.insert(RESTARTED_AT.into(), "2".into());
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(objects[1]["spec"]["type"], "Restart");
    let done = wanted(&object, &live, &[carried_out(objects[1].clone())]).expect("it is accepted");
    assert_eq!(done.len(), 1);
    object.metadata.annotations.insert(RESTARTED_AT.into(), "3".into());
    let more = wanted(&object, &live, &[carried_out(objects[1].clone())]).expect("it is accepted");
    assert_ne!(more[1]["metadata"]["name"], objects[1]["metadata"]["name"]);
}

#[test]
fn changes_of_what_runs_are_refused_where_nobody_carries_out_requests() {
    let mut object = object("shop", 1);
    let live = running(&object);
    object.spec.instance.instances = Some(3);
    let (class, installed) = (Class::default(), Installed { served: Vec::new(), ..installed() });
    let wish = Wish { live: &live, ..tests::wish(&object, &class, &installed) };
    let refused = KubeDB.wanted(&wish).expect_err("it is refused");
    assert!(
        refused.message.starts_with("spec.instances") && refused.message.contains("ops-manager"),
        "{refused:?}"
    );
}

#[test]
fn other_containers_stay_beside_the_one_with_resources() {
    let mut object = object("shop", 1);
    let resources = json!({"limits": {"memory": "4Gi"}});
    let tree = json!({"metadata": {"name": "shop"}, "spec": {"storage": {"size": "1Gi"}, "resources": resources,
        "databases": [{"name": "app", "owner": "app"}]}});
    let (read, _) =
        apimachinery::wire::json::decode_tree::<databases_api::postgresql::V1>(&tree).expect("an object");
    let read: PostgreSQL = apimachinery::kind::WireVersion::into_hub(read);
    object.spec.instance.resources = read.spec.instance.resources;
    let mut live = running(&object);
    let containers = &mut live["spec"]["podTemplate"]["spec"]["containers"];
    assert_eq!(*containers, json!([{"name": "postgres", "resources": resources}]));
    containers[0]["securityContext"] = json!({"runAsUser": 70});
    containers[0]["resources"]["requests"] = json!({"cpu": "500m"});
    let both = json!([containers[0], {"name": "pg-coordinator"}]);
    *containers = both.clone();
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!((objects.len(), &objects[0]["spec"]["podTemplate"]["spec"]["containers"]), (1, &both));
}

#[test]
fn what_kubedb_cannot_do_is_refused_by_field() {
    let mut object = object("shop", 1);
    let named = |kind: &str| Some(ObjectRef { kind: kind.into(), name: "ca".into(), ..ObjectRef::default() });
    for (tls, field) in [
        (Tls { mode: Some(TlsMode::Required), ..Tls::default() }, "spec.tls.issuerRef"),
        (
            Tls { certificate_secret_ref: Some(LocalRef { name: "shop-tls".into() }), ..Tls::default() },
            "spec.tls.certificateSecretRef",
        ),
    ] {
        object.spec.instance.tls = Some(tls);
        let refused = wanted(&object, &Value::Null, &[]).expect_err("it is refused");
        assert!(refused.message.starts_with(field), "{refused:?}");
    }
    object.spec.instance.tls =
        Some(Tls { mode: Some(TlsMode::Required), issuer_ref: named("Issuer"), ..Tls::default() });
    let spec = &wanted(&object, &Value::Null, &[]).expect("it is accepted")[0]["spec"];
    assert_eq!(
        (&spec["sslMode"], &spec["tls"]),
        (
            &json!("require"),
            &json!({"issuerRef": {"apiGroup": "cert-manager.io", "kind": "Issuer", "name": "ca"}})
        )
    );
    let live = running(&object);
    object.spec.instance.tls = None;
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(objects[1]["spec"]["tls"], json!({"remove": true}));
    let mut object = plain();
    object.spec.replication = Some(Replication { mode: Some(ReplicationMode::Synchronous) });
    let refused = wanted(&object, &running(&plain()), &[]).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.replication.mode"), "{refused:?}");
}

#[test]
fn everybody_who_logs_in_has_a_secret_of_ours() {
    let mut object = object("shop", 1);
    object.spec.databases.push(Database { name: "stats".into(), owner: "etl".into(), ..Database::default() });
    let user = |name: &str, attributes| User { name: name.into(), attributes, ..User::default() };
    object.spec.users = vec![user("App", Vec::new()), user("group", vec![UserAttribute::NoLogin])];
    let roles = asked(&object, &Value::Null, &[], |wish| KubeDB.roles(wish));
    let named: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(named, ["app", "etl", "App"]);
    assert!(roles.iter().all(|role| role.is_ours));
    assert_eq!(roles[2].database, "app");
}

#[test]
fn an_adopted_postgres_is_told_only_what_the_object_says() {
    let mut object = object("shop", 1);
    object.spec.instance.adopt_ref = Some(ObjectRef { name: "old".into(), ..ObjectRef::default() });
    object.spec.instance.instances = Some(3);
    let live = json!({"spec": {
        "version": "16.4", "replicas": 3, "streamingMode": "Synchronous", "deletionPolicy": "Delete",
        "storage": {"resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "fast"},
        "configuration": {"inline": {"user.conf": "work_mem = '8MB'\n"}},
        "authSecret": {"name": "old-login"},
    }});
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    let storage = json!({"resources": {"requests": {"storage": "1Gi"}}});
    let spec = json!({"replicas": 3, "streamingMode": "Synchronous", "storage": storage});
    assert_eq!((objects.len(), &objects[0]["spec"]), (1, &spec));
    let administration =
        asked(&object, &live, &[], |wish| KubeDB.administration(wish)).expect("it is needed");
    assert_eq!(administration.secret, "old-login");
    assert_eq!(KubeDB.ending(&live, "2026-01-31"), Some(json!({"spec": {"deletionPolicy": "WipeOut"}})));
}
