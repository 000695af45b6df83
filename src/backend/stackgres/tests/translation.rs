//! What becomes of each field.

use super::*;
use crate::backend::operator::tests::{self, exposed, object};
use crate::backend::{Endpoint, Role as EndpointRole};
use apimachinery::core::ResourceRequirements;
use databases_api::postgresql::{Extension, Pooling, PoolingMode, PostgreSQL, Replication, ReplicationMode};
use databases_api::shared::{LocalRef, ObjectRef, RESTARTED_AT, Switch, Tls, TlsMode};

fn installed() -> Installed {
    let served = ["sgclusters", "sginstanceprofiles", "sgpgconfigs", "sgdbops"];
    Installed { served: served.map(str::to_owned).into(), ..Installed::default() }
}

/// What is asked of the dialect about an object, of nothing or of what is there.
fn asked<T>(object: &PostgreSQL, live: &Value, beside: &[Value], ask: impl FnOnce(&Wish<'_>) -> T) -> T {
    let (class, installed) = (Class::default(), installed());
    ask(&Wish { live, beside, ..tests::wish(object, &class, &installed) })
}

fn wanted(object: &PostgreSQL, live: &Value, beside: &[Value]) -> Result<Vec<Value>, Refusal> {
    asked(object, live, beside, |wish| StackGres.wanted(wish))
}

/// It as it runs once it was made, with what stands beside it.
fn running(object: &PostgreSQL) -> (Value, Vec<Value>) {
    let mut made = wanted(object, &Value::Null, &[]).expect("it is accepted");
    let mut live = made.remove(0);
    live["metadata"]["labels"]["databases.standard.k8s.io/uid"] = object.metadata.uid.clone().into();
    live["status"] =
        json!({"postgresVersion": "18.3", "podStatuses": [{"name": "shop-1-0", "primary": true}]});
    (live, made)
}

#[test]
fn a_plain_database_says_little() {
    let objects = wanted(&object("shop", 1), &Value::Null, &[]).expect("it is accepted");
    assert_eq!(
        objects,
        [json!({
            "apiVersion": "stackgres.io/v1",
            "kind": "SGCluster",
            "metadata": {"name": "shop-1", "annotations": {}},
            "spec": {
                "instances": 1,
                "postgres": {"version": "18"},
                "pods": {
                    "persistentVolume": {"size": "1Gi"},
                    "disableConnectionPooling": true,
                    "updateStrategy": {"type": "Always"},
                },
            },
        })]
    );
}

#[test]
fn a_restart_is_offered_where_operations_are_served() {
    let offers = |served: Vec<String>| {
        let offer = StackGres.offer(&Class::default(), &Installed { served, ..Installed::default() });
        offer.expect("an offer").features.contains(&"PostgreSQLRestart".to_owned())
    };
    assert!(offers(vec!["sgdbops".into()]) && !offers(vec!["sgclusters".into()]));
}

#[test]
fn resources_and_parameters_are_objects_of_their_own() {
    let mut object = object("shop", 1);
    let quantity = |text: &str| text.parse().expect("a quantity");
    object.spec.instance.resources = Some(ResourceRequirements {
        requests: [("cpu".into(), quantity("0.5")), ("memory".into(), quantity("1G"))].into(),
        limits: [("cpu".into(), quantity("2")), ("hugepages-2Mi".into(), quantity("64Mi"))].into(),
        ..ResourceRequirements::default()
    });
    object.spec.instance.parameters = [("work_mem".into(), "8MB".into())].into();
    let objects = wanted(&object, &Value::Null, &[]).expect("it is accepted");
    let spec = &objects[0]["spec"];
    assert_eq!(
        (&spec["sgInstanceProfile"], &spec["configurations"]["sgPostgresConfig"]),
        (&json!("shop-1"), &json!("shop-1"))
    );
    assert_eq!(
        objects[1]["spec"],
        json!({"cpu": "2", "memory": "954Mi", "hugePages": {"hugepages-2Mi": "64Mi"},
            "requests": {"cpu": "500m", "memory": "954Mi"}})
    );
    assert_eq!(objects[2]["spec"], json!({"postgresVersion": "18", "postgresql.conf": {"work_mem": "8MB"}}));
    let (live, beside) = running(&object);
    object.spec.instance.resources = None;
    object.spec.instance.parameters.clear();
    let again = wanted(&object, &live, &beside).expect("it is accepted");
    assert_eq!(again[1]["spec"], beside[0]["spec"], "what is not said any more stays");
    assert_eq!(again[2]["spec"]["postgresql.conf"], json!({}));
    let changes = asked(&object, &live, &beside, |wish| StackGres.upcoming(wish));
    assert_eq!(
        changes.iter().flat_map(|change| change.fields.clone()).collect::<Vec<_>>(),
        ["spec.parameters"]
    );
    let other = ResourceRequirements {
        limits: [("gpu".into(), quantity("1"))].into(),
        ..ResourceRequirements::default()
    };
    object.spec.instance.resources = Some(other);
    let refused = wanted(&object, &live, &beside).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.resources") && refused.message.contains("gpu"), "{refused:?}");
}

#[test]
fn metrics_are_exported_unless_they_are_not_wanted() {
    let mut object = object("shop", 1);
    let said = |object: &PostgreSQL| {
        let objects = wanted(object, &Value::Null, &[]).expect("it is accepted");
        objects[0]["spec"]["configurations"]["observability"].clone()
    };
    assert_eq!(said(&object), Value::Null);
    tests::says_of_metrics(&mut object, Switch::Disabled);
    assert_eq!(said(&object), json!({"disableMetrics": true}));
    tests::says_of_metrics(&mut object, Switch::Enabled);
    assert_eq!(said(&object), json!({"disableMetrics": false}));
}

#[test]
fn what_runs_keeps_its_version_and_goes_to_another_major_by_a_person() {
    let mut object = object("shop", 1);
    let (mut live, _) = running(&object);
    live["spec"]["postgres"]["version"] = "17".into();
    live["status"]["postgresVersion"] = "17.9".into();
    for (asked, said) in [("", "17"), ("17", "17"), ("17.9", "17"), ("17.10", "17.10")] {
        object.spec.instance.version = asked.into();
        let objects = wanted(&object, &live, &[]).expect("it is accepted");
        assert_eq!(objects[0]["spec"]["postgres"]["version"], said, "{asked}");
    }
    object.spec.instance.version = "18".into();
    let refused = wanted(&object, &live, &[]).expect_err("it is refused");
    assert!(
        refused.message.starts_with("spec.version") && refused.message.contains("SGDbOps"),
        "{refused:?}"
    );
    object.spec.instance.version = "9.6".into();
    let refused = wanted(&object, &Value::Null, &[]).expect_err("it is refused");
    assert_eq!(refused.reason, "UnsupportedVersion");
}

#[test]
fn extensions_are_installed_with_those_that_are() {
    let mut object = object("shop", 1);
    let extension = |name: &str, version: &str| Extension {
        name: name.into(),
        version: version.into(),
        ..Extension::default()
    };
    object.spec.databases[0].extensions =
        vec![extension("plpgsql", ""), extension("pg_trgm", "1.6"), extension("hstore", "")];
    let (mut live, _) = running(&object);
    let extensions = &mut live["spec"]["postgres"]["extensions"];
    assert_eq!(*extensions, json!([{"name": "pg_trgm", "version": "1.6"}, {"name": "hstore"}]));
    extensions[1]["publisher"] = "com.ongres".into();
    object.spec.databases[0].extensions = vec![extension("citext", "")];
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(
        objects[0]["spec"]["postgres"]["extensions"],
        json!([{"name": "pg_trgm", "version": "1.6"}, {"name": "hstore", "publisher": "com.ongres"}, {"name": "citext"}])
    );
    object.spec.databases[0].extensions.clear();
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(objects[0]["spec"]["postgres"]["extensions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_service_of_the_primary_is_as_the_object_says() {
    let network = json!({"type": "LoadBalancer", "allowedSourceRanges": ["10.0.0.0/8"], "annotations": {"example.com/a": "b"}});
    let spec = &wanted(&exposed(&network), &Value::Null, &[]).expect("it is accepted")[0]["spec"];
    let primary = json!({"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]});
    assert_eq!(spec["postgresServices"], json!({"primary": primary}));
    assert_eq!(spec["metadata"], json!({"annotations": {"primaryService": {"example.com/a": "b"}}}));
}

#[test]
fn what_stackgres_cannot_do_is_refused_by_field() {
    let mut object = object("shop", 1);
    let issuer = Some(ObjectRef { kind: "Issuer".into(), name: "ca".into(), ..ObjectRef::default() });
    for (tls, field) in [
        (Tls { mode: Some(TlsMode::Required), ..Tls::default() }, "spec.tls.mode"),
        (Tls { issuer_ref: issuer, ..Tls::default() }, "spec.tls.issuerRef"),
    ] {
        object.spec.instance.tls = Some(tls);
        let refused = wanted(&object, &Value::Null, &[]).expect_err("it is refused");
        assert!(refused.message.starts_with(field), "{refused:?}");
    }
    let own = Some(LocalRef { name: "shop-tls".into() });
    object.spec.instance.tls = Some(Tls { certificate_secret_ref: own, ..Tls::default() });
    object.spec.replication = Some(Replication { mode: Some(ReplicationMode::Synchronous) });
    let (live, _) = running(&object);
    assert_eq!(
        live["spec"]["postgres"]["ssl"]["privateKeySecretKeySelector"],
        json!({"name": "shop-tls", "key": "tls.key"})
    );
    assert_eq!(live["spec"]["replication"]["mode"], "sync");
    let authority = |live: &Value| asked(&object, live, &[], |wish| StackGres.authority(wish));
    assert_eq!(authority(&live), Some(("shop-tls".into(), "ca.crt")));
    assert_eq!(authority(&json!({"spec": {}})), Some(("shop-1-ssl".into(), "tls.crt")));
    assert_eq!(authority(&json!({"spec": {"postgres": {"ssl": {"enabled": false}}}})), None);
}

#[test]
fn a_restart_is_asked_for_once_for_every_new_value() {
    let mut object = object("shop", 1);
    object.metadata.annotations.insert(RESTARTED_AT.into(), "1".into());
    let (live, _) = running(&object);
    assert_eq!(
        wanted(&object, &live, &[]).expect("it is accepted").len(),
        1,
        "what was never up is not restarted"
    );
    object.metadata.annotations.insert(RESTARTED_AT.into(), "2".into());
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(
        (&objects[1]["spec"]["op"], &objects[0]["metadata"]),
        (&json!("restart"), &json!({"name": "shop-1", "annotations": live["metadata"]["annotations"]}))
    );
    let with = |condition: &str| {
        let mut operation = objects[1].clone();
        operation["status"] = json!({"conditions": [{"type": condition, "status": "True"}]});
        operation
    };
    let failed = [with("Failed")];
    assert_eq!(
        wanted(&object, &live, &failed).expect("it is accepted")[1]["metadata"],
        objects[1]["metadata"]
    );
    let pending = asked(&object, &live, &failed, beside::pending).expect("it is told");
    assert!(pending.contains("delete that"), "{pending}");
    let done = wanted(&object, &live, &[with("Completed")]).expect("it is accepted");
    assert_eq!(done.len(), 1);
    assert_ne!(done[0]["metadata"], objects[0]["metadata"], "it is remembered");
}

#[test]
fn an_adopted_cluster_is_told_only_what_the_object_says() {
    let mut object = object("shop", 1);
    object.spec.instance.adopt_ref = Some(ObjectRef { name: "old".into(), ..ObjectRef::default() });
    let mut live = json!({"spec": {
        "instances": 3, "postgres": {"version": "latest", "extensions": [{"name": "hstore"}]}, "sgInstanceProfile": "big",
        "pods": {"disableConnectionPooling": true, "persistentVolume": {"size": "1Gi"}},
    }, "status": {"postgresVersion": "17.9"}});
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    let spec = json!({"pods": {"persistentVolume": {"size": "1Gi"}}});
    assert_eq!((objects.len(), &objects[0]["spec"]), (1, &spec));
    live["spec"]["pods"]["disableConnectionPooling"] = false.into();
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(objects[0]["spec"], spec, "PgBouncer stays, and is of no use to the object");
    assert!(seen(&object, &live).endpoints.iter().all(|endpoint| endpoint.port == 5433));
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Disabled), instances: None });
    let objects = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(objects[0]["spec"]["pods"]["disableConnectionPooling"], true);
}

#[test]
fn pooling_is_beside_every_server_and_has_a_port_of_its_own() {
    let mut object = object("shop", 1);
    let direct = seen(&object, &running(&object).0).endpoints;
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Transaction), instances: None });
    let (mut live, _) = running(&object);
    let spec = &live["spec"];
    assert_eq!(spec["pods"]["disableConnectionPooling"], false);
    let said = json!({"pgBouncer": {"pgbouncer.ini": {"pgbouncer": {"pool_mode": "transaction"}}}});
    assert_eq!(spec["configurations"]["pooling"], said);
    let pooled = seen(&object, &live).endpoints;
    assert_eq!(pooled[..1], direct, "the address of the database stays what it is");
    let pooler = Endpoint { role: EndpointRole::PooledReadWrite, port: 5432, ..direct[0].clone() };
    assert_eq!(pooled[1..], [pooler]);
    live["status"]["conditions"] = json!([{"type": "PendingRestart", "status": "True"}]);
    assert_eq!(seen(&object, &live).endpoints, direct, "it is not there yet");
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Session), instances: Some(2) });
    let refused = wanted(&object, &Value::Null, &[]).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.pooling.instances"), "{refused:?}");
}

fn seen(object: &PostgreSQL, live: &Value) -> Observed {
    asked(object, live, &[], |wish| tests::seen(&StackGres, wish))
}

#[test]
fn a_status_is_read_back() {
    let mut object = object("shop", 1);
    object.spec.instance.instances = Some(2);
    let (mut live, _) = running(&object);
    let ready = seen(&object, &live);
    assert_eq!((ready.phase, &*ready.version, &*ready.primary), (Phase::Available, "18.3", "shop-1-0"));
    assert_eq!((ready.instances, ready.ready_instances), (2, 1));
    let hosts: Vec<&str> = ready.endpoints.iter().map(|endpoint| endpoint.host.as_str()).collect();
    assert_eq!(hosts, ["shop-1.default.svc.cluster.local", "shop-1-replicas.default.svc.cluster.local"]);
    live["status"]["podStatuses"][0]["primary"] = false.into();
    live["status"]["conditions"] = json!([
        {"type": "Failed", "status": "True", "message": "no such StorageClass"},
        {"type": "PendingRestart", "status": "True"},
    ]);
    let failed = seen(&object, &live);
    assert_eq!((failed.phase, failed.pending.is_some()), (Phase::Creating, true));
    assert!(failed.message.contains("no such StorageClass"), "{failed:?}");
    object.status.instance.version = "18.3".into();
    assert_eq!(seen(&object, &live).phase, Phase::NoPrimary);
}

#[test]
fn a_cluster_without_instances_is_stopped_once_its_pods_are_gone() {
    let mut object = object("shop", 1);
    object.spec.instance.state = Some(State::Stopped);
    let (mut live, _) = running(&object);
    assert_eq!(live["spec"]["instances"], 0);
    assert_ne!(seen(&object, &live).phase, Phase::Stopped);
    live["status"]["podStatuses"] = json!([]);
    assert_eq!(seen(&object, &live).phase, Phase::Stopped);
    object.spec.instance.state = None;
    let woken = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(woken[0]["spec"]["instances"], 1, "who says nothing is not left asleep");
}
