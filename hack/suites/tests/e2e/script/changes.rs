//! Updates and patches.

use serde_json::{Value, json};

use super::changed;
use crate::replayed::Recorder;
use crate::target::{JSON, MERGE};

const JSON_PATCH: &str = "application/json-patch+json";

pub(super) async fn updates(recorder: &mut Recorder<'_>) {
    let stored = recorder.ask("GET", "*/a", &[], "").await.json();
    let with = |field: &str, value: Value| {
        let mut object = stored.clone();
        object["metadata"][field] = value;
        object.to_string()
    };
    recorder.ask("PUT", "*/a", &[JSON], stored.to_string()).await;
    recorder.ask("PUT", "*/a?dryRun=All", &[JSON], with("labels", json!({"new": "label"}))).await;
    for (field, value) in [
        ("resourceVersion", json!("1")),
        ("resourceVersion", json!("x")),
        ("resourceVersion", json!("")),
        ("name", json!("b")),
        ("name", json!("")),
        ("namespace", json!("other")),
        ("uid", json!("0a1b2c3d-0000-4000-8000-0123456789ab")),
        ("creationTimestamp", json!("2020-01-02T03:04:05Z")),
        ("generation", json!(9)),
        ("deletionTimestamp", json!("2020-01-02T03:04:05Z")),
        ("labels", json!({"a b": "x"})),
        ("finalizers", json!(["plain"])),
    ] {
        recorder.ask("PUT", "*/a?dryRun=All", &[JSON], with(field, value)).await;
    }
    recorder.ask("PUT", "*/none", &[JSON], with("name", json!("none"))).await;
    recorder.ask("PUT", "*/none", &[JSON], changed(recorder, "none", |_| ())).await;
    recorder.ask("PUT", "*", &[JSON], stored.to_string()).await;
    recorder.ask("PUT", "*/a", &[JSON], "").await;
    recorder.ask("PUT", "*/a", &[JSON], "{}").await;
    recorder.ask("PUT", "*/a?dryRun=x", &[JSON], stored.to_string()).await;
}

pub(super) async fn patches(recorder: &mut Recorder<'_>) {
    let merges = [
        "",
        "{",
        "[]",
        "null",
        "1",
        "{}",
        r#"{"metadata":null}"#,
        r#"{"metadata":{"name":"b"}}"#,
        r#"{"metadata":{"namespace":"other"}}"#,
        r#"{"metadata":{"resourceVersion":"1"}}"#,
        r#"{"metadata":{"uid":"0a1b2c3d-0000-4000-8000-0123456789ab"}}"#,
        r#"{"metadata":{"labels":{"a":1}}}"#,
        r#"{"metadata":{"labels":{"a b":"x"}}}"#,
        r#"{"kind":"Other"}"#,
        r#"{"apiVersion":"v1"}"#,
        r#"{"unheardOf":1}"#,
        r#"{"metadata":{"creationTimestamp":null}}"#,
    ];
    for patch in merges {
        recorder.ask("PATCH", "*/a?dryRun=All", &[("content-type", MERGE)], patch).await;
    }
    recorder
        .ask(
            "PATCH",
            "*/a?dryRun=All&fieldValidation=Strict",
            &[("content-type", MERGE)],
            r#"{"unheardOf":1}"#,
        )
        .await;
    recorder.ask("PATCH", "*/a?force=true", &[("content-type", MERGE)], "{}").await;
    recorder.ask("PATCH", "*/a?force=perhaps", &[("content-type", MERGE)], "{}").await;
    recorder.ask("PATCH", "*/none", &[("content-type", MERGE)], "{}").await;
    recorder.ask("PATCH", "*", &[("content-type", MERGE)], "{}").await;
    let operations = [
        "",
        "{}",
        "[]",
        "[1]",
        r#"[{"op":"add"}]"#,
        r#"[{"op":"dance","path":"/a"}]"#,
        r#"[{"op":"add","path":"metadata","value":1}]"#,
        r#"[{"op":"remove","path":"/metadata/labels/none"}]"#,
        r#"[{"op":"replace","path":"/metadata/labels/none","value":"x"}]"#,
        r#"[{"op":"add","path":"/metadata/none/deeper","value":1}]"#,
        r#"[{"op":"test","path":"/metadata/name","value":"b"}]"#,
        r#"[{"op":"test","path":"/metadata/none","value":"b"}]"#,
        r#"[{"op":"copy","from":"/none","path":"/metadata/labels"}]"#,
        r#"[{"op":"move","from":"/none","path":"/metadata/labels"}]"#,
        r#"[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]"#,
        r#"[{"op":"replace","path":"/metadata/name","value":"b"}]"#,
        r#"[{"op":"remove","path":"/metadata"}]"#,
        r#"[{"op":"replace","path":"","value":null}]"#,
    ];
    for patch in operations {
        recorder.ask("PATCH", "*/a?dryRun=All", &[("content-type", JSON_PATCH)], patch).await;
    }
    let many = format!("[{}]", vec![r#"{"op":"test","path":"/kind","value":"x"}"#; 10_001].join(","));
    recorder.ask("PATCH", "*/a", &[("content-type", JSON_PATCH)], many).await;
    for content in ["application/json", "text/plain", "", "application/merge-patch+json; charset=utf-8"] {
        recorder.ask("PATCH", "*/a?dryRun=All", &[("content-type", content)], "{}").await;
    }
    recorder.ask("PATCH", "*/a", &[], "{}").await;
}
