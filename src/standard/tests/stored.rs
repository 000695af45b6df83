//! What is stored by itself, and what may not be read of it.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_holds_its_namespace_and_nothing_else() {
    let server = Server::start().await;
    let within = "/api/v1/namespaces/demo";
    server.post(&format!("{within}/configmaps"), json!({"metadata": {"name": "whole"}})).await;
    server.post(&format!("{within}/secrets"), json!({"metadata": {"name": "s"}})).await;
    server.spoil("/core/configmaps/demo/broken").await;
    server.spoil("/core/events/demo/broken").await;
    let (code, _, _) = server.send(Method::DELETE, within, "application/json", String::new()).await;
    assert_eq!(code, 200);
    let gone = async |path: &str| {
        while server.get(path).await.0 != 404 {
            tokio::time::advance(std::time::Duration::from_millis(10)).await;
        }
    };
    gone(&format!("{within}/configmaps/whole")).await;
    assert_eq!(server.get(within).await.0, 200);
    assert_eq!(server.get(&format!("{within}/secrets/s")).await.0, 200);
    let unsafely = json!({"ignoreStoreReadErrorWithClusterBreakingPotential": true}).to_string();
    for broken in ["configmaps/broken", "events/broken"] {
        let path = format!("{within}/{broken}");
        assert_eq!(server.get(&path).await.0, 500);
        assert_eq!(server.send(Method::DELETE, &path, "application/json", unsafely.clone()).await.0, 200);
    }
    gone(within).await;
}

#[tokio::test]
async fn core_kinds_are_updated_without_a_version_and_ours_are_not() {
    let server = Server::start().await;
    server.class("any", json!({"defaultFor": ["PostgreSQL"]}), &["PostgreSQL"]).await;
    let within = "/api/v1/namespaces/demo";
    for (collection, object) in [
        (format!("{within}/configmaps"), json!({"metadata": {"name": "a"}, "data": {"k": "v"}})),
        (format!("{within}/secrets"), json!({"metadata": {"name": "a"}, "stringData": {"k": "v"}})),
        (
            format!("{within}/events"),
            json!({"metadata": {"name": "a"}, "involvedObject": {"namespace": "demo"}}),
        ),
        ("/api/v1/namespaces".to_owned(), json!({"metadata": {"name": "a", "labels": {"k": "v"}}})),
    ] {
        assert_eq!(server.post(&collection, object.clone()).await.0, 201, "{collection}");
        let path = format!("{collection}/a");
        let (code, _, answer) = server.send(Method::PUT, &path, "application/json", object.to_string()).await;
        assert_eq!(code, 200, "{answer}");
        let mut stale = object;
        stale["metadata"]["resourceVersion"] = "1".into();
        let (code, _, answer) = server.send(Method::PUT, &path, "application/json", stale.to_string()).await;
        assert_eq!((code, &answer["reason"]), (409, &"Conflict".into()), "{answer}");
    }
    assert_eq!(server.post(IN_DEMO, database("a", json!({}))).await.0, 201);
    let again = database("a", json!({})).to_string();
    let (code, _, _) = server.send(Method::PUT, &format!("{IN_DEMO}/a"), "application/json", again).await;
    assert_eq!(code, 422);
}
