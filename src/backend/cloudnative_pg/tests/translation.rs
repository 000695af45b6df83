//! What becomes of each field.

use super::super::images::{MAJORS, version_of};
use super::*;
use crate::backend::operator::tests::{self, object};
use crate::backend::{Class, Observed, Phase, Role as EndpointRole};
use databases_api::postgresql::{
    Database, Extension, Pooling, PoolingMode, PostgreSQL, Replication, ReplicationMode, User, UserAttribute,
};
use databases_api::shared::{ObjectRef, State, Switch, Tls, TlsMode};
use serde_json::Value;

/// The objects that are wanted, of nothing or of what is there.
pub(super) fn wanted(
    object: &PostgreSQL,
    class: &Class,
    live: &Value,
    beside: &[Value],
) -> Result<Vec<Value>, Refusal> {
    CloudNativePG.wanted(&Wish { live, beside, ..tests::wish(object, class, &Installed::default()) })
}

pub(super) fn made(object: &PostgreSQL) -> Vec<Value> {
    wanted(object, &Class::default(), &Value::Null, &[]).expect("it is accepted")
}

pub(super) fn named<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects.iter().find(|object| object["kind"] == kind && object["spec"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name} in {objects:?}"))
}

fn served(kinds: &[&str]) -> Installed {
    Installed { served: kinds.iter().map(|kind| (*kind).to_owned()).collect(), ..Installed::default() }
}

fn catalog() -> Class {
    let catalog = json!({"metadata": {"name": "postgresql"}, "spec": {"images": [
        {"major": 16, "image": "registry.example.com/postgresql:16.9"},
        {"major": 17, "image": "registry.example.com/postgresql:17.5"},
    ]}});
    Class { name: "gold".into(), parameters: catalog.to_string() }
}

#[test]
fn a_plain_database_says_little() {
    let objects = made(&object("shop", 1));
    assert_eq!(
        objects[0],
        json!({
            "apiVersion": "postgresql.cnpg.io/v1",
            "kind": "Cluster",
            "metadata": {"name": "shop-1", "annotations": {}},
            "spec": {
                "instances": 1,
                "imageName": "ghcr.io/cloudnative-pg/postgresql:18",
                "bootstrap": {"initdb": {"database": "app", "owner": "app", "secret": {"name": "shop-1-role-app"}}},
                "storage": {"size": "1Gi"},
            },
        })
    );
    assert_eq!(objects.len(), 2, "the owner of the first database is made with it: {objects:?}");
    let database = named(&objects, "Database", "app");
    assert_eq!(
        (&database["spec"]["owner"], &database["spec"]["databaseReclaimPolicy"]),
        (&json!("app"), &json!("retain"))
    );
}

#[test]
fn versions_are_those_of_the_class() {
    let offered = |class: &Class| {
        CloudNativePG.offer(class, &served(&["databases", "databaseroles", "poolers"])).expect("an offer")
    };
    assert_eq!(offered(&Class::default()).engines[0].versions, MAJORS);
    assert_eq!(offered(&catalog()).engines[0].versions, ["17", "16"]);
    let older = CloudNativePG.offer(&Class::default(), &served(&["databases"])).expect("an offer");
    assert!(older.refused.expect("it is refused").message.contains("databaseroles.postgresql.cnpg.io"));
    let mut object = object("shop", 1);
    object.spec.instance.version = "16".into();
    let objects = wanted(&object, &catalog(), &Value::Null, &[]).expect("it is accepted");
    assert_eq!(objects[0]["spec"]["imageCatalogRef"]["major"], 16);
    object.spec.instance.version = "15".into();
    assert_eq!(
        wanted(&object, &catalog(), &Value::Null, &[]).expect_err("no image").reason,
        "UnsupportedVersion"
    );
}

#[test]
fn what_runs_keeps_its_image_and_its_beginning_whatever_the_class_says_by_now() {
    let mut object = object("shop", 1);
    let mut live = made(&object).remove(0);
    live["spec"]["imageName"] = "registry.example.com/postgresql:15".into();
    object.spec.databases[0].owner = "other".into();
    let objects = wanted(&object, &catalog(), &live, &[]).expect("it is accepted");
    assert_eq!(objects[0]["spec"]["imageName"], "registry.example.com/postgresql:15");
    assert_eq!(objects[0]["spec"]["bootstrap"]["initdb"]["owner"], "app");
    assert_eq!(named(&objects, "Database", "app")["spec"]["owner"], "other");
    assert_eq!(named(&objects, "DatabaseRole", "other")["spec"]["login"], true);
}

#[test]
fn parameters_libraries_and_replication_have_fields_of_their_own() {
    let mut object = object("shop", 1);
    let parameters =
        [("max_connections", "50"), ("shared_preload_libraries", "pg_stat_statements, auto_explain")];
    object.spec.instance.parameters = parameters.map(|(name, value)| (name.into(), value.into())).into();
    object.spec.instance.instances = Some(3);
    object.spec.replication = Some(Replication { mode: Some(ReplicationMode::Synchronous) });
    let cluster = &made(&object)[0]["spec"];
    assert_eq!(cluster["instances"], 3);
    assert_eq!(
        cluster["postgresql"],
        json!({
            "parameters": {"max_connections": "50"},
            "shared_preload_libraries": ["pg_stat_statements", "auto_explain"],
            "synchronous": {"method": "any", "number": 1},
        })
    );
}

#[test]
fn users_are_roles_and_who_is_listed_no_more_cannot_log_in() {
    let mut object = object("shop", 1);
    let extension = Extension { name: "pg_trgm".into(), version: "1.6".into(), ..Extension::default() };
    object.spec.databases.push(Database {
        name: "stats".into(),
        owner: "etl".into(),
        extensions: vec![extension],
    });
    let user =
        |name: &str, attributes| User { name: name.into(), attributes, databases: vec!["stats".into()] };
    object.spec.users =
        vec![user("App", vec![UserAttribute::CreateDB]), user("group", vec![UserAttribute::NoLogin])];
    let objects = made(&object);
    assert_eq!(
        named(&objects, "Database", "stats")["spec"]["extensions"],
        json!([{"name": "pg_trgm", "version": "1.6"}])
    );
    let app = &named(&objects, "DatabaseRole", "App")["spec"];
    assert_eq!(
        (&app["createdb"], &app["superuser"], &app["inRoles"]),
        (&json!(true), &json!(false), &json!(["etl"]))
    );
    let group = &named(&objects, "DatabaseRole", "group")["spec"];
    assert_eq!((&group["login"], &group["disablePassword"]), (&json!(false), &json!(true)));
    let class = Class::default();
    let installed = Installed::default();
    let wish = tests::wish(&object, &class, &installed);
    let roles: Vec<String> = CloudNativePG.roles(&wish).into_iter().map(|role| role.name).collect();
    assert_eq!(roles, ["app", "etl", "App"]);
    object.spec.users.clear();
    let live = made(&object).remove(0);
    let left = wanted(&object, &Class::default(), &live, &objects[1..]).expect("it is accepted");
    let app = &named(&left, "DatabaseRole", "App")["spec"];
    assert_eq!(
        (&app["login"], &app["disablePassword"], &app["superuser"]),
        (&json!(false), &json!(true), &Value::Null)
    );
}

#[test]
fn a_pooler_stands_beside_and_is_reached_once_it_runs() {
    let mut object = object("shop", 1);
    let pooling = |mode, instances| Some(Pooling { mode: Some(mode), instances });
    object.spec.pooling = pooling(PoolingMode::Disabled, None);
    assert!(made(&object).iter().all(|made| made["kind"] != "Pooler"));
    object.spec.pooling = pooling(PoolingMode::Transaction, Some(2));
    let objects = made(&object);
    let mut pooler = objects.iter().find(|made| made["kind"] == "Pooler").expect("a pooler").clone();
    assert_eq!(
        (&pooler["metadata"]["name"], &pooler["spec"]["pgbouncer"]["poolMode"], &pooler["spec"]["instances"]),
        (&json!("shop-1-pooler-rw"), &json!("transaction"), &json!(2))
    );
    let pooled = |pooler: &Value| {
        let seen = seen(&object, &objects[0], std::slice::from_ref(pooler));
        let endpoint = seen.endpoints.into_iter().find(|one| one.role == EndpointRole::PooledReadWrite);
        (endpoint.map(|one| one.host), seen.pending.is_some())
    };
    pooler["status"] = json!({"instances": 1});
    assert_eq!(pooled(&pooler), (None, true));
    pooler["status"] = json!({"instances": 2, "phase": "active"});
    assert_eq!(pooled(&pooler), (Some("shop-1-pooler-rw.default.svc.cluster.local".into()), false));
    pooler["status"] = json!({"instances": 2, "phase": "failed", "phaseReason": "no image"});
    assert_eq!(pooled(&pooler), (None, true));
}

#[test]
fn what_the_operator_cannot_do_is_refused_by_field() {
    let mut object = object("shop", 1);
    let issuer = Some(ObjectRef { kind: "Issuer".into(), name: "ca".into(), ..ObjectRef::default() });
    for (tls, field) in [
        (Tls { mode: Some(TlsMode::Disabled), ..Tls::default() }, "spec.tls.mode"),
        (Tls { issuer_ref: issuer, ..Tls::default() }, "spec.tls.issuerRef"),
    ] {
        object.spec.instance.tls = Some(tls);
        let refused = wanted(&object, &Class::default(), &Value::Null, &[]).expect_err("it is refused");
        assert!(refused.message.starts_with(field), "{refused:?}");
    }
    object.spec.instance.tls = Some(Tls { mode: Some(TlsMode::Required), ..Tls::default() });
    assert_eq!(made(&object)[0]["spec"]["postgresql"]["pg_hba"], json!(["hostnossl all all all reject"]));
    tests::says_of_metrics(&mut object, Switch::Disabled);
    let refused = wanted(&object, &Class::default(), &Value::Null, &[]).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.observability.metrics"), "{refused:?}");
    tests::says_of_metrics(&mut object, Switch::Enabled);
    made(&object);
}

#[test]
fn an_adopted_cluster_is_told_only_what_the_object_says() {
    let mut object = object("shop", 1);
    object.spec.instance.adopt_ref = Some(ObjectRef { name: "old".into(), ..ObjectRef::default() });
    let live = json!({"spec": {
        "instances": 3, "imageName": "x:16.4", "enableSuperuserAccess": true, "storage": {"size": "1Gi"},
        "bootstrap": {"initdb": {"database": "app", "owner": "app"}},
    }});
    let objects = wanted(&object, &Class::default(), &live, &[]).expect("it is accepted");
    assert_eq!(objects[0]["spec"], json!({"storage": {"size": "1Gi"}}));
    assert_eq!(objects[0]["metadata"]["annotations"], json!({}));
    let class = Class::default();
    let installed = Installed::default();
    let wish = Wish { name: "old", live: &live, ..tests::wish(&object, &class, &installed) };
    let roles = CloudNativePG.roles(&wish);
    assert_eq!((&*roles[0].secret, roles[0].is_ours), ("old-app", false), "its password stays what it is");
}

pub(super) fn seen(object: &PostgreSQL, live: &Value, beside: &[Value]) -> Observed {
    let class = Class::default();
    let installed = Installed::default();
    let wish = Wish { live, beside, ..tests::wish(object, &class, &installed) };
    tests::seen(&CloudNativePG, &wish)
}

#[test]
fn a_status_is_read_back() {
    let object = object("shop", 1);
    let mut live = made(&object).remove(0);
    assert_eq!(seen(&object, &live, &[]).phase, Phase::Creating);
    live["status"] = json!({
        "phase": "Cluster in healthy state", "instances": 2, "readyInstances": 1, "currentPrimary": "shop-1-1",
        "targetPrimary": "shop-1-1", "writeService": "shop-1-rw", "image": "x/postgresql:17.5-standard@sha256:00",
        "conditions": [{"type": "Ready", "status": "True"}],
    });
    live["spec"]["instances"] = 2.into();
    let ready = seen(&object, &live, &[]);
    assert_eq!((ready.phase, &*ready.version, &*ready.primary), (Phase::Available, "17.5", "shop-1-1"));
    let endpoints: Vec<(EndpointRole, &str)> =
        ready.endpoints.iter().map(|one| (one.role, &*one.host)).collect();
    let wanted = [
        (EndpointRole::ReadWrite, "shop-1-rw.default.svc.cluster.local"),
        (EndpointRole::ReadOnly, "shop-1-ro.default.svc.cluster.local"),
    ];
    assert_eq!(endpoints, wanted);
    let database = json!({"kind": "Database", "metadata": {"generation": 2}, "spec": {"name": "app"},
        "status": {"applied": false, "observedGeneration": 2, "message": "no such owner"}});
    let pending = seen(&object, &live, &[database]).pending.expect("something is pending");
    assert_eq!(pending, "CloudNativePG cannot apply Database app: no such owner");
    live["status"]["targetPrimary"] = "shop-1-2".into();
    assert_eq!(seen(&object, &live, &[]).phase, Phase::NoPrimary);
}

#[test]
fn a_hibernated_cluster_is_stopped_once_it_is() {
    let mut object = object("shop", 1);
    object.spec.instance.state = Some(State::Stopped);
    let mut live = made(&object).remove(0);
    assert_eq!(live["metadata"]["annotations"][HIBERNATION], "on");
    live["status"] = json!({"currentPrimary": "p", "targetPrimary": "p"});
    assert_ne!(seen(&object, &live, &[]).phase, Phase::Stopped);
    live["status"]["conditions"] = json!([{"type": HIBERNATION, "status": "True"}]);
    assert_eq!(seen(&object, &live, &[]).phase, Phase::Stopped);
    object.spec.instance.state = None;
    let woken = wanted(&object, &Class::default(), &live, &[]).expect("it is accepted");
    assert_eq!(
        woken[0]["metadata"]["annotations"][HIBERNATION], "off",
        "who says nothing is not left asleep"
    );
}

#[test]
fn versions_of_images_are_read_from_their_tags() {
    for (image, version) in [
        ("ghcr.io/cloudnative-pg/postgresql:17.5-minimal-bookworm", "17.5"),
        ("registry:5000/postgresql:16", "16"),
        ("registry:5000/postgresql", ""),
        ("x:18.0@sha256:17", "18.0"),
        ("x:latest", ""),
    ] {
        assert_eq!(version_of(image), version, "{image}");
    }
}
