//! Strategic merge patches, as `kubectl patch` sends them.

use super::*;

async fn patched(server: &Server, patch: &Value) -> Answer {
    let headers = [("content-type", "application/strategic-merge-patch+json")];
    server.send(Method::PATCH, &of("a"), &headers, patch.to_string()).await
}

#[tokio::test]
async fn lists_of_the_metadata_are_merged() {
    let server = Server::start().await;
    let mut object = flunder("a");
    let owner = |uid: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": uid, "uid": uid});
    object["metadata"]["finalizers"] = json!(["example.com/one"]);
    object["metadata"]["ownerReferences"] = json!([owner("1"), owner("2")]);
    server.post(BASE, &object).await;
    let patch = json!({"metadata": {
        "finalizers": ["example.com/two"], "ownerReferences": [{"$patch": "delete", "uid": "1"}],
    }});
    let made = patched(&server, &patch).await.json();
    assert_eq!(made["metadata"]["finalizers"], json!(["example.com/two", "example.com/one"]));
    assert_eq!(made["metadata"]["ownerReferences"], json!([owner("2")]));
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/one"]}, "spec": {"$patch": "replace", "count": 4}});
    let made = patched(&server, &patch).await.json();
    assert_eq!(made["metadata"]["finalizers"], json!(["example.com/two"]));
    assert_eq!(made["spec"], json!({"count": 4}));
}

#[tokio::test]
async fn a_patch_does_not_say_of_what_type_an_object_is() {
    let server = Server::start().await;
    let before = server.create("a").await;
    for patch in [json!({"kind": "Other", "apiVersion": "v9"}), json!({"kind": null, "apiVersion": null})] {
        let answer = patched(&server, &patch).await;
        assert_eq!((answer.code.as_u16(), answer.json()), (200, before.clone()));
    }
    assert_eq!(server.merge(&of("a"), &json!({"kind": "Other"})).await.code, 422);
}

#[tokio::test]
async fn a_whole_number_is_one_however_it_is_written() {
    let server = Server::start().await;
    server.create("a").await;
    for (count, code) in [(json!(2.0), 200), (json!(3e2), 200), (json!(2.5), 422), (json!(1e300), 422)] {
        let answer = patched(&server, &json!({"spec": {"count": count}})).await;
        assert_eq!(answer.code, code, "{count}: {}", answer.json());
    }
    assert_eq!(server.get(&of("a")).await.json()["spec"]["count"], 300);
    // The other patches are read as text.
    assert_eq!(server.merge(&of("a"), &json!({"spec": {"count": 2.0}})).await.code, 422);
}

#[tokio::test]
async fn a_patch_that_cannot_be_is_refused() {
    let server = Server::start().await;
    server.create("a").await;
    for (patch, code, words) in [
        (json!([]), 400, "json: cannot unmarshal array into Go value"),
        (json!({"spec": {"$retainKeys": 1}}), 400, "invalid patch format of retainKeys"),
        (json!({"spec": {"$patch": "other"}}), 500, "unknown patch type: other"),
        (json!({"spec": {"count": "x"}}), 422, "cannot be handled as a Flunder"),
        (
            json!({"metadata": {"resourceVersion": "1"}}),
            409,
            "please apply your changes to the latest version",
        ),
    ] {
        let answer = patched(&server, &patch).await;
        let message = answer.json()["message"].to_string();
        assert!(answer.code == code && message.contains(words), "{patch}: {} {message}", answer.code);
    }
    assert_eq!(server.get(&of("a")).await.json()["spec"]["count"], 1);
}

#[tokio::test]
async fn what_it_does_not_know_is_warned_of() {
    let server = Server::start().await;
    server.create("a").await;
    let answer = patched(&server, &json!({"spec": {"other": 1}})).await;
    assert_eq!(answer.code, 200, "{:?}", answer.bytes);
    assert_eq!(answer.headers["warning"], r#"299 - "unknown field \"spec.other\"""#);
}
