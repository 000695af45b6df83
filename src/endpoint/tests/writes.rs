//! Create, update, patch.

use super::*;

#[tokio::test]
async fn create_sets_what_the_server_owns() {
    let server = Server::start().await;
    let object = server.create("a").await;
    assert_eq!(object["kind"], "Flunder");
    assert_eq!(object["apiVersion"], "wardle.example.com/v1");
    assert_eq!(object["metadata"]["generation"], 1);
    assert_eq!(object["metadata"]["namespace"], "ns");
    assert_eq!(object["metadata"]["uid"].as_str().unwrap().len(), 36);
    assert!(object["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(server.get(&of("a")).await.json(), object);
    let again = server.post(BASE, &flunder("a")).await;
    assert_eq!((again.code.as_u16(), again.json()["reason"].clone()), (409, "AlreadyExists".into()));
}

#[tokio::test]
async fn bad_objects_are_refused_with_the_field() {
    let server = Server::start().await;
    let check = async |object: Value, code: u16, part: &str| {
        let answer = server.post(BASE, &object).await;
        let message = answer.json()["message"].to_string();
        assert_eq!(answer.code, code, "{message}");
        assert!(message.contains(part), "{message} has no {part}");
    };
    check(json!({"spec": {}}), 422, "name or generateName is required").await;
    check(json!({"metadata": {"name": "A"}}), 422, "metadata.name").await;
    check(json!({"metadata": {"name": "a"}, "spec": {"count": -1}}), 422, "spec.count").await;
    check(json!({"metadata": {"name": "a"}, "spec": {"count": "x"}}), 400, "count").await;
    check(
        json!({"metadata": {"name": "a", "resourceVersion": "1"}}),
        500,
        "resourceVersion should not be set",
    )
    .await;
    check(json!({"metadata": {"name": "a", "namespace": "other"}}), 400, "namespace").await;
    check(json!({"apiVersion": "wardle.example.com/v2", "metadata": {"name": "a"}}), 400, "v2").await;
    check(json!({"kind": "Fischer", "metadata": {"name": "a"}}), 400, "Fischer").await;
}

#[tokio::test]
async fn unknown_fields_warn_or_fail() {
    let server = Server::start().await;
    let mut object = flunder("a");
    object["spec"]["nonsense"] = 1.into();
    let strict = server.post(&format!("{BASE}?fieldValidation=Strict"), &object).await;
    assert_eq!(strict.code, 400);
    assert!(strict.json()["message"].as_str().unwrap().contains("unknown field \"spec.nonsense\""));
    let warned = server.post(BASE, &object).await;
    assert_eq!(warned.code, 201);
    assert_eq!(warned.headers["warning"], "299 - \"unknown field \\\"spec.nonsense\\\"\"");
    let failed = server.post(BASE, &object).await;
    assert_eq!((failed.code, &failed.headers["warning"]), (StatusCode::CONFLICT, &warned.headers["warning"]));
}

#[tokio::test]
async fn generated_names_differ() {
    let server = Server::start().await;
    let object = json!({"metadata": {"generateName": "x-"}});
    let first = server.post(BASE, &object).await.json()["metadata"]["name"].clone();
    let second = server.post(BASE, &object).await.json()["metadata"]["name"].clone();
    assert_ne!(first, second);
    assert!(first.as_str().unwrap().starts_with("x-"));
}

#[tokio::test]
async fn dry_run_writes_nothing() {
    let server = Server::start().await;
    let answer = server.post(&format!("{BASE}?dryRun=All"), &flunder("a")).await;
    assert_eq!(answer.code, 201);
    assert_eq!(answer.json()["metadata"].get("resourceVersion"), None);
    assert_eq!(server.get(&of("a")).await.code, 404);
    assert_eq!(server.post(&format!("{BASE}?dryRun=Some"), &flunder("a")).await.code, 422);
}

#[tokio::test]
async fn updates_compare_resource_versions() {
    let server = Server::start().await;
    let old = server.create("a").await;
    let mut new = old.clone();
    new["spec"]["count"] = 2.into();
    let updated = server.put(&of("a"), &new).await;
    assert_eq!(updated.code, 200);
    assert_eq!(updated.json()["metadata"]["generation"], 2);
    let stale = server.put(&of("a"), &new).await;
    assert_eq!((stale.code.as_u16(), stale.json()["reason"].clone()), (409, "Conflict".into()));
    new["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    assert_eq!(server.put(&of("a"), &new).await.code, 422);
    new["metadata"]["name"] = "b".into();
    assert_eq!(server.put(&of("a"), &new).await.code, 400);
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_not_written() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let revision = server.storage.revision().await.unwrap();
    let same = server.put(&of("a"), &object).await;
    assert_eq!(same.json()["metadata"], object["metadata"]);
    assert_eq!(server.storage.revision().await.unwrap(), revision);
}

#[tokio::test]
async fn status_and_spec_are_written_apart() {
    let server = Server::start().await;
    let mut object = server.create("a").await;
    object["spec"]["count"] = 7.into();
    object["status"]["phase"] = "Done".into();
    object["metadata"]["labels"] = json!({"a": "b"});
    let status = server.put(&format!("{}/status", of("a")), &object).await.json();
    assert_eq!((&status["spec"]["count"], &status["status"]["phase"]), (&1.into(), &"Done".into()));
    assert_eq!((&status["metadata"]["generation"], &status["metadata"]["labels"]), (&1.into(), &Value::Null));
    let patched =
        server.merge(&of("a"), &json!({"status": {"phase": "No"}, "spec": {"count": 3}})).await.json();
    assert_eq!((&patched["spec"]["count"], &patched["status"]["phase"]), (&3.into(), &"Done".into()));
}

#[tokio::test]
async fn patches_of_both_kinds() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let json_patch = |patch: Value| {
        let path = of("a");
        let server = &server;
        async move {
            let headers = [("content-type", "application/json-patch+json")];
            server.send(Method::PATCH, &path, &headers, patch.to_string()).await
        }
    };
    let replaced = json_patch(json!([{"op": "replace", "path": "/spec/count", "value": 5}])).await;
    assert_eq!((replaced.code.as_u16(), replaced.json()["spec"]["count"].clone()), (200, 5.into()));
    assert_eq!(json_patch(json!([{"op": "test", "path": "/spec/count", "value": 9}])).await.code, 422);
    assert_eq!(json_patch(json!({"no": "list"})).await.code, 400);
    assert_eq!(server.merge(&of("a"), &json!({"spec": {"count": "x"}})).await.code, 422);
    let lock =
        json!({"metadata": {"resourceVersion": object["metadata"]["resourceVersion"]}, "spec": {"count": 8}});
    assert_eq!(server.merge(&of("a"), &lock).await.code, 409);
    let uid = json!({"metadata": {"uid": "other"}});
    assert_eq!(server.merge(&of("a"), &uid).await.code, 422);
    let unknown =
        server.send(Method::PATCH, &of("a"), &[("content-type", "application/other+json")], "{}").await;
    assert_eq!(unknown.code, 415);
    let listed = "application/json-patch+json, application/merge-patch+json, \
                  application/strategic-merge-patch+json, application/apply-patch+yaml";
    assert!(unknown.json()["message"].as_str().unwrap().contains(listed), "{:?}", unknown.bytes);
    assert_eq!(server.merge(&of("absent"), &json!({})).await.code, 404);
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let server = Server::start().await;
    let mut object = flunder("a");
    object["metadata"]["annotations"] = json!({"a": "x".repeat(4 << 20)});
    let answer = server.post(BASE, &object).await;
    assert_eq!(
        (answer.code.as_u16(), answer.json()["reason"].clone()),
        (413, "RequestEntityTooLarge".into())
    );
    object["metadata"]["annotations"] = json!({"a": "x".repeat(1 << 20)});
    let answer = server.post(BASE, &object).await;
    assert!(
        answer.json()["message"].as_str().unwrap().contains("Too long: may not be more than 262144 bytes")
    );
}

/// Only the objects that were used last are kept decoded; the others are decoded again when they are needed.
#[tokio::test]
async fn an_object_is_the_same_when_it_has_to_be_decoded_again() {
    let server = Server::start().await;
    let mut first = flunder("first");
    first["metadata"]["labels"] = json!({"app": "x", "tier": "y"});
    first["metadata"]["annotations"] = json!({"note": "ä\u{2028}\"\\"});
    let first = server.post(BASE, &first).await.json();
    for number in 0..16 {
        let mut other = flunder(&format!("other-{number}"));
        other["metadata"]["annotations"] = json!({"note": "x".repeat(250_000)});
        assert_eq!(server.post(BASE, &other).await.code, 201);
    }
    assert_eq!(server.get(&of("first")).await.json(), first);
    let selected = server
        .get(&format!("{BASE}?labelSelector=app%3Dx,tier!%3Dz&fieldSelector=metadata.name%3Dfirst"))
        .await;
    assert_eq!(selected.json()["items"].as_array().map(Vec::len), Some(1));
    let unchanged = server.put(&of("first"), &first).await;
    assert_eq!(unchanged.json()["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    let patched = server.merge(&of("first"), &json!({"metadata": {"labels": {"tier": null}}})).await.json();
    assert_eq!(patched["metadata"]["labels"], json!({"app": "x"}));
    assert_eq!(patched["metadata"]["annotations"], first["metadata"]["annotations"]);
    assert_eq!(patched["spec"], first["spec"]);
}

/// Whoever meant a dry run must not be taken for somebody who did not.
#[tokio::test]
async fn every_dry_run_value_counts() {
    let server = Server::start().await;
    server.create("there").await;
    for query in ["dryRun=", "dryRun=&dryRun=All", "dryRun=All&dryRun=x", "dryRun=all"] {
        assert_eq!(server.post(&format!("{BASE}?{query}"), &flunder("a")).await.code, 422, "{query}");
        let path = format!("{}?{query}", of("there"));
        assert_eq!(server.send(Method::DELETE, &path, &[], "").await.code, 422, "{query}");
    }
    assert_eq!(server.post(&format!("{BASE}?dryRun=All&dryRun=All"), &flunder("a")).await.code, 201);
    assert_eq!(server.get(&of("a")).await.code, 404);
    let path = format!("{}?dryRun=All&fieldValidation=none&fieldManager=%00", of("there"));
    assert_eq!(server.send(Method::DELETE, &path, &[], "").await.code, 200, "a deletion has no such options");
    assert_eq!(server.get(&of("there")).await.code, 200);
}

#[tokio::test]
async fn a_manager_is_short_and_printable() {
    let server = Server::start().await;
    for (manager, code, part) in [
        ("kubectl-create".to_owned(), 201, ""),
        ("two%20words%20%C3%A4".to_owned(), 201, ""),
        ("a%07".to_owned(), 422, "invalid character U+0007 (at position 1)"),
        ("a%C2%A0b".to_owned(), 422, "invalid character U+00A0 (at position 1)"),
        ("x".repeat(129), 422, "may not be more than 128 bytes"),
    ] {
        let answer = server.post(&format!("{BASE}?dryRun=All&fieldManager={manager}"), &flunder("a")).await;
        let text = answer.json().to_string();
        assert!(answer.code == code && text.contains(part), "{manager}: {text}");
    }
}

#[tokio::test]
async fn what_is_absent_is_not_found_and_nothing_is_overwritten_unseen() {
    let server = Server::start().await;
    assert_eq!(server.put(&of("a"), &flunder("a")).await.code, 404);
    server.create("a").await;
    let required = "must be specified for an update";
    for version in [Value::Null, "".into(), "0".into()] {
        let mut object = flunder("a");
        object["metadata"]["resourceVersion"] = version.clone();
        let answers = [
            server.put(&of("a"), &object).await,
            server.merge(&of("a"), &json!({"metadata": {"resourceVersion": version}})).await,
        ];
        for answer in answers {
            let text = answer.json().to_string();
            assert!(answer.code == 422 && text.contains(required), "{version}: {text}");
        }
    }
    let nameless = server.put(&of("a"), &json!({"spec": {}})).await.json();
    assert_eq!(
        nameless["message"],
        "the name of the object (a based on URL) was undeterminable: name must be provided"
    );
}

#[tokio::test]
async fn only_a_deletion_sets_when_an_object_is_deleted() {
    let server = Server::start().await;
    let created = server.create("a").await;
    let with = |field: &str, value: Value| {
        let mut object = created.clone();
        object["metadata"][field] = value;
        object
    };
    let moment = json!("2020-01-02T03:04:05Z");
    for (field, value) in [("deletionTimestamp", moment.clone()), ("deletionGracePeriodSeconds", json!(5))] {
        let answer = server.put(&of("a"), &with(field, value)).await;
        let message = answer.json()["message"].to_string();
        assert_eq!(answer.code, 422, "{message}");
        assert!(message.contains(&format!("metadata.{field}: Invalid value")), "{message}");
    }
    let kept = server.put(&of("a"), &with("creationTimestamp", moment)).await.json();
    assert_eq!(kept["metadata"], created["metadata"]);
}

#[tokio::test]
async fn when_an_object_goes_stays_whatever_an_update_says() {
    let server = Server::start().await;
    let mut object = flunder("a");
    object["metadata"]["finalizers"] = json!(["example.com/one"]);
    server.post(BASE, &object).await;
    let going = server.send(Method::DELETE, &of("a"), &[], String::new()).await.json();
    let mut later = going.clone();
    later["metadata"]["deletionTimestamp"] = json!("2020-01-02T03:04:05Z");
    let answer = server.put(&of("a"), &later).await;
    let time = |object: &Value| object["metadata"]["deletionTimestamp"].clone();
    assert_eq!((answer.code.as_u16(), time(&answer.json())), (200, time(&going)));
}

#[tokio::test]
async fn owner_references_that_are_equal_stand_once() {
    let server = Server::start().await;
    let owner = |name: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": name, "uid": "u"});
    let mut object = flunder("a");
    object["metadata"]["ownerReferences"] = json!([owner("x"), owner("y"), owner("x")]);
    let warning = |answer: &Answer| answer.headers["warning"].to_str().unwrap().to_owned();
    let made = server.post(BASE, &object).await;
    assert_eq!(made.json()["metadata"]["ownerReferences"], json!([owner("x"), owner("y")]));
    assert!(warning(&made).contains("contains duplicate entries; API server"), "{}", warning(&made));
    let owners = json!({"metadata": {"ownerReferences": [owner("x"), owner("x")]}});
    let patched = server.merge(&of("a"), &owners).await;
    assert_eq!(patched.json()["metadata"]["ownerReferences"], json!([owner("x")]));
    let text = warning(&patched);
    assert!(text.contains("duplicate entries after mutating admission happens; API server"), "{text}");
}
