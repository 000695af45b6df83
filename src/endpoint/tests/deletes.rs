//! Deletion.

use super::*;

async fn delete(server: &Server, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(Method::DELETE, path, &[], body).await
}

#[tokio::test]
async fn an_object_without_finalizers_goes_at_once() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let answer = delete(&server, &of("a"), &Value::Null).await;
    let status = answer.json();
    assert_eq!((answer.code.as_u16(), &status["status"]), (200, &"Success".into()));
    assert_eq!(status["details"]["uid"], object["metadata"]["uid"]);
    assert_eq!(status["details"]["kind"], "flunders");
    assert_eq!(status.get("code"), None);
    assert_eq!(server.get(&of("a")).await.code, 404);
    assert_eq!(delete(&server, &of("a"), &Value::Null).await.code, 404);
}

#[tokio::test]
async fn finalizers_hold_an_object_until_the_last_goes() {
    let server = Server::start().await;
    let mut object = flunder("a");
    object["metadata"]["finalizers"] = json!(["example.com/one"]);
    server.post(BASE, &object).await;
    let going = delete(&server, &of("a"), &Value::Null).await.json();
    assert!(going["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(
        (&going["metadata"]["deletionGracePeriodSeconds"], &going["metadata"]["generation"]),
        (&0.into(), &2.into())
    );
    let again = delete(&server, &of("a"), &Value::Null).await.json();
    assert_eq!(again["metadata"]["resourceVersion"], going["metadata"]["resourceVersion"]);
    let more = server
        .merge(&of("a"), &json!({"metadata": {"finalizers": ["example.com/one", "example.com/two"]}}))
        .await;
    assert_eq!(more.code, 422);
    let recreated = server.post(BASE, &flunder("a")).await.json();
    assert!(recreated["message"].as_str().unwrap().starts_with("object is being deleted: "));
    let last = server.merge(&of("a"), &json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(last.code, 200);
    assert_eq!(server.get(&of("a")).await.code, 404);
}

#[tokio::test]
async fn preconditions_protect_a_recreated_object() {
    let server = Server::start().await;
    server.create("a").await;
    let answer = delete(&server, &of("a"), &json!({"preconditions": {"uid": "other"}})).await;
    assert_eq!(answer.code, 409);
    assert!(answer.json()["message"].as_str().unwrap().contains("the UID in the precondition (other)"));
}

#[tokio::test]
async fn preconditions_in_the_query_protect_as_those_in_the_body() {
    let server = Server::start().await;
    server.create("a").await;
    for query in ["uid=other", "resourceVersion=1", "uid=other&resourceVersion=1"] {
        for path in [of("a"), BASE.to_owned()] {
            let answer = delete(&server, &format!("{path}?{query}"), &Value::Null).await;
            assert_eq!(answer.code, 409, "{path}?{query}");
        }
    }
    assert_eq!(server.get(&of("a")).await.code, 200);
    assert_eq!(delete(&server, &format!("{}?uid=&resourceVersion=", of("a")), &Value::Null).await.code, 200);
}

#[tokio::test]
async fn options_in_the_query_count_only_without_a_body() {
    let server = Server::start().await;
    server.create("a").await;
    let path = format!("{}?dryRun=All", of("a"));
    assert_eq!(delete(&server, &path, &Value::Null).await.code, 200);
    assert_eq!(server.get(&of("a")).await.code, 200);
    assert_eq!(delete(&server, &path, &json!({"propagationPolicy": "Background"})).await.code, 200);
    assert_eq!(server.get(&of("a")).await.code, 404);
}

#[tokio::test]
async fn policies_become_finalizers() {
    let server = Server::start().await;
    server.create("a").await;
    let going = delete(&server, &of("a"), &json!({"propagationPolicy": "Foreground"})).await.json();
    assert_eq!(going["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    server.create("b").await;
    let both =
        delete(&server, &of("b"), &json!({"propagationPolicy": "Orphan", "orphanDependents": true})).await;
    assert_eq!(both.code, 422);
    assert_eq!(delete(&server, &of("b"), &json!({"propagationPolicy": "Sideways"})).await.code, 422);
}

#[tokio::test]
async fn a_collection_is_deleted_by_selector() {
    let server = Server::start().await;
    for name in ["a", "b", "c"] {
        server.create(name).await;
    }
    let answer = delete(&server, &format!("{BASE}?fieldSelector=metadata.name!%3Db"), &Value::Null).await;
    assert_eq!(answer.json()["items"].as_array().unwrap().len(), 2);
    let left = server.get(BASE).await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    let everywhere = delete(&server, "/apis/wardle.example.com/v1/flunders", &Value::Null).await;
    assert_eq!(everywhere.code, 405);
}

#[tokio::test]
async fn a_deleted_collection_is_shown_in_the_form_that_was_asked_for() {
    let server = Server::start().await;
    server.create("a").await;
    let answer = server.send(Method::DELETE, BASE, &[("accept", "application/yaml")], "").await;
    assert_eq!(
        (answer.code.as_u16(), &answer.headers["content-type"]),
        (200, &"application/yaml".parse().unwrap())
    );
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    assert!(text.contains("kind: FlunderList\n"), "{text}");
}

#[tokio::test]
async fn options_of_another_type_are_refused() {
    let server = Server::start().await;
    server.create("a").await;
    for (kind, version, code) in
        [("Flunder", "v1", 400), ("DeleteOptions", "v2", 200), ("DeleteOptions", "meta.k8s.io/v1", 200)]
    {
        let options = json!({"kind": kind, "apiVersion": version, "dryRun": ["All"]}).to_string();
        let answer = server.send(Method::DELETE, &of("a"), &[], options).await;
        assert_eq!(answer.code, code, "{kind} {version}: {:?}", answer.bytes);
    }
}
