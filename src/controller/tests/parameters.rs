//! Objects with parameters of their own.

use super::*;

const SETTINGS: &str = "/api/v1/namespaces/demo/configmaps";
const TUNED: &str = "/api/v1/namespaces/demo/configmaps/tuned";
const MISSING: &str = "there is no ConfigMap demo/tuned, which spec.parametersRef names";

/// A class that takes them, and an object that has them.
async fn tuned(server: &Server) -> String {
    class(server, json!({})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    created(server, json!({"parametersRef": {"kind": "ConfigMap", "name": "tuned"}})).await
}

async fn settings(server: &Server) {
    let settings = json!({"metadata": {"name": "tuned"}, "data": {"users": "audit"}});
    assert_eq!(server.post(SETTINGS, settings).await.0, 201);
}

#[tokio::test(start_paused = true)]
async fn an_object_waits_for_its_parameters_and_is_made_with_them() {
    let (server, fake) = Server::with_fake().await;
    let uid = tuned(&server).await;
    says(&server, A, "ResolvedRefs", "False", "ParametersNotFound", MISSING).await;
    says(&server, A, "Accepted", "False", "ParametersNotFound", MISSING).await;
    assert_eq!(fake.is_up(&uid), None, "nothing was made without them");
    settings(&server).await;
    server.condition(A, "Ready", "True", "Available").await;
    server.condition(A, "ResolvedRefs", "True", "ResolvedRefs").await;
    let secret = server.get("/api/v1/namespaces/demo/secrets/a-user-audit").await;
    assert_eq!(secret.0, 200, "the backend was told of them");
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_whose_parameters_went_is_kept_as_it_is() {
    let (server, fake) = Server::with_fake().await;
    settings(&server).await;
    let uid = tuned(&server).await;
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(server.delete(TUNED, json!({})).await, 200);
    fake.crash(&uid);
    says(&server, A, "ResolvedRefs", "False", "ParametersNotFound", MISSING).await;
    server.until("it is up again", async || (fake.is_up(&uid) == Some(true)).then_some(())).await;
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(server.get("/api/v1/namespaces/demo/secrets/a-user-audit").await.0, 200);
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_database_that_serves_is_ready_whatever_its_new_reference_comes_to() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    let named = json!({"spec": {"parametersRef": {"kind": "ConfigMap", "name": "tuned"}}});
    let (code, _, answer) = server.merge(A, named).await;
    assert_eq!(code, 200, "{answer}");
    says(&server, A, "ResolvedRefs", "False", "ParametersNotFound", MISSING).await;
    says(&server, A, "Programmed", "False", "ParametersNotFound", MISSING).await;
    server.condition(A, "Reconciling", "True", "Pending").await;
    server.condition(A, "Ready", "True", "Available").await;
    fake.fail_at(Step::Record, Some(Error::rejected("InvalidParameters", "they are garbage")));
    settings(&server).await;
    server.condition(A, "ResolvedRefs", "True", "ResolvedRefs").await;
    says(&server, A, "Accepted", "False", "InvalidParameters", "they are garbage").await;
    says(&server, A, "Stalled", "True", "InvalidParameters", "they are garbage").await;
    server.condition(A, "Ready", "True", "Available").await;
    fake.fail_at(Step::Record, None);
    // What was refused waits for the next regular look.
    server.condition(A, "Programmed", "True", "Programmed").await;
    server.condition(A, "Accepted", "True", "Accepted").await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_judged_by_a_backend_that_nobody_knows_yet() {
    let (server, fake) = Server::with_fake().await;
    settings(&server).await;
    let uid = tuned(&server).await;
    server.condition(A, "Ready", "True", "Available").await;
    let reference = json!({"kind": "ConfigMap", "namespace": "demo", "name": "tuned"});
    fake.fail_at(Step::Introduce, Some(Error::retried(Code::Unavailable, "nobody is there")));
    named_class(&server, "late", json!({"parametersRef": reference})).await;
    let late = OURS.replace("ours", "late");
    says(&server, &late, "Accepted", "Unknown", "BackendUnavailable", "nobody is there").await;
    fake.crash(&uid);
    says(&server, A, "Programmed", "False", "BackendUnavailable", "nobody is there").await;
    server.condition(A, "ResolvedRefs", "True", "ResolvedRefs").await;
    fake.fail_at(Step::Introduce, None);
    server.condition(&late, "Accepted", "True", "Accepted").await;
    server.condition(A, "Programmed", "True", "Programmed").await;
    server.condition(A, "Ready", "True", "Available").await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_waits_for_parameters_can_be_deleted() {
    let (server, fake) = Server::with_fake().await;
    let uid = tuned(&server).await;
    server.condition(A, "ResolvedRefs", "False", "ParametersNotFound").await;
    is_deleted(&server, &fake, &uid).await;
}
