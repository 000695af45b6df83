//! Lines 6 and 7: patches of every media type.

use serde_json::{Value, json};

use crate::target::{MERGE, Target, revision};

const JSON_PATCH: &str = "application/json-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

pub(crate) async fn patch(target: &Target) {
    let created = target.create("a").await;
    let labels = |object: &Value| object["metadata"]["labels"].clone();

    let add = json!([{"op": "add", "path": "/metadata/labels", "value": {"by": "json"}}]).to_string();
    assert_eq!(labels(&target.patch("a", JSON_PATCH, add).await.expect(200)), json!({"by": "json"}));
    let merged = target.merge("a", json!({"metadata": {"labels": {"by": null, "now": "merge"}}})).await;
    assert_eq!(labels(&merged), json!({"now": "merge"}));

    let test = json!([{"op": "test", "path": "/metadata/name", "value": "b"}]).to_string();
    let status = target.patch("a", JSON_PATCH, test).await.refused(422, "Invalid");
    // Ours says which operation, too.
    let message = status["message"].as_str().unwrap_or_default();
    assert!(
        message.starts_with("the server rejected our request due to an error in our request"),
        "{message}"
    );
    target.patch("a", JSON_PATCH, "{").await.refused(400, "BadRequest");
    target.patch("a", MERGE, "[]").await.refused(400, "BadRequest");
    target.patch("a", "application/json", "{}").await.refused(415, "UnsupportedMediaType");

    let stale = json!({"metadata": {"resourceVersion": created["metadata"]["resourceVersion"]}});
    target.patch("a", MERGE, stale.to_string()).await.refused(409, "Conflict");
    let foreign = json!({"metadata": {"uid": "00000000-0000-4000-8000-000000000000"}});
    target.patch("a", MERGE, foreign.to_string()).await.refused(422, "Invalid");
    target.patch("none", MERGE, "{}").await.refused(404, "NotFound");
    assert_eq!(revision(&target.read("a").await), revision(&merged), "what was refused changed nothing");
}

pub(crate) async fn strategic_merge(target: &Target) {
    let mut object = target.object("a");
    // Owners that exist: an object without one would be collected.
    let (one, two) = (target.owner("one").await, target.owner("two").await);
    object["metadata"]["ownerReferences"] = json!([one, two]);
    let created = target.post(&object, "").await.expect(201);
    let patch = json!({"metadata": {
        "uid": created["metadata"]["uid"],
        "ownerReferences": [{"$patch": "delete", "uid": one["uid"]}],
    }});
    let patched = target.patch("a", STRATEGIC, patch.to_string()).await.expect(200);
    assert_eq!(patched["metadata"]["ownerReferences"], json!([two]));
}

pub(crate) async fn apply(target: &Target) {
    let path = |manager: &str, force: bool| format!("a?fieldManager={manager}&force={force}");
    let object = |labels: Value| {
        let mut object = target.object("a");
        object["metadata"]["labels"] = labels;
        object.to_string()
    };
    let both = json!({"one": "1", "two": "2"});
    let created = target.patch(&path("first", false), APPLY, object(both.clone())).await.expect(201);
    let again = target.patch(&path("first", false), APPLY, object(both)).await.expect(200);
    assert_eq!(again["metadata"], created["metadata"], "applying the same changes nothing");

    let theirs = json!({"one": "other"});
    let status = target.patch(&path("second", false), APPLY, object(theirs.clone())).await;
    let status = status.refused(409, "Conflict");
    assert_eq!(status["details"]["causes"][0]["reason"], "FieldManagerConflict", "{status}");
    let forced = target.patch(&path("second", true), APPLY, object(theirs)).await.expect(200);
    assert_eq!(forced["metadata"]["labels"], json!({"one": "other", "two": "2"}));
    let pruned = target.patch(&path("first", false), APPLY, object(json!({}))).await.expect(200);
    assert_eq!(pruned["metadata"]["labels"], json!({"one": "other"}));
    assert_eq!(pruned["metadata"]["managedFields"].as_array().map(Vec::len), Some(2), "{pruned}");
}
