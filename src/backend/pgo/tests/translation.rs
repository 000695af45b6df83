//! What becomes of each field, in Crunchy's words.

use super::*;
use crate::backend::crunchy::Crunchy;
use crate::backend::operator::tests::{self, exposed, object};
use crate::backend::{Login, Phase, Role as EndpointRole};
use databases_api::postgresql::{Database, Pooling, PoolingMode, PostgreSQL, Replication, ReplicationMode};
use databases_api::shared::{ObjectRef, RESTARTED_AT, Switch, Tls, TlsMode};

fn all(object: &PostgreSQL, live: &Value) -> Result<Vec<Value>, Refusal> {
    let class = Class::default();
    let installed = Installed { versions: vec!["18".into(), "17".into()], ..Installed::default() };
    let wish = Wish { live, ..tests::wish(object, &class, &installed) };
    Crunchy::default().wanted(&wish)
}

fn wanted(object: &PostgreSQL, live: &Value) -> Value {
    all(object, live).expect("it is accepted").remove(0)
}

fn made(object: &PostgreSQL) -> Value {
    wanted(object, &Value::Null)
}

fn refused(object: &PostgreSQL, live: &Value) -> String {
    all(object, live).expect_err("it is refused").message
}

fn owned(name: &str, owner: &str) -> Database {
    Database { name: name.into(), owner: owner.into(), extensions: Vec::new() }
}

#[test]
fn a_plain_database_says_little() {
    assert_eq!(
        made(&object("shop", 1)),
        json!({
            "apiVersion": "postgres-operator.crunchydata.com/v1beta1",
            "kind": "PostgresCluster",
            "metadata": {"name": "shop-1"},
            "spec": {
                "postgresVersion": 18,
                "instances": [{
                    "name": "pg", "replicas": 1,
                    "dataVolumeClaimSpec": {
                        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                    },
                }],
                "users": [{"name": "app", "databases": ["app"]}, {"name": "postgres"}],
            },
        })
    );
}

#[test]
fn versions_are_between_those_that_the_definition_admits() {
    let schema = json!({"properties": {"postgresVersion": {"minimum": 14, "maximum": 17}}});
    let versions = Crunchy::versions(&schema);
    assert_eq!(versions, ["17", "16", "15", "14"]);
    let offered = |versions| {
        let installed = Installed { versions, ..Installed::default() };
        Crunchy::default().offer(&Class::default(), &installed).expect("an offer")
    };
    assert_eq!(offered(versions).engines[0].versions, ["17", "16", "15"]);
    assert_eq!(offered(Vec::new()).refused.expect("it is refused").reason, "Unsupported");
}

#[test]
fn what_runs_keeps_its_version_and_one_that_is_not_offered_is_refused() {
    let mut object = object("shop", 1);
    let mut live = made(&object);
    live["spec"]["postgresVersion"] = 16.into();
    assert_eq!(wanted(&object, &live)["spec"]["postgresVersion"], 16);
    object.spec.instance.version = "17".into();
    assert!(refused(&object, &live).starts_with("spec.version"));
    assert_eq!(made(&object)["spec"]["postgresVersion"], 17);
    object.spec.instance.version = "16".into();
    assert!(refused(&object, &Value::Null).starts_with("spec.version"));
}

#[test]
fn poolers_are_told_of_and_served_once_they_are_ready() {
    let mut object = object("shop", 1);
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Session), instances: None });
    let mut live = made(&object);
    let pooler = json!({"replicas": 1, "config": {"global": {"pool_mode": "session"}}});
    assert_eq!(live["spec"]["proxy"], json!({"pgBouncer": pooler}));
    let leader = json!({"subsets": [{"addresses": [{}]}]});
    let mut pooled = |ready: u32, port: Option<u32>| {
        let servers = json!([{"name": "pg", "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}]);
        live["spec"]["proxy"]["pgBouncer"]["port"] = port.into();
        live["status"] = json!({
            "patroni": {"systemIdentifier": "7"}, "instances": servers,
            "proxy": {"pgBouncer": {"replicas": 1, "readyReplicas": ready}},
        });
        let seen = seen(&object, &live, &leader);
        let mut endpoints =
            seen.endpoints.into_iter().filter(|one| one.role == EndpointRole::PooledReadWrite);
        (endpoints.next().map(|endpoint| (endpoint.host, endpoint.port)), seen.pending)
    };
    let host = "shop-1-pgbouncer.default.svc.cluster.local".to_owned();
    assert_eq!(pooled(0, None), (None, Some("0 of 1 connection poolers are ready".into())));
    assert_eq!(pooled(1, None), (Some((host.clone(), 5432)), None));
    assert_eq!(pooled(1, Some(6432)), (Some((host, 6432)), None));
}

#[test]
fn what_the_object_says_has_fields_of_its_own() {
    let mut object = object("shop", 1);
    object.spec.instance.instances = Some(3);
    object.spec.instance.state = Some(State::Stopped);
    object.spec.instance.parameters = [("pg_stat_statements.max".into(), "10000".into())].into();
    object.spec.replication = Some(Replication { mode: Some(ReplicationMode::Synchronous) });
    object.spec.instance.tls = Some(Tls { mode: Some(TlsMode::Optional), ..Tls::default() });
    object.metadata.annotations.insert(RESTARTED_AT.into(), "now".into());
    let spec = &made(&object)["spec"];
    assert_eq!((&spec["instances"][0]["replicas"], &spec["shutdown"]), (&json!(3), &json!(true)));
    assert_eq!(spec["config"]["parameters"], json!({"pg_stat_statements.max": "10000"}));
    let patroni = json!({
        "synchronous_mode": true, "synchronous_mode_strict": true,
        "postgresql": {"pg_hba": ["host all all all scram-sha-256"]},
    });
    assert_eq!(spec["patroni"]["dynamicConfiguration"], patroni);
    assert_eq!(spec["metadata"]["annotations"], json!({RESTARTED_AT: "now"}));
    object.spec.instance.state = None;
    assert_eq!(wanted(&object, &made(&object))["spec"]["shutdown"], Value::Null);
    let live = json!({"spec": {"shutdown": true}});
    assert_eq!(wanted(&object, &live)["spec"]["shutdown"], false, "who says nothing is not left stopped");
}

#[test]
fn the_service_of_the_primary_is_as_the_object_says() {
    let network = json!({"type": "LoadBalancer", "annotations": {"example.com/a": "b"}});
    let service = json!({"type": "LoadBalancer", "metadata": {"annotations": {"example.com/a": "b"}}});
    assert_eq!(made(&exposed(&network))["spec"]["service"], service);
    let installed = Installed { versions: vec!["18".into()], ..Installed::default() };
    let offer = Crunchy::default().offer(&Class::default(), &installed).expect("an offer");
    assert!(!offer.features.contains(&RANGES.to_owned()), "the operator has no field for them");
}

#[test]
fn an_exporter_stands_beside_the_servers_where_metrics_are_asked_for() {
    let mut object = object("shop", 1);
    let plain = made(&object);
    let planned = |object: &PostgreSQL, live: &Value| {
        let (class, installed) = (Class::default(), Installed::default());
        let changes = Crunchy::default().upcoming(&Wish { live, ..tests::wish(object, &class, &installed) });
        changes.into_iter().flat_map(|change| change.fields).collect::<Vec<_>>()
    };
    tests::says_of_metrics(&mut object, Switch::Enabled);
    assert_eq!(planned(&object, &plain), ["spec.observability.metrics"]);
    let mut live = wanted(&object, &plain);
    assert_eq!(live["spec"]["monitoring"], json!({"pgmonitor": {"exporter": {}}}));
    assert!(planned(&object, &live).is_empty());
    tests::says_of_metrics(&mut object, Switch::Disabled);
    assert_eq!(planned(&object, &live), ["spec.observability.metrics"]);
    assert_eq!(wanted(&object, &live)["spec"]["monitoring"], Value::Null);
    let servers = json!([{"name": "pg", "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}]);
    live["status"] = json!({"patroni": {"systemIdentifier": "7"}, "instances": servers});
    let pending = seen(&object, &live, &Value::Null).pending.expect("somebody else asked for it");
    assert!(pending.contains("spec.monitoring.pgmonitor.exporter of PostgresCluster shop-1"), "{pending}");
}

#[test]
fn what_the_operator_cannot_do_is_refused_by_field() {
    let mut object = object("shop", 1);
    object.spec.instance.tls = Some(Tls { mode: Some(TlsMode::Disabled), ..Tls::default() });
    assert!(refused(&object, &Value::Null).starts_with("spec.tls.mode"));
    object.spec.instance.tls = None;
    for owner in ["App", "a_b", "-a", "ä"] {
        object.spec.databases = vec![owned("app", owner)];
        assert!(refused(&object, &Value::Null).starts_with("spec.databases[0].owner"), "{owner}");
    }
    object.spec.databases =
        (0..64).map(|number| owned(&format!("d{number}"), &format!("o{number}"))).collect();
    assert!(refused(&object, &Value::Null).starts_with("spec.databases"));
}

#[test]
fn an_adopted_cluster_is_told_only_what_the_object_says() {
    let mut object = object("shop", 1);
    object.spec.instance.adopt_ref = Some(ObjectRef { name: "old".into(), ..ObjectRef::default() });
    let live = json!({"spec": {
        "postgresVersion": 16, "shutdown": false, "port": 5433,
        "instances": [{"name": "instance1", "replicas": 2}, {"name": "more"}],
        "users": [{"name": "app", "databases": ["other", "app"], "options": "CREATEDB"}, {"name": "else"}],
    }});
    assert_eq!(
        wanted(&object, &live)["spec"],
        json!({
            "instances": [{
                "name": "instance1", "replicas": 2,
                "dataVolumeClaimSpec": {"resources": {"requests": {"storage": "1Gi"}}},
            }],
            "users": [{"name": "app", "databases": ["other", "app"]}, {"name": "postgres"}],
        })
    );
    let untold = json!({"spec": {"instances": [{"name": "instance1", "replicas": 2}]}});
    let usual = json!({"name": "shop-1", "databases": ["shop-1"]});
    assert_eq!(wanted(&object, &untold)["spec"]["users"][1], usual, "whom the operator made by itself stays");
}

fn seen(object: &PostgreSQL, live: &Value, endpoints: &Value) -> Observed {
    let evidence = [endpoints.clone()];
    let class = Class::default();
    let installed = Installed::default();
    let wish = Wish { live, evidence: &evidence, ..tests::wish(object, &class, &installed) };
    let logins = vec![Login { username: "app".into(), ..Login::default() }];
    Crunchy::default().seen(&Found {
        wish: &wish,
        domain: "cluster.local",
        logins,
        superuser: None,
        certificates: None,
    })
}

#[test]
fn a_status_is_read_back() {
    let mut object = object("shop", 1);
    object.spec.instance.instances = Some(2);
    let mut live = made(&object);
    live["metadata"]["generation"] = 3.into();
    assert_eq!(seen(&object, &live, &Value::Null).phase, Phase::Creating);
    let leader = json!({"metadata": {"annotations": {"leader": "shop-1-pg-abcd-0"}}, "subsets": [{"addresses": [{}]}]});
    let mut told = |ready: u32, change: Value, endpoints: &Value| {
        let servers = json!([{"name": "pg", "replicas": 2, "readyReplicas": ready, "updatedReplicas": 2}]);
        live["status"] = json!({
            "observedGeneration": 3, "patroni": {"systemIdentifier": "7"}, "instances": servers,
        });
        for (field, value) in change.as_object().into_iter().flatten() {
            live["status"][field] = value.clone();
        }
        seen(&object, &live, endpoints)
    };
    let ready = told(2, Value::Null, &leader);
    assert_eq!((ready.phase, &*ready.version, ready.pending), (Phase::Available, "18", None));
    assert_eq!((&*ready.primary, ready.instances, ready.ready_instances), ("shop-1-pg-abcd-0", 2, 2));
    assert!(ready.tls_required, "the operator does so by itself");
    let hosts: Vec<(EndpointRole, &str)> = ready.endpoints.iter().map(|one| (one.role, &*one.host)).collect();
    let wanted = [
        (EndpointRole::ReadWrite, "shop-1-primary.default.svc.cluster.local"),
        (EndpointRole::ReadOnly, "shop-1-replicas.default.svc.cluster.local"),
    ];
    assert_eq!(hosts, wanted);
    assert_eq!(told(2, Value::Null, &Value::Null).phase, Phase::NoPrimary);
    assert_eq!(told(0, Value::Null, &leader).phase, Phase::Failing);
    let paused = json!([{"type": "Progressing", "status": "False", "message": "paused"}]);
    for (ready, change, why) in [
        (1, Value::Null, "1 of 2"),
        (2, json!({"observedGeneration": 2}), "taken up"),
        (2, json!({"conditions": paused}), "paused"),
    ] {
        let pending = told(ready, change, &leader);
        assert!(
            pending.phase == Phase::Available && pending.pending.is_some_and(|said| said.contains(why)),
            "{why}"
        );
    }
}

#[test]
fn a_stopped_cluster_is_stopped_once_no_server_runs() {
    let mut object = object("shop", 1);
    object.spec.instance.state = Some(State::Stopped);
    let mut live = made(&object);
    live["status"] = json!({"instances": [{"name": "pg", "replicas": 1}]});
    assert_eq!(seen(&object, &live, &Value::Null).phase, Phase::Failing);
    live["status"]["instances"][0]["replicas"] = 0.into();
    let stopped = seen(&object, &live, &Value::Null);
    assert_eq!((stopped.phase, stopped.pending), (Phase::Stopped, None));
}

#[test]
fn what_a_change_of_servers_disturbs_is_found_among_their_fields() {
    let mut object = object("shop", 1);
    let mut live = made(&object);
    live["spec"]["instances"][0]["affinity"] = json!({"somebody's": true});
    let disturbs = |object: &PostgreSQL| {
        let class = Class::default();
        let installed = Installed::default();
        let wish = Wish { live: &live, ..tests::wish(object, &class, &installed) };
        Crunchy::default().disturbs("instances", &wish)
    };
    object.spec.instance.storage.size = Some("2Gi".parse().expect("a size"));
    assert_eq!(disturbs(&object), ("spec.storage.size".into(), Effect::Nothing));
    object.spec.instance.instances = Some(2);
    assert_eq!(disturbs(&object), ("spec.instances".into(), Effect::Nothing));
    object.spec.instance.resources = Some(Default::default());
    object
        .spec
        .instance
        .resources
        .as_mut()
        .expect("resources")
        .limits
        .insert("cpu".into(), "1".parse().expect("a cpu"));
    assert_eq!(disturbs(&object), ("spec.resources".into(), Effect::Switchover));
}
