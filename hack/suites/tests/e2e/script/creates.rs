//! What is created, and what is not.

use serde_json::json;
use suites::compared::{bad_owners, owner};

use super::changed;
use crate::replayed::Recorder;
use crate::target::JSON;

pub(super) async fn creates(recorder: &mut Recorder<'_>) {
    let plain = changed(recorder, "a", |_| ());
    recorder.ask("POST", "*", &[JSON], plain.clone()).await;
    recorder.ask("POST", "*", &[JSON], plain).await;
    let dry = changed(recorder, "dry", |_| ());
    for query in [
        "dryRun=All",
        "dryRun=Some",
        "dryRun=All&dryRun=All",
        "fieldValidation=Sometimes",
        "fieldManager=a%0Ab",
    ] {
        recorder.ask("POST", &format!("*?{query}"), &[JSON], dry.clone()).await;
    }
    let long = format!("*?fieldManager={}", "m".repeat(129));
    recorder.ask("POST", &long, &[JSON], dry.clone()).await;
    recorder.ask("POST", "*?pretty=true&dryRun=All", &[JSON], dry.clone()).await;
    let unknown = changed(recorder, "dry", |object| object["spec"]["nonsense"] = json!(1));
    for mode in ["Strict", "Warn", "Ignore"] {
        recorder.ask("POST", &format!("*?dryRun=All&fieldValidation={mode}"), &[JSON], unknown.clone()).await;
    }
    let twice = dry.replacen("\"kind\"", "\"kind\":\"Other\",\"kind\"", 1);
    recorder.ask("POST", "*?dryRun=All&fieldValidation=Strict", &[JSON], twice.clone()).await;
    recorder.ask("POST", "*?dryRun=All&fieldValidation=Warn", &[JSON], twice).await;
    for body in ["", "{", "[]", "null", "1", "{}", "{\"kind\":1}", "{\"metadata\":[]}", "\u{feff}{}"] {
        recorder.ask("POST", "*", &[JSON], body).await;
    }
    for content in [
        "text/plain",
        "application/yaml",
        "application/json; charset=utf-8",
        "application/vnd.kubernetes.protobuf",
        "a",
        "",
    ] {
        recorder.ask("POST", "*?dryRun=All", &[("content-type", content)], dry.clone()).await;
    }
    recorder.ask("POST", "*?dryRun=All", &[], dry.clone()).await;
    recorder.ask("POST", "*/a", &[JSON], dry).await;
    let group = recorder.target.kind.group;
    for (field, value) in [
        ("kind", "Other"),
        ("kind", ""),
        ("apiVersion", "v1"),
        ("apiVersion", ""),
        ("apiVersion", "a/b/c"),
        ("apiVersion", &format!("{group}/v9")),
    ] {
        let body = changed(recorder, "dry", |object| object[field] = json!(value));
        recorder.ask("POST", "*?dryRun=All", &[JSON], body).await;
    }
}

pub(super) async fn metadata(recorder: &mut Recorder<'_>) {
    let large = "v".repeat(262_145);
    let mut event = owner();
    event["kind"] = json!("Event");
    let mut cases = vec![
        ("name", json!("")),
        ("name", json!("a/b")),
        ("name", json!(".")),
        ("name", json!(1)),
        ("name", json!(null)),
        ("generateName", json!("generated-")),
        ("namespace", json!("other")),
        ("namespace", json!("")),
        ("resourceVersion", json!("1")),
        ("uid", json!("mine")),
        ("generation", json!(7)),
        ("creationTimestamp", json!("2020-01-02T03:04:05Z")),
        ("creationTimestamp", json!("yesterday")),
        ("deletionTimestamp", json!("2020-01-02T03:04:05Z")),
        ("deletionGracePeriodSeconds", json!(5)),
        ("selfLink", json!("/somewhere")),
        ("labels", json!({"a": 1})),
        ("labels", json!({"": "x"})),
        ("labels", json!({"a b": "x"})),
        ("labels", json!({"a/b/c": "x"})),
        ("labels", json!({"UPPER.example/ok": "x"})),
        ("labels", json!({"a": "-"})),
        ("labels", json!({"a": "v".repeat(64)})),
        ("labels", json!([])),
        ("annotations", json!({"Bad Key": "x"})),
        ("annotations", json!({"a": large})),
        ("finalizers", json!(["plain"])),
        ("finalizers", json!(["a b/c"])),
        ("finalizers", json!(["example.com/a", "example.com/a"])),
    ];
    cases.extend(bad_owners().into_iter().map(|owners| ("ownerReferences", owners)));
    cases.extend([
        ("ownerReferences", json!([event])),
        ("managedFields", json!([{"manager": "x"}])),
        ("managedFields", json!([{"manager": "x", "operation": "Replace", "fieldsType": "FieldsV1"}])),
        ("unheardOf", json!(1)),
    ]);
    for (field, value) in cases {
        let has_name = field != "generateName";
        let body = changed(recorder, "dry", |object| {
            object["metadata"][field] = value;
            if !has_name {
                object["metadata"].as_object_mut().expect("metadata").remove("name");
            }
        });
        recorder.ask("POST", "*?dryRun=All", &[JSON], body).await;
    }
}
