//! What becomes of defaults when an object is written again.

use super::*;
use databases_api::shared::DeletionPolicy;

/// What becomes of a write over an object that was there.
fn written(spec: Value, old: &PostgreSQL, classes: &[DatabaseClass]) -> PostgreSQL {
    let mut new = database(spec);
    Hub::prepare_update(&mut new, old);
    if defaulting::is_left_open(&new, old) {
        defaulting::decide_again(&mut new, old, classes);
    }
    new
}

fn created(spec: Value, classes: &[DatabaseClass]) -> PostgreSQL {
    let mut object = database(spec);
    defaulting::resolve(&mut object, classes);
    object
}

/// A class that takes no object without a limit.
fn limiting() -> DatabaseClass {
    let mut class = gold();
    class
        .spec
        .limits
        .get_or_insert_default()
        .max_resources
        .insert("cpu".into(), "2".parse().expect("a quantity"));
    let accepted = apimachinery::meta::ConditionStatus::True;
    apimachinery::meta::set_condition(&mut class.status.conditions, "Accepted", accepted, "Accepted", "", 1);
    class
}

#[test]
fn the_manifest_of_a_creation_changes_nothing_when_it_is_written_again() {
    for class in [gold(), limiting()] {
        for spec in [
            json!({}),
            json!({"className": "gold"}),
            json!({"version": "16", "instances": 1, "storage": {"size": "1Gi"}}),
            json!({"deletionPolicy": "Forbid", "resources": {"requests": {"cpu": "1"}}}),
        ] {
            let old = created(spec.clone(), std::slice::from_ref(&class));
            // The class changed since, or is gone.
            let mut other = class.clone();
            other.spec.defaults.get_or_insert_default().instances = Some(5);
            other.spec.defaults.get_or_insert_default().deletion_policy = None;
            for classes in [vec![class.clone()], vec![other], vec![]] {
                let mut new = written(spec.clone(), &old, &classes);
                new.status = old.status.clone();
                assert_eq!(new, old, "{spec}");
            }
        }
    }
}

#[test]
fn what_is_stated_no_longer_is_the_classs_to_decide_and_then_that_of_the_static_defaults() {
    let stated = json!({
        "className": "gold", "version": "16", "instances": 2, "storage": {"size": "1Gi"}, "deletionPolicy": "Forbid",
        "resources": {"limits": {"cpu": "1"}},
    });
    let old = created(stated.clone(), &[limiting()]);
    let new = written(json!({"className": "gold"}), &old, &[limiting()]);
    let spec = &new.spec.instance;
    assert_eq!((spec.version.as_str(), spec.instances), ("17", Some(3)));
    assert_eq!(spec.storage.size.unwrap().to_string(), "10Gi");
    assert_eq!(spec.deletion_policy, Some(DeletionPolicy::Delete));
    assert_eq!(spec.resources.as_ref().unwrap().limits["cpu"].to_string(), "2");
    let recorded = &new.metadata.annotations[DEFAULTED];
    for field in ["spec.version", "spec.instances", "spec.resources.limits[cpu]"] {
        assert!(recorded.contains(&format!(r#""{field}":"DatabaseClass/gold""#)), "{recorded}");
    }
    let none = written(json!({"className": "gold", "version": "16"}), &created(stated, &[]), &[]);
    assert_eq!(none.spec.instance.instances, Some(1));
    assert_eq!(none.spec.instance.deletion_policy, Some(DeletionPolicy::Retain));
    assert_eq!(none.metadata.annotations.get(DEFAULTED), None);
}

#[test]
fn what_was_unset_stays_so_whatever_the_class_says_since() {
    let old = database(json!({"className": "gold", "instances": 2, "storage": {"size": "1Gi"}}));
    let new = written(json!({"className": "gold", "storage": {"size": "1Gi"}}), &old, &[gold()]);
    let spec = &new.spec.instance;
    assert_eq!((spec.instances, spec.version.as_str()), (Some(3), ""));
    assert!(spec.tls.is_none() && spec.deletion_policy.is_none(), "{spec:?}");
}

#[test]
fn who_changes_the_first_database_is_told_that_applications_are_bound_to_it() {
    let of = |databases: Value| database(json!({"className": "gold", "databases": databases}));
    let (a, b) = (json!({"name": "a", "owner": "a"}), json!({"name": "b", "owner": "b"}));
    let old = of(json!([a, b]));
    let told = |new: &PostgreSQL| allowance::warnings(&gold(), new, Some(&old)).join("; ");
    assert_eq!(told(&of(json!([a]))), "");
    assert_eq!(
        told(&of(json!([b, a]))),
        "spec.databases[0]: the Secret \"a-binding\" opens database \"b\" as \"b\" from now on, and no longer \"a\" as \"a\": the \
         first database is the one that applications are bound to"
    );
}

#[test]
fn a_name_with_a_control_character_is_refused_when_it_is_typed() {
    let spec = json!({"storage": {"size": "1Gi"}, "databases": [{"name": "a\nb", "owner": "c\td"}]});
    let mut errors = apimachinery::field::Errors::new();
    Hub::validate(&database(spec), &mut errors);
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "spec.databases[0].name: Invalid value: \"a\\nb\": must not contain control characters",
            "spec.databases[0].owner: Invalid value: \"c\\td\": must not contain control characters",
        ]
    );
}
