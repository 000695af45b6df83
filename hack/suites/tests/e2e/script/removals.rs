//! Deletions, and paths that lead nowhere.

use serde_json::json;

use super::changed;
use crate::replayed::Recorder;
use crate::target::{JSON, MERGE};

pub(super) async fn deletes(recorder: &mut Recorder<'_>) {
    for options in [
        "{",
        "[]",
        r#"{"kind":"Other","apiVersion":"v1"}"#,
        r#"{"kind":"DeleteOptions","apiVersion":"v7","dryRun":["All"]}"#,
        r#"{"propagationPolicy":"Sideways"}"#,
        r#"{"propagationPolicy":"Orphan","orphanDependents":true}"#,
        r#"{"preconditions":{"uid":"0a1b2c3d-0000-4000-8000-0123456789ab"}}"#,
        r#"{"preconditions":{"resourceVersion":"1"}}"#,
        r#"{"dryRun":["Some"]}"#,
        r#"{"dryRun":["All"]}"#,
        r#"{"gracePeriodSeconds":-5,"dryRun":["All"]}"#,
        r#"{"gracePeriodSeconds":"x"}"#,
        r#"{"unheardOf":1,"dryRun":["All"]}"#,
    ] {
        recorder.ask("DELETE", "*/a", &[JSON], options).await;
    }
    for query in [
        "dryRun=Some",
        "dryRun=All",
        "propagationPolicy=Sideways",
        "gracePeriodSeconds=x",
        "orphanDependents=maybe&dryRun=All",
        "propagationPolicy=Orphan&orphanDependents=true&dryRun=All",
    ] {
        recorder.ask("DELETE", &format!("*/a?{query}"), &[], "").await;
    }
    recorder.ask("DELETE", "*/none", &[], "").await;
    recorder.ask("DELETE", "*/a", &[("content-type", "text/plain")], "{}").await;
    let kept = r#"{"metadata":{"finalizers":["example.com/kept"]}}"#;
    recorder.ask("PATCH", "*/a", &[("content-type", MERGE)], kept).await;
    recorder.ask("DELETE", "*/a", &[], "").await;
    recorder.ask("DELETE", "*/a", &[], "").await;
    recorder
        .ask(
            "PATCH",
            "*/a",
            &[("content-type", MERGE)],
            r#"{"metadata":{"finalizers":["example.com/kept","example.com/more"]}}"#,
        )
        .await;
    recorder
        .ask("PATCH", "*/a", &[("content-type", MERGE)], r#"{"metadata":{"deletionTimestamp":null}}"#)
        .await;
    recorder.ask("PATCH", "*/a", &[("content-type", MERGE)], r#"{"metadata":{"finalizers":null}}"#).await;
    recorder.ask("GET", "*/a", &[], "").await;
    for name in ["one", "two"] {
        let body = changed(recorder, name, |object| object["metadata"]["labels"] = json!({"number": name}));
        recorder.ask("POST", "*", &[JSON], body).await;
    }
    recorder.ask("DELETE", "*/one", &[JSON], r#"{"propagationPolicy":"Foreground","dryRun":["All"]}"#).await;
    recorder.ask("DELETE", "*?labelSelector=a+in", &[], "").await;
    recorder.ask("DELETE", "*?dryRun=All", &[], "").await;
    recorder.ask("DELETE", "*?labelSelector=number%3Done", &[], "").await;
    recorder.ask("DELETE", "*?limit=1", &[], "").await;
    recorder.ask("DELETE", "*", &[], "").await;
}

pub(super) async fn paths(recorder: &mut Recorder<'_>) {
    let kind = recorder.target.kind;
    let version = format!("/apis/{}/{}", kind.group, kind.version);
    for path in [
        format!("{version}/nothing"),
        format!("{version}/namespaces"),
        format!("{version}/namespaces/x"),
        format!("{version}//{}", kind.plural),
        format!("{version}/{}/a", kind.plural),
        format!("/apis/{}/v9", kind.group),
        format!("/apis/{}/v9/{}", kind.group, kind.plural),
        format!("{version}/watch/{}?timeoutSeconds=1&resourceVersion=x", kind.plural),
    ] {
        recorder.ask("GET", &path, &[], "").await;
    }
    for path in ["*/a/nothing", "*/a/nothing/more", "*/", "*/a/"] {
        recorder.ask("GET", path, &[], "").await;
    }
    recorder
        .ask("POST", &format!("{version}/{}", kind.plural), &[JSON], changed(recorder, "a", |_| ()))
        .await;
    recorder.ask("DELETE", &format!("{version}/{}", kind.plural), &[], "").await;
}
