//! Owners in one version, and a configuration in another.

use super::*;
use crate::endpoint::tests::applies::APPLY;

async fn applied(server: &Server, version: &str, query: &str, spec: &Value) -> Answer {
    let api_version = format!("probe.example.com/{version}");
    let wanted = json!({"apiVersion": api_version, "kind": "Probe", "metadata": {"name": "a"}, "spec": spec});
    let path = format!("{}?{query}", of_a(version));
    server.send(Method::PATCH, &path, APPLY, wanted.to_string()).await
}

#[tokio::test]
async fn what_is_owned_in_another_version_conflicts() {
    let server = server().await;
    assert_eq!(applied(&server, "v1", "fieldManager=one", &json!({"word": "w"})).await.code, 201);
    let refused = applied(&server, "v2", "fieldManager=two", &json!({"word": "x"})).await;
    assert_eq!(refused.code, 409, "{:?}", refused.bytes);
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("conflict with \"one\": .spec.word"), "{message}");
}

#[tokio::test]
async fn what_was_applied_in_another_version_goes_when_it_is_applied_no_more() {
    let server = server().await;
    assert_eq!(applied(&server, "v1", "fieldManager=one", &json!({"word": "w"})).await.code, 201);
    let left = applied(&server, "v2", "fieldManager=one", &json!({})).await;
    assert_eq!(left.code, 200, "{:?}", left.bytes);
    assert_eq!(left.json()["spec"]["word"], Value::Null);
}
