//! Who set which fields.

use super::*;

/// Each entry as manager, subresource and fields.
fn entries(object: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|entry| {
            assert_eq!(entry["operation"], "Update");
            assert_eq!(entry["apiVersion"], "wardle.example.com/v1");
            assert_eq!(entry["fieldsType"], "FieldsV1");
            assert!(entry["time"].is_string(), "{entry}");
            (text(&entry["manager"]), text(&entry["subresource"]), entry["fieldsV1"].to_string())
        })
        .collect()
}

fn own(manager: &str, subresource: &str, fields: &Value) -> (String, String, String) {
    (manager.to_owned(), subresource.to_owned(), fields.to_string())
}

fn spec() -> Value {
    json!({"f:spec": {"f:count": {}, "f:reference": {}}})
}

async fn created(server: &Server) -> Value {
    let agent = [("user-agent", "client/v1.2 (linux)")];
    let answer = server.send(Method::POST, BASE, &agent, flunder("a").to_string()).await;
    assert_eq!(answer.code, 201);
    answer.json()
}

#[tokio::test]
async fn who_creates_owns_what_was_set() {
    let server = Server::start().await;
    assert_eq!(entries(&created(&server).await), [own("client", "", &spec())]);
    let mut object = flunder("b");
    object["status"] = json!({"phase": "Done"});
    object["metadata"]["labels"] = json!({"app": "x"});
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let named = server.post(&format!("{BASE}?fieldManager=me"), &object).await.json();
    let fields = json!({"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {"f:count": {}, "f:reference": {}}});
    assert_eq!(entries(&named), [own("me", "", &fields)]);
    assert_eq!(entries(&server.create("c").await), [own("unknown", "", &spec())]);
}

#[tokio::test]
async fn the_name_of_a_client_is_what_stands_before_the_slash() {
    let server = Server::start().await;
    let long = "x".repeat(200);
    for (name, agent, expected) in
        [("a", "kubectl/v1", "kubectl"), ("b", "/v1", "unknown"), ("c", &long, &long[..128])]
    {
        let headers = [("user-agent", agent)];
        let answer = server.send(Method::POST, BASE, &headers, flunder(name).to_string()).await;
        assert_eq!(entries(&answer.json())[0].0, expected);
    }
}

#[tokio::test]
async fn who_changes_a_field_takes_it_and_who_changes_none_takes_nothing() {
    let server = Server::start().await;
    let first = created(&server).await;
    let path = format!("{}?fieldManager=other", of("a"));
    assert_eq!(server.put(&path, &first).await.json(), first);
    let patched = server.merge(&path, &json!({"spec": {"count": 2}})).await.json();
    let (mine, theirs) = (json!({"f:spec": {"f:reference": {}}}), json!({"f:spec": {"f:count": {}}}));
    assert_eq!(entries(&patched), [own("client", "", &mine), own("other", "", &theirs)]);
    let again = server.merge(&path, &json!({"spec": {"count": 2}})).await.json();
    assert_eq!(again, patched);
}

#[tokio::test]
async fn status_and_scale_are_parts_of_their_own() {
    let server = Server::start().await;
    let mut object = created(&server).await;
    object["status"] = json!({"phase": "Done"});
    object["spec"]["count"] = json!(7);
    object["metadata"]["managedFields"] = json!([{}]);
    let status = server.put(&format!("{}/status?fieldManager=c", of("a")), &object).await.json();
    let phase = json!({"f:status": {"f:phase": {}}});
    assert_eq!(entries(&status), [own("c", "status", &phase), own("client", "", &spec())]);
    let scaled =
        server.merge(&format!("{}/scale?fieldManager=s", of("a")), &json!({"spec": {"replicas": 3}})).await;
    assert_eq!(scaled.code, 200, "{:?}", scaled.bytes);
    let count = json!({"f:spec": {"f:count": {}}});
    let found = entries(&server.get(&of("a")).await.json());
    assert!(found.contains(&own("s", "scale", &count)), "{found:?}");
    assert!(found.contains(&own("client", "", &json!({"f:spec": {"f:reference": {}}}))), "{found:?}");
}

#[tokio::test]
async fn an_empty_list_forgets_and_none_keeps() {
    for empty in [json!([]), json!([{}])] {
        let server = Server::start().await;
        let mut object = created(&server).await;
        object["metadata"].as_object_mut().unwrap().remove("managedFields");
        let mut kept = server.put(&of("a"), &object).await.json();
        assert_eq!(entries(&kept), [own("client", "", &spec())]);
        kept["metadata"]["managedFields"] = empty.clone();
        let forgotten = server.put(&of("a"), &kept).await;
        assert_eq!((forgotten.code.as_u16(), entries(&forgotten.json())), (200, vec![]), "{empty}");
        // Nothing is recorded until somebody applies.
        let later = server.merge(&of("a"), &json!({"spec": {"count": 9}})).await.json();
        assert_eq!(entries(&later), []);
        let other = server.create("b").await;
        assert_eq!(entries(&other).len(), 1);
        let patched = server.merge(&of("b"), &json!({"metadata": {"managedFields": empty}})).await;
        assert_eq!((patched.code.as_u16(), entries(&patched.json())), (200, vec![]), "{empty}");
    }
}

#[tokio::test]
async fn entries_that_cannot_be_read_are_not_taken() {
    let server = Server::start().await;
    created(&server).await;
    let patch = json!({"metadata": {"managedFields": [{"manager": "x"}]}, "spec": {"count": 1}});
    let answer = server.merge(&of("a"), &patch).await;
    assert_eq!(answer.code, 200, "{:?}", answer.bytes);
    assert_eq!(entries(&answer.json()), [own("client", "", &spec())]);
}

#[tokio::test]
async fn an_object_that_is_too_large_with_its_owners_is_stored_without() {
    const LIMIT: usize = databases_storage::engine::MAX_VALUE_SIZE;
    let server = Server::start().await;
    let small = created(&server).await;
    let mut bare = small.clone();
    bare["metadata"].as_object_mut().unwrap().remove("managedFields");
    let mut object = flunder("b");
    object["spec"]["reference"] = "x".repeat(LIMIT - bare.to_string().len() - 20).into();
    let large = server.post(BASE, &object).await;
    assert_eq!(large.code, 201, "{:?}", large.json()["message"]);
    assert_eq!(entries(&large.json()), []);
    let patched = server.merge(&of("b"), &json!({"spec": {"count": 2}})).await;
    assert_eq!((patched.code.as_u16(), patched.json()["spec"]["count"].as_i64()), (200, Some(2)));
    // It still tells what it is that does not fit.
    object["metadata"]["name"] = "c".into();
    object["spec"]["reference"] = "x".repeat(LIMIT).into();
    assert_eq!(server.post(BASE, &object).await.code, 413);
}
