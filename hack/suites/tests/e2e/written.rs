//! Lines 4, 5 and 8: create, update, status.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::target::{JSON, Target, revision};

/// Long enough for an event that should not come.
const QUIET: Duration = Duration::from_millis(500);

pub(crate) async fn create(target: &Target) {
    let resource = target.kind.resource();
    let created = target.create("a").await;
    assert_eq!(created["metadata"]["namespace"], target.namespace.as_str());
    assert!(created["metadata"]["uid"].is_string() && revision(&created) > 0, "{created}");

    let status = target.post(&target.object("a"), "").await.refused(409, "AlreadyExists");
    assert_eq!(status["message"], format!("{resource} \"a\" already exists"));
    assert_eq!(
        status["details"],
        json!({"name": "a", "group": target.kind.group, "kind": target.kind.plural})
    );

    let mut versioned = target.object("b");
    versioned["metadata"]["resourceVersion"] = json!("1");
    let status = target.post(&versioned, "").await.refused(500, "");
    assert_eq!(status["message"], "resourceVersion should not be set on objects to be created");

    let mut unknown = target.object("c");
    unknown["spec"]["nonsense"] = json!(true);
    let status = target.post(&unknown, "fieldValidation=Strict").await.refused(400, "BadRequest");
    assert!(
        status["message"].as_str().is_some_and(|text| text.ends_with(r#"unknown field "spec.nonsense""#))
    );
    let warned = target.post(&unknown, "fieldValidation=Warn").await;
    let expected = r#"299 - "unknown field \"spec.nonsense\"""#;
    assert!(warned.headers.get_all("warning").iter().any(|text| text == expected), "{:?}", warned.headers);
    assert!(warned.expect(201)["spec"]["nonsense"].is_null());

    let dry = target.post(&target.object("d"), "dryRun=All").await.expect(201);
    assert!(dry["metadata"]["resourceVersion"].is_null() && dry["metadata"]["uid"].is_string(), "{dry}");
    target.get(&target.item("d")).await.refused(404, "NotFound");
}

pub(crate) async fn update(target: &Target) {
    let first = target.create("a").await;
    let change: Value = serde_json::from_str(target.kind.change).expect("a change");
    let second = target.merge("a", change).await;
    assert!(revision(&second) > revision(&first));

    let status = target.put(&first).await.refused(409, "Conflict");
    let message = status["message"].as_str().unwrap_or_default();
    assert!(message.contains("the object has been modified; please apply your changes"), "{message}");

    let mut unversioned = second.clone();
    unversioned["metadata"].as_object_mut().expect("metadata").remove("resourceVersion");
    let status = target.put(&unversioned).await.refused(422, "Invalid");
    let message = status["message"].as_str().unwrap_or_default();
    assert!(message.ends_with("must be specified for an update"), "{message}");

    let mut events = target.watch(&format!("resourceVersion={}", revision(&second))).await;
    let same = target.put(&second).await.expect(200);
    assert_eq!(revision(&same), revision(&second), "nothing changed");
    assert!(events.is_quiet(QUIET).await, "nothing changed, so nothing is seen");
}

pub(crate) async fn status(target: &Target) {
    let generation = |object: &Value| object["metadata"]["generation"].as_i64().expect("a generation");
    let first = target.create("a").await;
    assert_eq!(generation(&first), 1);
    let second = target.merge("a", serde_json::from_str(target.kind.change).expect("a change")).await;
    assert_eq!(generation(&second), 2);

    let mut third = target.merge("a", json!({"metadata": {"finalizers": ["example.com/kept"]}})).await;
    third["metadata"]["labels"] = json!({"not": "taken"});
    third["spec"] = first["spec"].clone();
    third["status"] = json!({"conditions": [{
        "type": "Ready", "status": "False", "reason": "Tested", "message": "",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    }]});
    let path = format!("{}/status", target.item("a"));
    let written = target.http.send(Method::PUT, &path, &[JSON], third.to_string()).await.expect(200);
    assert_eq!(generation(&written), 2);
    assert_eq!(written["spec"], second["spec"], "a status update takes no spec");
    assert!(written["metadata"]["labels"].is_null(), "and no metadata");
    let conditions = written["status"]["conditions"].as_array().expect("conditions");
    assert!(conditions.iter().any(|condition| condition["reason"] == "Tested"), "{written}");

    let deleting = target.delete("a", json!({})).await.expect(200);
    assert_eq!(generation(&deleting), 3);
    assert!(deleting["metadata"]["deletionTimestamp"].is_string());
    target.merge("a", json!({"metadata": {"finalizers": null}})).await;
    target.get(&target.item("a")).await.refused(404, "NotFound");
}
