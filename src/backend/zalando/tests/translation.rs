//! What becomes of each field.

use super::*;
use crate::backend::operator::tests::{exposed, object};
use crate::backend::{Login, Phase, Role as EndpointRole};
use databases_api::postgresql::{
    Database, Pooling, PoolingMode, PostgreSQL, Replication, ReplicationMode, User,
};
use databases_api::shared::{LocalRef, ObjectRef, RESTARTED_AT, Scheduling, State, Tls, TlsMode};

/// What is found of an object, given what there is.
fn with<T>(object: &PostgreSQL, live: &Value, evidence: &[Value], look: impl FnOnce(&Wish<'_>) -> T) -> T {
    look(&Wish {
        object,
        class: &Class::default(),
        name: "shop-1",
        live,
        beside: &[],
        evidence,
        references: &[],
        source: &Value::Null,
        begins: &Value::Null,
        installed: &Installed { versions: vec!["17".into(), "16".into()], ..Installed::default() },
    })
}

fn wanted(object: &PostgreSQL, live: &Value) -> Result<Value, Refusal> {
    state(object, live, &Value::Null).1
}

fn state(object: &PostgreSQL, live: &Value, set: &Value) -> (Option<Value>, Result<Value, Refusal>) {
    let evidence = [Value::Null, Value::Null, set.clone()];
    let main = |wish: &Wish<'_>| Zalando.wanted(wish).map(|mut objects| objects.remove(0));
    with(object, live, &evidence, |wish| (Zalando.state(wish), main(wish)))
}

fn made(object: &PostgreSQL) -> Value {
    wanted(object, &Value::Null).expect("it is accepted")
}

fn scheduled(tree: &Value) -> PostgreSQL {
    let mut object = object("shop", 1);
    let (scheduling, _) = apimachinery::wire::json::decode_tree::<Scheduling>(tree).expect("a field");
    object.spec.instance.scheduling = Some(scheduling);
    object
}

#[test]
fn a_plain_database_says_little() {
    assert_eq!(
        made(&object("shop", 1)),
        json!({
            "apiVersion": "acid.zalan.do/v1",
            "kind": "postgresql",
            "metadata": {"name": "shop-1"},
            "spec": {
                "teamId": "shop",
                "numberOfInstances": 1,
                "postgresql": {"version": "17"},
                "users": {"app": []},
                "databases": {"app": "app"},
                "volume": {"size": "1Gi"},
            },
        })
    );
}

#[test]
fn versions_are_those_that_the_definition_lists() {
    let schema =
        json!({"properties": {"postgresql": {"properties": {"version": {"enum": ["9", "14", "17", "16"]}}}}});
    let versions = Zalando::versions(&schema);
    assert_eq!(versions, ["17", "16", "14", "9"]);
    let offered = |versions| {
        let installed = Installed { versions, ..Installed::default() };
        Zalando.offer(&Class::default(), &installed).expect("an offer")
    };
    assert_eq!(offered(versions).engines[0].versions[0], "17");
    assert_eq!(offered(Vec::new()).refused.expect("it is refused").reason, "Unsupported");
}

#[test]
fn what_runs_keeps_its_version() {
    let mut object = object("shop", 1);
    let mut live = made(&object);
    live["spec"]["postgresql"]["version"] = "16".into();
    assert_eq!(wanted(&object, &live).expect("it is accepted")["spec"]["postgresql"]["version"], "16");
    object.spec.instance.version = "17".into();
    let refused = wanted(&object, &live).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.version"), "{refused:?}");
}

#[test]
fn parameters_replication_and_more_databases_have_fields_of_their_own() {
    let mut object = object("shop", 1);
    object.spec.instance.instances = Some(3);
    object.spec.instance.parameters = [("pg_stat_statements.max".into(), "10000".into())].into();
    object.spec.replication = Some(Replication { mode: Some(ReplicationMode::Synchronous) });
    let stats = Database { name: "stats".into(), owner: "etl.owner".into(), ..Database::default() };
    object.spec.databases.push(stats);
    let spec = &made(&object)["spec"];
    assert_eq!(spec["numberOfInstances"], 3);
    assert_eq!(spec["postgresql"]["parameters"], json!({"pg_stat_statements.max": "10000"}));
    assert_eq!(spec["patroni"], json!({"synchronous_mode": true, "synchronous_mode_strict": true}));
    assert_eq!(spec["users"], json!({"app": [], "etl.owner": []}));
    assert_eq!(spec["databases"], json!({"app": "app", "stats": "etl.owner"}));
}

#[test]
fn the_primarys_service_is_reached_from_outside_by_whom_the_object_says() {
    let of = |network: Value| made(&exposed(&network))["spec"].clone();
    let balanced = of(json!({"type": "LoadBalancer", "annotations": {"example.com/a": "b"}}));
    let kinds =
        |spec: &Value| [spec["enableMasterLoadBalancer"].clone(), spec["enableMasterNodePort"].clone()];
    assert_eq!(kinds(&balanced), [true, false]);
    assert_eq!(balanced["allowedSourceRanges"], json!(["0.0.0.0/0"]), "of none it lets nobody in");
    assert_eq!(balanced["masterServiceAnnotations"], json!({"example.com/a": "b"}));
    let narrow = of(json!({"type": "LoadBalancer", "allowedSourceRanges": ["10.0.0.0/8"]}));
    assert_eq!(narrow["allowedSourceRanges"], json!(["10.0.0.0/8"]));
    let on_nodes = of(json!({"type": "NodePort"}));
    assert_eq!(
        (kinds(&on_nodes), &on_nodes["allowedSourceRanges"]),
        ([false.into(), true.into()], &Value::Null)
    );
    assert_eq!(kinds(&of(json!({"type": "ClusterIP"}))), [false, false]);
}

#[test]
fn labels_of_nodes_are_an_affinity() {
    let object = scheduled(&json!({"nodeSelector": {"disk": "ssd"}, "priorityClassName": "high"}));
    let spec = &made(&object)["spec"];
    let terms = json!([{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]);
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    assert_eq!(spec["nodeAffinity"], json!({required: {"nodeSelectorTerms": terms}}));
    assert_eq!(spec["podPriorityClassName"], "high");
}

#[test]
fn what_the_operator_cannot_do_is_refused_by_field() {
    let affinity =
        json!({"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}});
    let refused = wanted(&scheduled(&affinity), &Value::Null).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.scheduling.affinity.podAntiAffinity"), "{refused:?}");
    let mut object = object("shop", 1);
    let issuer = Some(ObjectRef { kind: "Issuer".into(), name: "ca".into(), ..ObjectRef::default() });
    for (tls, field) in [
        (Tls { mode: Some(TlsMode::Disabled), ..Tls::default() }, "spec.tls.mode"),
        (Tls { issuer_ref: issuer, ..Tls::default() }, "spec.tls.issuerRef"),
    ] {
        object.spec.instance.tls = Some(tls);
        let refused = wanted(&object, &Value::Null).expect_err("it is refused");
        assert!(refused.message.starts_with(field), "{refused:?}");
    }
}

#[test]
fn plain_connections_are_refused_unless_they_are_asked_for() {
    let mut object = object("shop", 1);
    let required = |object: &PostgreSQL| seen(object, &made(object), &[]).tls_required;
    assert!(required(&object), "the image does so by itself");
    object.spec.instance.tls = Some(Tls { mode: Some(TlsMode::Optional), ..Tls::default() });
    assert!(!required(&object));
    let reference = Some(LocalRef { name: "shop-tls".into() });
    object.spec.instance.tls =
        Some(Tls { mode: Some(TlsMode::Required), certificate_secret_ref: reference, ..Tls::default() });
    assert!(required(&object));
    let live = made(&object);
    assert_eq!(
        (&live["spec"]["tls"], &live["spec"]["spiloFSGroup"]),
        (&json!({"secretName": "shop-tls"}), &json!(103))
    );
    let authority = with(&object, &live, &[], |wish| Zalando.authority(wish));
    assert_eq!(authority, Some(("shop-tls".into(), "ca.crt")));
}

#[test]
fn an_adopted_cluster_is_told_only_what_the_object_says() {
    let mut object = object("shop", 1);
    object.spec.instance.adopt_ref = Some(ObjectRef { name: "old".into(), ..ObjectRef::default() });
    let live = json!({"spec": {
        "teamId": "acid", "numberOfInstances": 2, "postgresql": {"version": "14"}, "volume": {"size": "1Gi"},
        "users": {"app": ["createdb"], "other": []}, "databases": {"app": "app"},
    }});
    assert_eq!(
        wanted(&object, &live).expect("it is accepted")["spec"],
        json!({"numberOfInstances": 2, "users": {"app": ["createdb"]}, "databases": {"app": "app"}, "volume": {"size": "1Gi"}})
    );
}

#[test]
fn what_is_stopped_has_no_servers_and_keeps_its_volumes() {
    let mut object = object("shop", 1);
    object.spec.instance.instances = Some(2);
    let live = made(&object);
    object.spec.instance.state = Some(State::Stopped);
    let stop = json!({"spec": {"numberOfInstances": 0}});
    let (patch, wanted) = state(&object, &live, &Value::Null);
    let mut stopped = wanted.expect("it is accepted");
    assert_eq!((patch, &stopped["spec"]["numberOfInstances"]), (Some(stop), &json!(0)));
    let deletes = json!({"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}});
    let (patch, refused) = state(&object, &live, &deletes);
    assert_eq!(patch, None, "nothing is lost");
    assert!(refused.expect_err("it is refused").message.starts_with("spec.state"));
    stopped["status"] = json!({"PostgresClusterStatus": "Updating"});
    assert_eq!(seen(&object, &stopped, &[]).phase, Phase::Failing);
    stopped["status"] = json!({"PostgresClusterStatus": "Running"});
    let seen = seen(&object, &stopped, &[]);
    assert_eq!((seen.phase, seen.pending), (Phase::Stopped, None));
    object.spec.instance.state = None;
    let (patch, wanted) = state(&object, &stopped, &Value::Null);
    assert_eq!(
        patch,
        Some(json!({"spec": {"numberOfInstances": 2}})),
        "who says nothing is not left stopped"
    );
    assert_eq!(wanted.expect("it is accepted")["spec"]["numberOfInstances"], 2);
}

#[test]
fn a_restart_is_another_environment_and_what_others_said_in_it_stays() {
    let mut object = object("shop", 1);
    object.metadata.annotations.insert(RESTARTED_AT.into(), "now".into());
    let restarted = json!({"name": "DATABASES_RESTARTED_AT", "value": "now"});
    assert_eq!(made(&object)["spec"]["env"], json!([restarted]));
    let (theirs, plain) =
        (json!({"name": "a", "value": "b"}), json!({"name": "ALLOW_NOSSL", "value": "true"}));
    let mut live = made(&object);
    live["spec"]["env"] = json!([theirs, {"name": "DATABASES_RESTARTED_AT", "value": "before"}]);
    object.spec.instance.tls = Some(Tls { mode: Some(TlsMode::Optional), ..Tls::default() });
    assert_eq!(
        wanted(&object, &live).expect("it is accepted")["spec"]["env"],
        json!([theirs, plain, restarted])
    );
    object.spec.instance.tls = None;
    object.metadata.annotations.clear();
    assert_eq!(wanted(&object, &live).expect("it is accepted")["spec"]["env"], json!([theirs]));
    object.spec.instance.adopt_ref = Some(ObjectRef { name: "old".into(), ..ObjectRef::default() });
    live["spec"]["env"] = json!([theirs]);
    assert_eq!(wanted(&object, &live).expect("it is accepted")["spec"]["env"], Value::Null);
}

#[test]
fn poolers_are_told_of_and_served_once_they_are_ready() {
    let mut object = object("shop", 1);
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Transaction), instances: Some(2) });
    let mut live = made(&object);
    assert_eq!(live["spec"]["enableConnectionPooler"], true);
    assert_eq!(live["spec"]["connectionPooler"], json!({"mode": "transaction", "numberOfInstances": 2}));
    live["status"] = json!({"PostgresClusterStatus": "Running"});
    let behind = |count| json!({"subsets": [{"addresses": vec![json!({}); count]}]});
    let pooled = |ready| {
        let evidence = [behind(1), Value::Null, Value::Null, behind(ready)];
        let seen = seen(&object, &live, &evidence);
        let mut endpoints =
            seen.endpoints.into_iter().filter(|one| one.role == EndpointRole::PooledReadWrite);
        (endpoints.next().map(|endpoint| endpoint.host), seen.pending)
    };
    assert_eq!(pooled(1), (None, Some("1 of 2 connection poolers are ready".into())));
    assert_eq!(pooled(2), (Some("shop-1-pooler.default.svc.cluster.local".into()), None));
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Disabled), instances: Some(2) });
    assert_eq!(made(&object)["spec"]["enableConnectionPooler"], Value::Null);
}

#[test]
fn owners_and_whom_the_operator_knows_are_in_its_secrets_and_users_in_ours() {
    let mut object = object("shop", 1);
    object.spec.users = ["etl", "old"].map(|name| User { name: name.into(), ..User::default() }).into();
    let live = json!({"spec": {"users": {"app": [], "old": []}}});
    let roles = with(&object, &live, &[], |wish| Zalando.roles(wish));
    let roles: Vec<(&str, bool)> = roles.iter().map(|role| (&*role.secret, role.is_ours)).collect();
    let theirs = |name: &str| format!("{name}.shop-1.credentials.postgresql.acid.zalan.do");
    assert_eq!(roles, [(&*theirs("app"), false), ("shop-1-role-etl", true), (&*theirs("old"), false)]);
}

#[test]
fn a_deletion_is_as_the_operator_may_ask_for_it_and_leaves_no_secret() {
    let object = object("shop", 1);
    let live = json!({"metadata": {"name": "shop-1"}, "spec": {"users": {"old_user": []}}});
    let annotations = json!({"delete-date": "2026-01-31", "delete-clustername": "shop-1"});
    assert_eq!(Zalando.ending(&live, "2026-01-31"), Some(json!({"metadata": {"annotations": annotations}})));
    let left = with(&object, &live, &[], |wish| Zalando.leftovers(wish));
    let named = |role: &str| left.contains(&format!("{role}.shop-1.credentials.postgresql.acid.zalan.do"));
    assert!(["app", "old-user", "postgres", "standby"].into_iter().all(named), "{left:?}");
}

fn seen(object: &PostgreSQL, live: &Value, evidence: &[Value]) -> Observed {
    let login = Login { username: "app20260101".into(), user: "app".into(), ..Login::default() };
    let (superuser, certificates, domain) = (None, None, "cluster.local");
    with(object, live, evidence, |wish| {
        Zalando.seen(&Found { wish, domain, logins: vec![login], superuser, certificates })
    })
}

#[test]
fn a_status_is_read_back() {
    let mut object = object("shop", 1);
    object.spec.instance.instances = Some(2);
    let mut live = made(&object);
    assert_eq!(seen(&object, &live, &[]).phase, Phase::Creating);
    let behind = |names: &[&str]| {
        let addresses: Vec<Value> = names.iter().map(|name| json!({"targetRef": {"name": name}})).collect();
        json!({"subsets": [{"addresses": addresses}]})
    };
    let (primary, replica) = (behind(&["shop-1-1"]), behind(&["shop-1-0"]));
    let mut told = |status: &str, evidence: [&Value; 2]| {
        live["status"] = json!({"PostgresClusterStatus": status});
        seen(&object, &live, &evidence.map(Value::clone))
    };
    let nobody = &Value::Null;
    let ready = told("Running", [&primary, &replica]);
    assert_eq!((ready.phase, &*ready.version, &*ready.primary), (Phase::Available, "17", "shop-1-1"));
    assert_eq!((ready.instances, ready.ready_instances, ready.pending), (2, 2, None));
    let hosts: Vec<(EndpointRole, &str)> = ready.endpoints.iter().map(|one| (one.role, &*one.host)).collect();
    let wanted = [
        (EndpointRole::ReadWrite, "shop-1.default.svc.cluster.local"),
        (EndpointRole::ReadOnly, "shop-1-repl.default.svc.cluster.local"),
    ];
    assert_eq!(hosts, wanted);
    assert!(told("Running", [&primary, nobody]).pending.is_some_and(|why| why.contains("1 of 2")));
    assert_eq!(told("Running", [nobody, &replica]).phase, Phase::NoPrimary);
    assert_eq!(told("Running", [nobody, nobody]).phase, Phase::Failing);
    let failed = told("UpdateFailed", [&primary, &replica]);
    assert!(
        failed.phase == Phase::Available && failed.pending.is_some_and(|why| why.contains("UpdateFailed"))
    );
    assert_eq!(told("CreateFailed", [nobody, nobody]).phase, Phase::Creating);
}

#[test]
fn a_secret_that_the_operator_does_not_make_is_named() {
    let mut object = object("shop", 1);
    let mut live = made(&object);
    live["status"] = json!({"PostgresClusterStatus": "Running"});
    object.spec.databases.push(Database { name: "b".into(), owner: "etl_b".into(), ..Database::default() });
    let pending = seen(&object, &live, &[]).pending.expect("a Secret is missing");
    assert!(pending.contains("etl-b.shop-1.credentials.postgresql.acid.zalan.do"), "{pending}");
}
