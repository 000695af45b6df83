//! What a class fills in and allows, which features an object needs, and what the draft's leftovers say.

mod again;
mod offered;

use apimachinery::kind::Hub;
use apimachinery::wire::json::decode_tree;
use databases_api::databaseclass::{self, DatabaseClass};
use databases_api::instance::Instance;
use databases_api::postgresql::{self, PostgreSQL};
use databases_api::{allowance, defaulting, features};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DEFAULTED: &str = "databases.standard.k8s.io/defaulted";

fn database(spec: Value) -> PostgreSQL {
    let tree = json!({"metadata": {"name": "a", "namespace": "b"}, "spec": spec});
    let (value, context) = decode_tree::<postgresql::V1>(&tree).expect("the row's types are right");
    assert!(context.problems().is_empty(), "{:?}", context.problems());
    let mut hub = apimachinery::kind::WireVersion::into_hub(value);
    Hub::default_fields(&mut hub);
    hub
}

fn class(tree: Value) -> DatabaseClass {
    let (value, context) = decode_tree::<databaseclass::V1>(&tree).expect("the row's types are right");
    assert!(context.problems().is_empty(), "{:?}", context.problems());
    apimachinery::kind::WireVersion::into_hub(value)
}

fn gold() -> DatabaseClass {
    class(json!({
        "metadata": {"name": "gold"},
        "spec": {
            "controllerName": "example.com/x",
            "defaultFor": ["PostgreSQL"],
            "defaults": {
                "instances": 3,
                "storage": {"size": "10Gi", "storageClassName": "fast"},
                "tls": {"mode": "Required"},
                "observability": {"metrics": "Enabled"},
                "deletionPolicy": "Delete"
            }
        },
        "status": {"engines": [{"kind": "PostgreSQL", "versions": [{"name": "16"}, {"name": "17", "default": true}]}]}
    }))
}

#[test]
fn a_class_that_an_update_leaves_out_is_kept() {
    let old = database(json!({"className": "gold", "storage": {"size": "1Gi"}}));
    let mut new = database(json!({"storage": {"size": "2Gi"}}));
    Hub::prepare_update(&mut new, &old);
    assert_eq!(new.spec.instance.class_name, "gold");
    let mut other = database(json!({"className": "silver"}));
    Hub::prepare_update(&mut other, &old);
    assert_eq!(other.spec.instance.class_name, "silver", "validation refuses that");
}

#[test]
fn a_deletion_under_way_can_be_told_to_keep_what_is_left_and_nothing_else() {
    let of = |policy: &str| {
        let mut object = database(json!({"deletionPolicy": policy}));
        object.metadata.deletion_timestamp = Some(apimachinery::time::Time::from_seconds(1));
        object
    };
    let refused = "spec.deletionPolicy: Forbidden: this object is being deleted: its policy can become Retain, which keeps what is \
                   still there, and nothing else";
    let waits = "spec.deletionPolicy: Forbidden: this object is being deleted: its policy can become Retain, which keeps what is \
                 still there, or Delete, which makes no backup, and nothing else";
    for (before, after, expected) in [
        ("Delete", "Retain", ""),
        ("Snapshot", "Retain", ""),
        ("Snapshot", "Delete", ""),
        ("Snapshot", "Forbid", waits),
        ("Delete", "Delete", ""),
        ("Retain", "Delete", refused),
        ("Retain", "Forbid", refused),
        ("Delete", "Snapshot", refused),
    ] {
        let mut errors = apimachinery::field::Errors::new();
        Hub::validate_update(&of(after), &of(before), &mut errors);
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(told.join("; "), expected, "{before} to {after}");
    }
    let mut silent = database(json!({}));
    Hub::prepare_update(&mut silent, &of("Delete"));
    assert_eq!(silent.spec.instance.deletion_policy, Some(databases_api::shared::DeletionPolicy::Delete));
}

#[test]
fn defaulting_twice_is_defaulting_once() {
    for spec in [
        json!({}),
        json!({"className": "gold"}),
        json!({"className": "unknown"}),
        json!({"version": "16", "instances": 1, "storage": {"size": "1Gi"}}),
        json!({"tls": {}, "observability": {"alerts": "Enabled"}, "deletionPolicy": "Forbid"}),
    ] {
        for classes in [vec![], vec![gold()]] {
            let mut once = database(spec.clone());
            defaulting::resolve(&mut once, &classes);
            let mut twice = once.clone();
            defaulting::resolve(&mut twice, &classes);
            assert_eq!(once, twice, "{spec}");
        }
    }
}

#[test]
fn what_is_taken_over_has_a_version_already() {
    let adopted = json!({"kind": "Secret", "name": "kept-binding"});
    let mut object = database(json!({"className": "gold", "adoptRef": adopted}));
    let mut defaults = gold();
    defaults.spec.defaults.get_or_insert_default().version = "16".into();
    defaulting::resolve(&mut object, &[defaults]);
    assert_eq!(object.spec.instance.version, "");
}

#[test]
fn where_a_default_came_from_is_added_to_what_stood_there() {
    let mut object = database(json!({"instances": 1, "version": "16"}));
    let before = r#"{"spec.pooling":"DatabaseDefaults/default"}"#;
    object.metadata.annotations.insert(DEFAULTED.into(), before.into());
    defaulting::resolve(&mut object, &[gold()]);
    let recorded: BTreeMap<String, String> =
        serde_json::from_str(&object.metadata.annotations[DEFAULTED]).expect("JSON");
    assert_eq!(recorded["spec.pooling"], "DatabaseDefaults/default");
    assert_eq!(recorded["spec.className"], "DatabaseClass/gold");
    assert_eq!(recorded["spec.storage.storageClassName"], "DatabaseClass/gold");
    assert!(!recorded.contains_key("spec.instances"), "{recorded:?}");
    assert!(!recorded.contains_key("spec.version"), "{recorded:?}");
}

#[test]
fn a_copy_that_was_changed_does_not_call_that_a_default() {
    let mut object = database(json!({"className": "gold", "instances": 5, "deletionPolicy": "Delete"}));
    let copied = r#"{"spec.instances":"DatabaseClass/gold","spec.deletionPolicy":"DatabaseClass/gold"}"#;
    object.metadata.annotations.insert(DEFAULTED.into(), copied.into());
    defaulting::resolve(&mut object, &[gold()]);
    let recorded: BTreeMap<String, String> =
        serde_json::from_str(&object.metadata.annotations[DEFAULTED]).expect("JSON");
    assert!(!recorded.contains_key("spec.instances"), "{recorded:?}");
    assert_eq!(recorded["spec.deletionPolicy"], "DatabaseClass/gold", "it is the class's, whoever wrote it");
}

#[test]
fn a_fault_in_what_a_class_decided_says_so_and_what_to_do() {
    let mut wrong = gold();
    let defaults = wrong.spec.defaults.get_or_insert_default();
    defaults.storage.get_or_insert_default().size = Some("1Mi".parse().expect("a quantity"));
    let text = |object: &PostgreSQL, old: Option<&PostgreSQL>| {
        let mut errors = apimachinery::field::Errors::new();
        match old {
            Some(old) => Hub::validate_update(object, old, &mut errors),
            None => Hub::validate(object, &mut errors),
        }
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let small = "spec.storage.size: Invalid value: \"1Mi\": must be 128Mi or more: a new PostgreSQL takes half of that";
    let origin = "; this is the default of class \"gold\": set spec.storage.size here, or change the class";
    let mut created = database(json!({"className": "gold"}));
    defaulting::resolve(&mut created, std::slice::from_ref(&wrong));
    assert_eq!(text(&created, None), format!("{small}{origin}"));
    let mut taken_up = database(json!({"className": "gold"}));
    let before = taken_up.clone();
    defaulting::resolve(&mut taken_up, &[wrong]);
    assert_eq!(text(&taken_up, Some(&before)), format!("{small}{origin}"));
    let mut later = database(json!({"className": "gold"}));
    defaulting::resolve(&mut later, &[gold()]);
    let mut shrunk = later.clone();
    shrunk.spec.instance.instances = Some(0);
    assert!(!text(&shrunk, Some(&later)).contains("default of class"), "{}", text(&shrunk, Some(&later)));
}

#[test]
fn a_class_answers_the_kinds_that_it_has_engines_for() {
    let other = json!({"metadata": {"name": "c"}, "spec": {"controllerName": "example.com/x"},
        "status": {"engines": [{"kind": "MySQL"}]}});
    let silent = json!({"metadata": {"name": "c"}, "spec": {"controllerName": "example.com/x"}});
    for (class, expected) in [
        (gold(), vec![]),
        (class(silent), vec![]),
        (class(other), vec!["spec.className: Forbidden: class \"c\" has no engine of this kind".to_owned()]),
    ] {
        let mut errors = Vec::new();
        allowance::check(&class, &database(json!({})), None, &BTreeMap::new(), &mut errors);
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }
}

fn needed(new: Value, old: Option<Value>) -> Vec<String> {
    let old = old.map(database);
    let uses = features::required(&database(new), old.as_ref().map(|old| old as &dyn Instance));
    uses.into_iter().map(|used| format!("{} {}", used.path, used.feature)).collect()
}

#[test]
fn a_field_that_is_set_needs_its_feature_and_its_default_does_not() {
    let none: [&str; 0] = [];
    assert_eq!(needed(json!({}), None), none);
    assert_eq!(
        needed(json!({"instances": 1, "state": "Running", "pooling": {"mode": "Disabled"}}), None),
        none
    );
    let blocks = ["scheduling", "maintenance", "pooling", "network", "observability", "backup", "tls"];
    for block in blocks {
        assert_eq!(needed(json!({block: {}}), None), none, "nothing is asked for in {block}");
    }
    let row = |spec: Value, expected: &str| assert_eq!(needed(spec, None), [expected]);
    row(json!({"instances": 2}), "spec.instances PostgreSQLReplicas");
    row(json!({"flavor": "x"}), "spec.flavor PostgreSQLFlavor");
    row(json!({"state": "Stopped"}), "spec.state PostgreSQLStop");
    row(json!({"network": {"type": "NodePort"}}), "spec.network.type PostgreSQLExternalAccess");
    row(json!({"pooling": {"mode": "Session"}}), "spec.pooling.mode PostgreSQLConnectionPooling");
    row(json!({"tls": {"mode": "Disabled"}}), "spec.tls.mode PostgreSQLTLS");
    row(json!({"deletionPolicy": "Snapshot"}), "spec.deletionPolicy PostgreSQLDeletionSnapshot");
    let source = |kind: &str| json!({"dataSourceRef": {"kind": kind, "name": "x"}});
    row(source("Secret"), "spec.dataSourceRef PostgreSQLImport");
    row(source("PostgreSQL"), "spec.dataSourceRef PostgreSQLClone");
    row(source("DatabaseBackup"), "spec.dataSourceRef PostgreSQLRestore");
    row(source("BackupRepository"), "spec.dataSourceRef PostgreSQLRestoreFromRepository");
    let extensions = json!({"databases": [{"name": "d", "owner": "o", "extensions": [{"name": "citext"}]}]});
    row(extensions, "spec.databases[0].extensions PostgreSQLExtensions");
}

#[test]
fn of_a_change_only_what_is_new_needs_its_feature() {
    let item = |name: &str| json!({"name": name, "owner": "o", "extensions": [{"name": name}]});
    let (maker, other) = (json!({"name": "u", "attributes": ["CreateDB"]}), json!({"name": "v"}));
    let before = json!({"databases": [item("a"), item("b")], "users": [&maker, &other]});
    let turned = json!({"databases": [item("b"), item("a")], "users": [&other, &maker]});
    assert_eq!(needed(turned, Some(before.clone())), [""; 0]);
    let more = json!({"databases": [item("c"), item("a"), item("b")], "users": before["users"]});
    let expected =
        ["spec.databases[0].extensions PostgreSQLExtensions", "spec.databases PostgreSQLMultipleDatabases"];
    assert_eq!(needed(more, Some(before)), expected);
    let size = |size: &str| json!({"storage": {"size": size}});
    let grown = ["spec.storage.size PostgreSQLStorageExpansion"];
    assert_eq!(needed(size("2Gi"), Some(size("1Gi"))), grown);
    assert_eq!(needed(size("1024Mi"), Some(size("1Gi"))), [""; 0]);
}

#[test]
fn leftovers_of_the_draft_are_warned_of() {
    let version = postgresql::DEFINITION.version("v1alpha1").expect("v1alpha1 is served");
    assert!(version.deprecated.is_some_and(|text| text.contains("v1alpha1 PostgreSQL is deprecated")));
    let warnings = |options: Value| {
        let tree = json!({"metadata": {"name": "a"}, "spec": {"options": options}});
        let (object, _) = (version.decode_tree)(&tree).expect("a draft");
        object.warnings()
    };
    assert_eq!(warnings(json!({"version": "17", "streamingMode": "synchronous"})), [""; 0]);
    assert_eq!(
        warnings(json!({"cachePercent": 25, "maxSQLMemoryPercent": 30, "standbyMode": "Hot"})),
        ["standbyMode", "cachePercent", "maxSQLMemoryPercent"]
            .map(|name| format!("spec.options.{name}: kept for v1alpha1, without effect"))
    );
}
