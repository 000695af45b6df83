//! How a namespace goes, where no cluster has a controller for it.

use super::*;
use http::Method;

const OTHER: &str = "/api/v1/namespaces/other";

async fn put(server: &Server, part: &str, object: &Value) -> (u16, Value) {
    let path = format!("{OTHER}/{part}");
    let (code, _, answer) = server.send(Method::PUT, &path, "application/json", object.to_string()).await;
    (code, answer)
}

#[tokio::test(start_paused = true)]
async fn a_namespace_goes_when_everybody_has_finalized_it() {
    let server = Server::start().await;
    let finalizers = json!({"finalizers": ["example.com/x"]});
    server.post("/api/v1/namespaces", json!({"metadata": {"name": "other"}, "spec": finalizers})).await;
    assert_eq!(server.get(OTHER).await.1["spec"]["finalizers"], json!(["example.com/x", "kubernetes"]));
    assert_eq!(server.delete(OTHER, json!({})).await, 200);
    let own =
        async || (server.get(OTHER).await.1["spec"]["finalizers"] == json!(["example.com/x"])).then_some(());
    server.until("its own finalizer is off", own).await;

    let mut left = server.get(OTHER).await.1;
    left["spec"] = json!({});
    let (code, answer) = put(&server, "status", &left).await;
    assert_eq!(
        (code, &answer["spec"]["finalizers"]),
        (200, &json!(["example.com/x"])),
        "a status is no finalization"
    );
    left["metadata"]["resourceVersion"] = "".into();
    left["spec"] = json!({"finalizers": ["plain"]});
    let (code, answer) = put(&server, "finalize", &left).await;
    assert_eq!((code, &answer["details"]["causes"][0]["field"]), (422, &json!("spec.finalizers[0]")));
    left["spec"] = json!({});
    assert_eq!(put(&server, "finalize", &left).await.0, 200);
    server.gone(OTHER).await;
}

#[tokio::test(start_paused = true)]
async fn namespaces_are_not_deleted_all_at_once() {
    let server = Server::start().await;
    assert_eq!(server.delete("/api/v1/namespaces", json!({})).await, 405);
    assert_eq!(server.get(&format!("{OTHER}/finalize")).await.0, 405);
}
