//! Comparisons of two objects, with what the library of Kubernetes makes of them.

use super::super::{Comparison, Element, FieldSet, read};
use super::{SCHEMA, compare, entries, fields, text};
use serde_json::{Value, json};

#[test]
fn objects_are_compared_as_kubernetes_compares_them() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../testdata/compared.json")).unwrap();
    for case in &cases {
        let expected = ["added", "modified", "removed"].map(|key| {
            let set = case[key].as_str().unwrap();
            // Read and compact: Kubernetes leaves the escaping of `<` to who writes the whole object.
            fields(set).0.as_str().to_owned()
        });
        assert_eq!(compare(&text(&case["old"]), &text(&case["new"])), expected, "{}", case["name"]);
    }
}

#[test]
fn only_the_fields_that_count_are_compared() {
    let old = text(&json!({"metadata": {"name": "a", "labels": {"a": "b"}}, "spec": {"replicas": 1}}));
    let new = text(&json!({"metadata": {"name": "b"}, "spec": {"replicas": 2}, "status": {"replicas": 2}}));
    let compare = |counts: &dyn Fn(&[&str]) -> bool| {
        let Comparison { added, modified, removed } = Comparison::of(SCHEMA, &old, &new, counts);
        [added, modified, removed].map(|set| set.write().0.as_str().to_owned())
    };
    let only = |wanted: &'static str| move |path: &[&str]| path == [wanted];
    assert_eq!(compare(&only("status")), [r#"{"f:status":{".":{},"f:replicas":{}}}"#, "{}", "{}"]);
    assert_eq!(compare(&only("metadata")), ["{}", "{}", "{}"]);
    let labels = |path: &[&str]| path == ["metadata"] || path == ["metadata", "labels"];
    assert_eq!(compare(&labels), ["{}", "{}", r#"{"f:metadata":{"f:labels":{".":{},"f:a":{}}}}"#]);
}

#[test]
fn a_set_is_written_in_the_order_of_its_elements() {
    let given = r#"{"i:2":{},"v:true":{},"v:\"b\"":{},"v:10":{},"v:9":{},"k:{\"b\":1,\"a\":\"x\"}":{"f:y":{},".":{}},"f:z":null,"f:a":{}}"#;
    let fields = fields(given);
    let set = FieldSet::read(&fields).unwrap();
    let expected = r#"{"f:a":{},"f:z":{},"k:{\"a\":\"x\",\"b\":1}":{".":{},"f:y":{}},"v:9":{},"v:10":{},"v:\"b\"":{},"v:true":{},"i:2":{}}"#;
    assert_eq!(set.write().0.as_str(), expected);
    assert!(set.contains(&[Element::field("a")]) && !set.contains(&[Element::field("b")]));
    assert_eq!(set.len(), 9);
}

#[test]
fn elements_of_kinds_to_come_are_left_out_and_others_refused() {
    let unknown = fields(r#"{"x:later":{"f:a":{}},"f:spec":{"y:1":{}}}"#);
    let set = FieldSet::read(&unknown).unwrap();
    assert_eq!(set.write().0.as_str(), r#"{"f:spec":{}}"#);
    for refused in [
        r#"{"f":{}}"#,
        r#"{"spec":{}}"#,
        r#"{"f:spec":1}"#,
        r#"{"v:{":{}}"#,
        r#"{"k:1":{}}"#,
        r#"{"i:x":{}}"#,
        "[]",
    ] {
        assert!(FieldSet::read(&fields(refused)).is_err(), "{refused}");
    }
}

#[test]
fn entries_say_what_is_wrong_with_them() {
    let entry = |operation: &str, version: &str, format: &str, set: Value| {
        entries(
            &json!([{"manager": "m", "operation": operation, "apiVersion": version, "fieldsType": format, "fieldsV1": set}]),
        )
    };
    assert!(read(&entry("Update", "v1", "FieldsV1", json!({"f:spec": {}}))).is_ok());
    for (entries, expected) in [
        (entry("Merge", "v1", "FieldsV1", json!({})), "managedFields[0]: operation must be Apply or Update"),
        (entry("Apply", "", "FieldsV1", json!({})), "managedFields[0]: apiVersion must not be empty"),
        (entry("Apply", "v1", "", json!({})), "managedFields[0]: fieldsType must be FieldsV1, not \"\""),
        (
            entry("Apply", "v1", "FieldsV1", json!({"spec": {}})),
            "managedFields[0]: the set of fields cannot be read: \"spec\" is no part of a path",
        ),
    ] {
        assert_eq!(read(&entries).unwrap_err(), expected);
    }
}
