//! What a class may say, and what its defaults and limits may: what no object can have, no class may decide for it.

mod support;

use apimachinery::field::Errors;
use apimachinery::kind::Hub;
use databases_api::databaseclass::{self, DatabaseClass};
use databases_api::instance;
use serde_json::{Value, json};
use support::{changed, fresh, object};

fn spec(value: Value) -> Value {
    json!({"spec": value})
}

fn base() -> Value {
    json!({"metadata": {"name": "a"}, "spec": {"controllerName": "example.com/x"}})
}

#[test]
fn a_databaseclass_is_what_the_standard_allows() {
    let base = base();
    let controller = "must be domain/path, such as example.com/postgresql";
    let kinds: Vec<String> =
        instance::all().iter().map(|facts| format!("{:?}", facts.definition.kind)).collect();
    let kinds = kinds.join(", ");
    fresh(
        &databaseclass::DEFINITION,
        &base,
        &[
            (json!({}), ""),
            (
                spec(json!({"controllerName": ""})),
                "spec.controllerName: Required value: name who answers objects of this class, as domain/path",
            ),
            (
                spec(json!({"controllerName": "x"})),
                &format!("spec.controllerName: Invalid value: \"x\": {controller}"),
            ),
            (
                spec(json!({"controllerName": "Example.com/x"})),
                &format!("spec.controllerName: Invalid value: \"Example.com/x\": {controller}"),
            ),
            (
                spec(json!({"controllerName": "example.com/"})),
                &format!("spec.controllerName: Invalid value: \"example.com/\": {controller}"),
            ),
            (spec(json!({"defaultFor": ["PostgreSQL"]})), ""),
            (
                spec(json!({"defaultFor": ["DatabaseClass"]})),
                &format!(
                    "spec.defaultFor[0]: Unsupported value: \"DatabaseClass\": supported values: {kinds}"
                ),
            ),
            (
                spec(json!({"defaultFor": ["Oracle"]})),
                &format!("spec.defaultFor[0]: Unsupported value: \"Oracle\": supported values: {kinds}"),
            ),
            (
                spec(json!({"description": "x".repeat(65)})),
                "spec.description: Too long: may not be more than 64 bytes",
            ),
            (
                spec(json!({"unsupportedFieldPolicy": "Ignore"})),
                "spec.unsupportedFieldPolicy: Unsupported value: \"Ignore\": supported values: \"Reject\", \"Warn\"",
            ),
            (
                spec(json!({"allowedNamespaces": {"from": "Same"}})),
                "spec.allowedNamespaces.from: Unsupported value: \"Same\": supported values: \"All\", \"Selector\"",
            ),
            (spec(json!({"allowedNamespaces": {"from": "Selector", "selector": {}}})), ""),
            (
                spec(json!({"allowedNamespaces": {"from": "Selector"}})),
                "spec.allowedNamespaces.selector: Required value: from is Selector",
            ),
            (spec(json!({"parametersRef": {"kind": "ConfigMap", "name": "c", "namespace": "n"}})), ""),
            (
                spec(json!({"parametersRef": {"kind": "ConfigMap"}})),
                "spec.parametersRef.name: Required value",
            ),
        ],
    );
    changed(
        &databaseclass::DEFINITION,
        &base,
        &[
            (json!({}), spec(json!({"description": "new"})), ""),
            (
                json!({}),
                json!({"status": {"observedGeneration": -5}}),
                "status.observedGeneration: Invalid value: -5: must be greater than or equal to 0",
            ),
            (
                json!({}),
                json!({"status": {"conditions": [{"type": "Ready", "status": "True", "message": "", "reason": "",
                    "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}),
                "status.conditions[0].reason: Required value: must be set",
            ),
            (
                json!({}),
                spec(json!({"controllerName": "example.com/y"})),
                "spec.controllerName: Invalid value: \"example.com/y\": field is immutable",
            ),
        ],
    );
}

fn defaults(value: Value) -> Value {
    spec(json!({"defaults": value}))
}

fn limits(value: Value) -> Value {
    spec(json!({"limits": value}))
}

#[test]
fn defaults_and_limits_that_no_object_can_have_are_refused_in_the_words_of_the_object() {
    let small = "must be 128Mi or more: a new PostgreSQL takes half of that";
    let fraction = "must be a whole number of thousandths of a processor, such as 100m";
    let window = json!({"windows": [{"start": "25:00", "duration": "1h"}]});
    let both = json!({"certificateSecretRef": {"name": "c"}, "issuerRef": {"kind": "Issuer", "name": "i"}});
    let rows = [
        (defaults(json!({"storage": {"size": "1Gi"}, "instances": 3, "version": "17"})), String::new()),
        (defaults(json!({"storage": {"storageClassName": "fast"}})), String::new()),
        (
            defaults(json!({"storage": {"size": "-1Gi"}})),
            format!("spec.defaults.storage.size: Invalid value: \"-1Gi\": {small}"),
        ),
        (
            defaults(json!({"storage": {"size": "1n"}})),
            format!("spec.defaults.storage.size: Invalid value: \"1n\": {small}"),
        ),
        (
            defaults(json!({"instances": 1000})),
            "spec.defaults.instances: Invalid value: 1000: must be between 1 and 99".into(),
        ),
        (
            defaults(json!({"version": "latest"})),
            "spec.defaults.version: Invalid value: \"latest\": must be a version such as 17 or 17.6".into(),
        ),
        (
            defaults(json!({"resources": {"limits": {"cpu": "0.0501"}}})),
            format!("spec.defaults.resources.limits[cpu]: Invalid value: \"50100u\": {fraction}"),
        ),
        (
            defaults(json!({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}})),
            "spec.defaults.resources.requests[cpu]: Invalid value: \"2\": must be less than or equal to cpu limit of 1".into(),
        ),
        (
            defaults(json!({"maintenance": window})),
            "spec.defaults.maintenance.windows[0].start: Invalid value: \"25:00\": must be a time of day as HH:MM, such as 02:30"
                .into(),
        ),
        (defaults(json!({"tls": both})), "spec.defaults.tls.issuerRef: Forbidden: excludes certificateSecretRef".into()),
        (
            defaults(json!({"deletionPolicy": "Keep"})),
            "spec.defaults.deletionPolicy: Unsupported value: \"Keep\": supported values: \"Retain\", \"Delete\", \"Snapshot\", \"Forbid\""
                .into(),
        ),
        (limits(json!({"maxInstances": 3, "maxStorageSize": "1Ti", "maxResources": {"cpu": "8"}})), String::new()),
        (
            limits(json!({"maxStorageSize": "64Mi"})),
            format!("spec.limits.maxStorageSize: Invalid value: \"64Mi\": {small}"),
        ),
        (
            limits(json!({"maxInstances": -1})),
            "spec.limits.maxInstances: Invalid value: -1: must be between 1 and 99".into(),
        ),
        (
            limits(json!({"maxInstances": 0})),
            "spec.limits.maxInstances: Invalid value: 0: must be between 1 and 99".into(),
        ),
        (
            defaults(json!({"instances": 0})),
            "spec.defaults.instances: Invalid value: 0: must be between 1 and 99".into(),
        ),
        (
            limits(json!({"maxResources": {"cpu": "0.0501"}})),
            format!("spec.limits.maxResources[cpu]: Invalid value: \"50100u\": {fraction}"),
        ),
        (
            limits(json!({"maxResources": {"gpu": "1"}})),
            "spec.limits.maxResources[gpu]: Unsupported value: \"gpu\": supported values: \"cpu\", \"memory\"".into(),
        ),
        (
            spec(json!({"defaults": {"instances": 5}, "limits": {"maxInstances": 3}})),
            "spec.defaults.instances: Invalid value: 5: class \"a\" allows at most 3".into(),
        ),
        (
            spec(json!({"defaults": {"storage": {"size": "2Gi"}}, "limits": {"maxStorageSize": "1Gi"}})),
            "spec.defaults.storage.size: Invalid value: \"2Gi\": class \"a\" allows at most 1Gi".into(),
        ),
        (
            spec(json!({"defaults": {"resources": {"requests": {"cpu": "2"}}}, "limits": {"maxResources": {"cpu": "1"}}})),
            "spec.defaults.resources.requests[cpu]: Invalid value: \"2\": class \"a\" allows at most 1".into(),
        ),
    ];
    let rows: Vec<(Value, &str)> =
        rows.iter().map(|(change, fault)| (change.clone(), fault.as_str())).collect();
    fresh(&databaseclass::DEFINITION, &base(), &rows);
}

#[test]
fn what_was_wrong_in_a_class_before_is_not_held_against_a_change_of_something_else() {
    let wrong = json!({"defaults": {"storage": {"size": "1Mi"}}, "limits": {"maxInstances": 0}});
    let with = |more: Value| {
        let mut spec = wrong.clone();
        apimachinery::json_patch::merge(&mut spec, &more);
        json!({"spec": spec})
    };
    let small = "spec.defaults.storage.size: Invalid value: \"2Mi\": must be 128Mi or more: a new PostgreSQL takes half of that";
    changed(
        &databaseclass::DEFINITION,
        &base(),
        &[
            (with(json!({})), with(json!({"description": "new"})), ""),
            (
                with(json!({})),
                with(json!({"defaults": {"instances": 1}, "defaultFor": ["PostgreSQL"]})),
                "spec.defaults.instances: Invalid value: 1: class \"a\" allows at most 0",
            ),
            (with(json!({})), with(json!({"defaults": {"storage": {"size": "2Mi"}}})), small),
            (with(json!({})), with(json!({"defaults": null, "limits": null})), ""),
        ],
    );
}

fn class(change: Value) -> DatabaseClass {
    object(&databaseclass::DEFINITION, &base(), &change).downcast::<DatabaseClass>().expect("a class").clone()
}

#[test]
fn defaults_that_the_class_does_not_offer_are_found_by_its_status() {
    let unoffered = |defaults: Value, accepted: &str| {
        let condition = json!({"type": "Accepted", "status": accepted, "reason": "A", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let status = json!({
            "conditions": [condition],
            "engines": [{"kind": "PostgreSQL", "versions": [{"name": "17"}]}],
            "resources": [{"name": "cpu", "maxRequest": "2"}],
            "supportedFeatures": [{"name": "PostgreSQLReplicas"}],
        });
        let found =
            databaseclass::unoffered(&class(json!({"spec": {"defaults": defaults}, "status": status})));
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        unoffered(json!({"version": "17", "instances": 2, "storage": {"size": "1Gi"}}), "True"),
        [""; 0]
    );
    assert_eq!(
        unoffered(
            json!({"version": "12", "tls": {"mode": "Required"}, "resources": {"requests": {"cpu": "3"}}}),
            "True"
        ),
        [
            "spec.defaults.version: Unsupported value: \"12\": supported values: \"17\"",
            "spec.defaults.resources.requests[cpu]: Invalid value: \"3\": class \"a\" has no machine with more than 2: ask for less",
            "spec.defaults.tls.mode: feature \"PostgreSQLTLS\" is not supported by the class",
        ]
    );
    assert_eq!(
        unoffered(json!({"tls": {"mode": "Required"}}), "False"),
        [""; 0],
        "who offers nothing yet may offer it"
    );
}

#[test]
fn a_class_without_a_status_promises_nothing_and_lacks_nothing() {
    let defaults = json!({"version": "12", "tls": {"mode": "Required"}});
    let class = class(json!({"spec": {"defaults": defaults}}));
    assert_eq!(databaseclass::unoffered(&class), Errors::new());
    let mut faults = Errors::new();
    Hub::validate(&class, &mut faults);
    assert_eq!(faults, Errors::new());
}
