//! Scales that are applied.

use super::applies::{APPLY, owners};
use super::*;

const ME: &str = "?fieldManager=me";

fn scale(spec: &Value) -> Value {
    json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": spec})
}

fn replicas(count: i32) -> Value {
    scale(&json!({"replicas": count}))
}

async fn applied(server: &Server, query: &str, scale: &Value) -> Answer {
    server.send(Method::PATCH, &format!("{}/scale{query}", of("a")), APPLY, scale.to_string()).await
}

/// An object whose count somebody applied.
async fn start() -> Server {
    let server = Server::start().await;
    let body = json!({
        "apiVersion": "wardle.example.com/v1", "kind": "Flunder", "metadata": {"name": "a"},
        "spec": {"count": 1, "reference": "x"},
    });
    let path = format!("{}?fieldManager=owner", of("a"));
    assert_eq!(server.send(Method::PATCH, &path, APPLY, body.to_string()).await.code, 201);
    server
}

#[tokio::test]
async fn who_applies_a_scale_owns_the_count_of_the_object() {
    let server = start().await;
    let before = server.get(&of("a")).await.json();
    let conflict = applied(&server, ME, &replicas(3)).await;
    let status = conflict.json();
    let message = r#"Apply failed with 1 conflict: conflict with "owner": .spec.replicas"#;
    assert_eq!((conflict.code.as_u16(), &status["message"]), (409, &message.into()));
    let cause = json!({
        "reason": "FieldManagerConflict", "message": "conflict with \"owner\"", "field": ".spec.replicas",
    });
    assert_eq!(status["details"], json!({"causes": [cause]}));
    assert_eq!(server.get(&of("a")).await.json(), before);
    let dry = applied(&server, &format!("{ME}&force=true&dryRun=All"), &replicas(3)).await.json();
    assert_eq!((&dry["kind"], &dry["spec"]["replicas"]), (&"Scale".into(), &3.into()));
    assert_eq!(server.get(&of("a")).await.json(), before);
    let forced = applied(&server, &format!("{ME}&force=true"), &replicas(3)).await;
    assert_eq!((forced.code.as_u16(), &forced.json()["spec"]["replicas"]), (200, &3.into()));
    assert_eq!(forced.json()["metadata"].get("managedFields"), None);
    let after = server.get(&of("a")).await.json();
    assert_eq!(after["spec"], json!({"count": 3, "reference": "x"}));
    let mine = r#"me Apply scale {"f:spec":{"f:count":{}}}"#;
    assert_eq!(owners(&after), [mine, r#"owner Apply {"f:spec":{"f:reference":{}}}"#]);
    assert_eq!(after["metadata"]["managedFields"][0]["apiVersion"], "wardle.example.com/v1");
    // The same again changes nothing, and another count is the owner's to set.
    assert_eq!(applied(&server, ME, &replicas(3)).await.json(), forced.json());
    assert_eq!(server.get(&of("a")).await.json(), after);
    assert_eq!(applied(&server, ME, &replicas(4)).await.json()["spec"]["replicas"], 4);
    assert_eq!(owners(&server.get(&of("a")).await.json()), owners(&after));
}

#[tokio::test]
async fn who_applies_the_same_count_shares_it() {
    let server = start().await;
    assert_eq!(applied(&server, ME, &replicas(1)).await.code, 200);
    let shared = server.get(&of("a")).await.json();
    let mine = r#"me Apply scale {"f:spec":{"f:count":{}}}"#.to_owned();
    let theirs = r#"owner Apply {"f:spec":{"f:count":{},"f:reference":{}}}"#;
    assert!(owners(&shared).contains(&mine) && owners(&shared).contains(&theirs.to_owned()), "{shared}");
    // Who says nothing any more owns nothing, and the count stays with the other.
    assert_eq!(applied(&server, ME, &scale(&json!({}))).await.json()["spec"]["replicas"], 1);
    let left = server.get(&of("a")).await.json();
    assert_eq!(owners(&left), [theirs]);
    assert_eq!(applied(&server, ME, &scale(&json!({}))).await.code, 200);
    assert_eq!(server.get(&of("a")).await.json(), left);
}

#[tokio::test]
async fn an_update_of_a_scale_and_an_apply_of_the_object_stand_against_it() {
    let server = start().await;
    let path = format!("{}/scale?fieldManager=hand", of("a"));
    assert_eq!(server.merge(&path, &json!({"spec": {"replicas": 2}})).await.code, 200);
    let conflict = applied(&server, ME, &replicas(3)).await.json();
    let hand = r#""hand" with subresource "scale" using autoscaling/v1: .spec.replicas"#;
    assert_eq!(conflict["message"], format!("Apply failed with 1 conflict: conflict with {hand}"));
    assert_eq!(applied(&server, &format!("{ME}&force=true"), &replicas(3)).await.code, 200);
    let whole = json!({"apiVersion": "wardle.example.com/v1", "kind": "Flunder", "spec": {"count": 9}});
    let path = format!("{}?fieldManager=owner", of("a"));
    let refused = server.send(Method::PATCH, &path, APPLY, whole.to_string()).await;
    let me = r#"conflict with "me" with subresource "scale": .spec.count"#;
    assert_eq!(refused.json()["message"], format!("Apply failed with 1 conflict: {me}"));
}

#[tokio::test]
async fn a_count_that_nobody_owns_was_there_before_the_first_apply() {
    let server = start().await;
    server.merge(&of("a"), &json!({"metadata": {"managedFields": [{}]}})).await;
    let conflict = applied(&server, ME, &replicas(3)).await.json();
    let first = r#""before-first-apply" with subresource "scale" using autoscaling/v1: .spec.replicas"#;
    assert_eq!(conflict["message"], format!("Apply failed with 1 conflict: conflict with {first}"));
    assert_eq!(applied(&server, ME, &replicas(1)).await.code, 200);
    let count = r#"{"f:spec":{"f:count":{}}}"#;
    let both = [format!("me Apply scale {count}"), format!("before-first-apply Update scale {count}")];
    assert_eq!(owners(&server.get(&of("a")).await.json()), both);
    assert_eq!(applied(&server, &format!("{ME}&force=true"), &replicas(3)).await.code, 200);
    assert_eq!(owners(&server.get(&of("a")).await.json()), both[..1]);
}

#[tokio::test]
async fn what_is_no_scale_of_the_object_says_why() {
    let server = Server::start().await;
    assert_eq!(applied(&server, ME, &replicas(3)).await.code, 404);
    let object = server.create("a").await;
    let with = |path: &str, value: Value| {
        let mut made = replicas(1);
        *made.pointer_mut(path).unwrap() = value;
        made
    };
    let typed = "failed to create typed patch object (/a; autoscaling/v1, Kind=Scale): ";
    for (query, scale, code, words) in [
        ("", replicas(1), 422, "fieldManager: Required value: is required for apply patch"),
        (ME, with("/kind", "Flunder".into()), 400, "invalid object type: autoscaling/v1, Kind=Flunder"),
        (ME, with("/apiVersion", "wardle.example.com/v1".into()), 400, "invalid object type: wardle.exam"),
        (ME, with("/metadata", json!({"name": "b"})), 400, "the name of the object (b) does not match"),
        (ME, with("/metadata", json!({"namespace": "x"})), 400, "the namespace of the object (x) does not"),
        (ME, with("/metadata", json!({"managedFields": []})), 400, "metadata.managedFields must be nil"),
        (ME, with("/metadata", json!({"uid": "x"})), 409, "Precondition failed: UID in precondition"),
        (ME, with("/metadata", json!({"resourceVersion": "1"})), 409, "the object has been modified"),
        (ME, scale(&json!({"count": 1})), 500, &format!("{typed}.spec.count: field not declared in schema")),
        (ME, scale(&json!({"replicas": "x"})), 500, &format!("{typed}.spec.replicas: expected numeric")),
        ("?fieldManager=me&force=true", replicas(-1), 422, "must be greater than or equal to 0"),
    ] {
        let answer = applied(&server, query, &scale).await;
        let text = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(answer.code == code && text.contains(words), "{scale}: {} {text}", answer.code);
    }
    assert_eq!(server.get(&of("a")).await.json(), object);
}
