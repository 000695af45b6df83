//! Configurations laid over objects, as Kubernetes' mutating policies lay them.

use super::super::overlay;
use super::SCHEMA;
use serde_json::{Value, json};

fn object(spec: Value) -> Value {
    json!({"apiVersion": "wardle.example.com/v1", "kind": "Flunder", "metadata": {"name": "a"}, "spec": spec})
}

fn laid(config: Value) -> Result<Value, String> {
    let live = object(json!({
        "reference": "r", "tags": ["a"], "settings": {"x": "1"}, "parts": [{"name": "p", "weight": 1}], "zone": "z",
    }));
    overlay(SCHEMA, &live, &config).map(|mut object| object["spec"].take())
}

#[test]
fn what_a_configuration_says_is_added_and_the_rest_stays() {
    let config = object(json!({
        "tags": ["b"], "settings": {"y": "2"}, "parts": [{"name": "p", "weight": 2}, {"name": "q", "weight": 3}], "replicas": 4,
    }));
    let expected = json!({
        "reference": "r", "tags": ["a", "b"], "settings": {"x": "1", "y": "2"}, "zone": "z", "replicas": 4,
        "parts": [{"name": "p", "weight": 2}, {"name": "q", "weight": 3}],
    });
    assert_eq!(laid(config).unwrap(), expected);
}

#[test]
fn what_has_one_owner_as_a_whole_is_refused_by_its_path() {
    let start = "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ";
    for (spec, paths) in [
        (json!({"without": []}), ".spec.without"),
        (json!({"limits": {"a": "1"}}), ".spec.limits"),
        (
            json!({"selector": {"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}}),
            ".spec.selector, .spec.selector.matchExpressions, .spec.selector.matchExpressions[0].values",
        ),
    ] {
        assert_eq!(laid(object(spec)).unwrap_err(), format!("{start}{paths}"));
    }
    assert!(laid(object(json!({"without": null, "limits": null}))).is_ok());
}

#[test]
fn what_is_none_of_the_type_is_refused_in_the_words_of_an_apply() {
    let start = "failed to convert patch object to typed object: ";
    for (spec, why) in [
        (json!({"nothing": 1}), ".spec.nothing: field not declared in schema"),
        (json!({"replicas": "1"}), ".spec.replicas: expected numeric (int or float), got string"),
    ] {
        assert_eq!(laid(object(spec)).unwrap_err(), format!("{start}{why}"));
    }
}
