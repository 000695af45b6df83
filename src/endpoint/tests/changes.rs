//! What an update and a patch may change, and what they leave as it was.

use super::watches::{Watch, version};
use super::*;

const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";

async fn patch(server: &Server, path: &str, media: &str, patch: &Value) -> Answer {
    server.send(Method::PATCH, path, &[("content-type", media)], patch.to_string()).await
}

fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_and_writes_nothing() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let revision = server.storage.revision().await.unwrap();
    let path = format!("{}?dryRun=All", of("a"));
    let mut new = object.clone();
    new["spec"]["count"] = 9.into();
    let answers = [
        server.put(&path, &new).await,
        patch(&server, &path, MERGE, &json!({"spec": {"count": 9}})).await,
        patch(&server, &path, STRATEGIC, &json!({"spec": {"count": 9}})).await,
        patch(&server, &path, JSON_PATCH, &json!([{"op": "replace", "path": "/spec/count", "value": 9}]))
            .await,
    ];
    for answer in answers {
        let shown = answer.json();
        assert_eq!((answer.code.as_u16(), &shown["spec"]["count"]), (200, &9.into()));
        assert_eq!(shown["metadata"]["resourceVersion"], object["metadata"]["resourceVersion"]);
    }
    new["spec"]["count"] = (-1).into();
    assert_eq!(server.put(&path, &new).await.code, 422, "it is judged all the same");
    new["metadata"]["resourceVersion"] = "1".into();
    assert_eq!(server.put(&path, &new).await.code, 409);
    assert_eq!(server.get(&of("a")).await.json(), object);
    assert_eq!(server.storage.revision().await.unwrap(), revision);
}

#[tokio::test]
async fn an_update_of_another_name_namespace_or_object_is_refused() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let with = |field: &str, value: &str| {
        let mut object = object.clone();
        object["metadata"][field] = value.into();
        object
    };
    let name = "the name of the object (b) does not match the name on the URL (a)";
    let namespace = "the namespace of the provided object does not match the namespace sent on the request";
    let uid = format!(
        "Precondition failed: UID in precondition: other, UID in object meta: {}",
        object["metadata"]["uid"].as_str().unwrap()
    );
    let version = "flunders.wardle.example.com \"a\" is invalid: metadata.resourceVersion: Invalid value: ";
    for (field, value, code, words) in [
        ("name", "b", 400, name),
        ("namespace", "other", 400, namespace),
        ("uid", "other", 409, &*uid),
        ("resourceVersion", "", 422, version),
    ] {
        let answer = server.put(&of("a"), &with(field, value)).await;
        assert_eq!(answer.code, code, "{:?}", answer.bytes);
        assert!(message(&answer).contains(words), "{:?}", answer.bytes);
    }
    // Of another object the version is not asked.
    let mut another = with("uid", "other");
    another["metadata"]["resourceVersion"] = "".into();
    let answer = server.put(&of("a"), &another).await;
    assert_eq!((answer.code.as_u16(), message(&answer).contains(&uid)), (409, true), "{:?}", answer.bytes);
    assert_eq!(server.get(&of("a")).await.json(), object);
}

#[tokio::test]
async fn an_update_that_leaves_out_what_the_server_owns_keeps_it() {
    let server = Server::start().await;
    let mut object = server.create("a").await;
    server.merge(&format!("{}/status", of("a")), &json!({"status": {"phase": "Done"}})).await;
    let before = server.get(&of("a")).await.json();
    object["metadata"] = json!({
        "name": "a", "resourceVersion": before["metadata"]["resourceVersion"], "generation": 9,
        "selfLink": "/there", "creationTimestamp": null,
    });
    object["spec"]["count"] = 2.into();
    object["status"] = json!({"phase": "Other"});
    let after = server.put(&of("a"), &object).await.json();
    for field in ["uid", "creationTimestamp", "namespace", "selfLink"] {
        assert_eq!(after["metadata"][field], before["metadata"][field], "{field}");
    }
    assert_eq!((&after["metadata"]["generation"], &after["status"]["phase"]), (&2.into(), &"Done".into()));
}

#[tokio::test]
async fn generations_count_what_is_wanted_and_nothing_else() {
    let server = Server::start().await;
    server.create("a").await;
    let generation = |answer: &Answer| answer.json()["metadata"]["generation"].clone();
    let labels = json!({"metadata": {"labels": {"a": "b"}, "finalizers": ["example.com/one"]}});
    assert_eq!(generation(&server.merge(&of("a"), &labels).await), 1);
    let status = server.merge(&format!("{}/status", of("a")), &json!({"status": {"phase": "Done"}})).await;
    assert_eq!(generation(&status), 1);
    assert_eq!(generation(&server.merge(&of("a"), &json!({"spec": {"count": 2}})).await), 2);
    for _ in 0..2 {
        assert_eq!(generation(&server.send(Method::DELETE, &of("a"), &[], "").await), 3);
    }
}

#[tokio::test]
async fn the_update_that_takes_the_last_finalizer_deletes() {
    let server = Server::start().await;
    let mut object = flunder("a");
    object["metadata"]["finalizers"] = json!(["example.com/one"]);
    server.post(BASE, &object).await;
    let mut going = server.send(Method::DELETE, &of("a"), &[], "").await.json();
    let mut watch = Watch::open(&server, &format!("resourceVersion={}", version(&going))).await;
    going["metadata"]["finalizers"] = json!([]);
    let last = server.put(&of("a"), &going).await;
    assert_eq!((last.code.as_u16(), &last.json()["kind"]), (200, &"Flunder".into()));
    let deleted = watch.next().await.unwrap();
    assert_eq!((&deleted["type"], version(&deleted["object"]) > version(&going)), (&"DELETED".into(), true));
    assert_eq!(server.get(&of("a")).await.code, 404);
}

#[tokio::test]
async fn through_the_status_nothing_else_is_written() {
    let server = Server::start().await;
    let first = server.create("a").await;
    server.merge(&of("a"), &json!({"metadata": {"labels": {"kept": "yes"}}})).await;
    let path = format!("{}/status", of("a"));
    let more = json!({
        "metadata": {
            "labels": {"new": "no"}, "annotations": {"new": "no"}, "finalizers": ["example.com/new"],
            "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}],
        },
        "spec": {"count": 5},
    });
    for (phase, media) in [("Put", ""), ("Merged", MERGE), ("Strategic", STRATEGIC)] {
        let before = server.get(&of("a")).await.json();
        let mut change = more.clone();
        change["status"] = json!({"phase": phase});
        let answer = if media.is_empty() {
            let mut whole = before.clone();
            apimachinery::json_patch::merge(&mut whole, &change);
            server.put(&path, &whole).await
        } else {
            patch(&server, &path, media, &change).await
        };
        let mut after = answer.json();
        assert_eq!((answer.code.as_u16(), &after["status"]["phase"]), (200, &phase.into()));
        for field in ["resourceVersion", "managedFields"] {
            after["metadata"][field] = before["metadata"][field].clone();
        }
        assert_eq!((&after["metadata"], &after["spec"]), (&before["metadata"], &before["spec"]), "{media}");
    }
    assert_eq!(server.put(&path, &first).await.code, 409, "a stale status");
}

#[tokio::test]
async fn a_patch_that_makes_another_object_is_refused() {
    let server = Server::start().await;
    let object = server.create("a").await;
    for (change, code, words) in [
        (
            json!({"metadata": {"name": "b"}}),
            400,
            "the name of the object (b) does not match the name on the URL (a)",
        ),
        (json!({"metadata": {"namespace": "b"}}), 400, "the namespace of the "),
        (json!({"metadata": {"uid": "b"}}), 422, "metadata.uid: Invalid value: \"b\": field is immutable"),
        (
            json!({"metadata": {"resourceVersion": "1"}}),
            409,
            "the object has been modified; please apply your changes",
        ),
        (json!({"spec": {"count": "x"}}), 422, "cannot be handled as a Flunder"),
    ] {
        let answer = patch(&server, &of("a"), MERGE, &change).await;
        assert_eq!(answer.code, code, "{:?}", answer.bytes);
        assert!(message(&answer).contains(words), "{:?}", answer.bytes);
    }
    let undecodable = patch(&server, &of("a"), MERGE, &json!({"spec": {"count": "x"}})).await.json();
    assert_eq!(undecodable["details"]["causes"][0]["field"], "patch");
    assert_eq!(server.get(&of("a")).await.json(), object);
}

#[tokio::test]
async fn a_patch_has_its_bounds_and_its_options() {
    let server = Server::start().await;
    server.create("a").await;
    let many = Value::Array(vec![json!({"op": "test", "path": "/kind", "value": "Flunder"}); 10_001]);
    let answer = patch(&server, &of("a"), JSON_PATCH, &many).await;
    let expected = "The allowed maximum operations in a JSON patch is 10000, got 10001";
    assert_eq!(answer.code, 413);
    assert!(message(&answer).contains(expected), "{:?}", answer.bytes);
    for media in [MERGE, STRATEGIC, JSON_PATCH] {
        let body = if media == JSON_PATCH { json!([]) } else { json!({}) };
        assert_eq!(patch(&server, &of("none"), media, &body).await.code, 404, "{media}");
        let forced = patch(&server, &format!("{}?force=true", of("a")), media, &body).await;
        assert_eq!(forced.code, 422);
        assert!(message(&forced).contains("force: Forbidden: may not be specified for non-apply patch"));
    }
}

#[tokio::test]
async fn who_owned_an_object_before_is_taken_out_by_a_patch_of_its_entries() {
    let server = Server::start().await;
    server.post(&format!("{BASE}?fieldManager=kubectl"), &flunder("a")).await;
    let config = json!({"apiVersion": "wardle.example.com/v1", "kind": "Flunder", "spec": {"count": 1}});
    let apply = |query: &str| format!("{}?fieldManager=flux&force=true{query}", of("a"));
    let dry = patch(&server, &apply("&dryRun=All"), "application/apply-patch+yaml", &config).await;
    assert_eq!(dry.code, 200);
    let object = patch(&server, &apply(""), "application/apply-patch+yaml", &config).await.json();
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    let mine: Vec<&Value> = entries.iter().filter(|entry| entry["manager"] == "flux").collect();
    let migration = |version: &Value| {
        json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": version},
            {"op": "replace", "path": "/metadata/managedFields", "value": mine},
        ])
    };
    assert_eq!(patch(&server, &of("a"), JSON_PATCH, &migration(&"1".into())).await.code, 422);
    let version = &object["metadata"]["resourceVersion"];
    let migrated = patch(&server, &of("a"), JSON_PATCH, &migration(version)).await;
    assert_eq!(migrated.code, 200, "{:?}", migrated.bytes);
    assert_eq!(migrated.json()["metadata"]["managedFields"], json!(mine));
}

#[tokio::test]
async fn a_field_that_cannot_be_applied_is_an_error_without_a_reason() {
    let server = Server::start().await;
    let config = json!({"apiVersion": "wardle.example.com/v1", "kind": "Flunder", "spec": {"other": 1}});
    let path = format!("{}?fieldManager=me", of("a"));
    let answer = patch(&server, &path, "application/apply-patch+yaml", &config).await;
    let status = answer.json();
    assert_eq!((answer.code.as_u16(), status.get("reason"), status.get("details")), (500, None, None));
    assert!(message(&answer).ends_with(".spec.other: field not declared in schema"), "{status}");
}
