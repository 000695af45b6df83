//! Objects that refer to others.

use super::*;
use crate::backend::{Class, Request, Resolved};
use databases_api::postgresql::PostgreSQL;

const SECRETS: &str = "/api/v1/namespaces/demo/secrets";
const ADMIN: &str = "/api/v1/namespaces/demo/secrets/admin";
const AUDITOR: &str = "/api/v1/namespaces/demo/secrets/a-user-audit";
const MISSING: &str = "there is no Secret demo/admin, which spec.adoptRef names";

/// An object that refers to a Secret.
async fn adopting(server: &Server) -> String {
    class(server, json!({})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    created(server, json!({"adoptRef": {"kind": "Secret", "name": "admin"}})).await
}

async fn secret(server: &Server, users: &str) {
    let secret = json!({"metadata": {"name": "admin"}, "stringData": {"users": users}});
    assert_eq!(server.post(SECRETS, secret).await.0, 201);
}

#[tokio::test(start_paused = true)]
async fn an_object_waits_for_what_it_refers_to_and_is_looked_at_when_it_comes() {
    let (server, fake) = Server::with_fake().await;
    let uid = adopting(&server).await;
    says(&server, A, "ResolvedRefs", "False", "SecretNotFound", MISSING).await;
    says(&server, A, "Accepted", "False", "SecretNotFound", MISSING).await;
    assert_eq!(fake.is_up(&uid), None, "nothing was made without it");
    let before = tokio::time::Instant::now();
    secret(&server, "audit").await;
    server.condition(A, "Ready", "True", "Available").await;
    assert!(before.elapsed().as_secs() < 30, "it did not wait for the next regular look");
    server.condition(A, "ResolvedRefs", "True", "ResolvedRefs").await;
    assert_eq!(server.get(AUDITOR).await.0, 200, "the backend was given it");
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_is_kept_as_it_is_when_what_it_refers_to_goes_and_follows_what_it_becomes() {
    let (server, fake) = Server::with_fake().await;
    secret(&server, "audit").await;
    let uid = adopting(&server).await;
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(server.delete(ADMIN, json!({})).await, 200);
    says(&server, A, "ResolvedRefs", "False", "SecretNotFound", MISSING).await;
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(server.get(AUDITOR).await.0, 200);
    secret(&server, "other").await;
    server.gone(AUDITOR).await;
    server.condition(A, "ResolvedRefs", "True", "ResolvedRefs").await;
    assert_eq!(server.get("/api/v1/namespaces/demo/secrets/a-user-other").await.0, 200);
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_reference_to_another_kind_is_refused_and_told_of_an_object_that_is_older_than_its_class() {
    let (server, fake) = Server::with_fake().await;
    let other = json!({"adoptRef": {"group": "example.com", "kind": "Cluster", "name": "admin"}});
    let uid = created(&server, other.clone()).await;
    class(&server, json!({})).await;
    let words = "spec.adoptRef.kind: class \"ours\" takes no Cluster.example.com here, but Secret";
    let message = server.condition(A, "Accepted", "False", "Conflict").await;
    assert!(message.contains(words), "{message}");
    let (code, _, answer) = server.post(IN_DEMO, database("b", other)).await;
    assert_eq!(code, 201, "it names no class yet: {answer}");
    let (code, _, answer) =
        server.merge(&format!("{IN_DEMO}/b"), json!({"spec": {"className": "ours"}})).await;
    assert_eq!(
        (code, &answer["details"]["causes"][0]["field"]),
        (422, &"spec.adoptRef.kind".into()),
        "{answer}"
    );
    assert_eq!(fake.is_up(&uid), None);
    is_deleted(&server, &fake, &uid).await;
}

#[test]
fn what_is_in_a_secret_is_not_shown() {
    let secret = json!({"data": {"password": "c2VjcmV0"}}).to_string();
    let resolved = Resolved { path: "spec.adoptRef".into(), object: secret.clone(), ..Resolved::default() };
    let class = Class { name: "ours".into(), parameters: secret.clone() };
    let request = Request {
        class: Some(class),
        parameters: Some(secret),
        references: vec![resolved],
        ..Request::new(PostgreSQL::default())
    };
    let shown = format!("{request:?}");
    assert!(shown.contains("spec.adoptRef") && !shown.contains("c2VjcmV0"), "{shown}");
}
