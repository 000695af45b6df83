//! What a backend says that cannot be: it is not taken at its word, and nothing gets stuck on it.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_reference_that_the_backend_would_not_know_again_is_not_recorded() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let elsewhere = Reference { group: "example.org".into(), kind: "Cluster".into(), ..Reference::default() };
    fake.lie(Some(Lie::Reference(elsewhere)));
    let uid = created(&server, json!({})).await;
    let message = server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    assert!(message.contains("\"example.org\""), "{message}");
    let (_, object) = server.get(A).await;
    assert_eq!(object["status"]["backendRef"], Value::Null);
    fake.lie(None);
    server.condition(A, "Ready", "True", "Available").await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn who_says_available_without_an_address_is_not_ready() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let nowhere =
        Observed { phase: Phase::Available, instances: 1, ready_instances: 1, ..Observed::default() };
    fake.lie(Some(Lie::Observed(Box::new(nowhere))));
    let uid = created(&server, json!({})).await;
    let message = server.condition(A, "Ready", "False", "Failing").await;
    assert!(message.contains("not where it is written to"), "{message}");
    assert_eq!(server.get(BINDING).await.0, 404, "no Secret says where nothing is");
    fake.lie(None);
    server.condition(A, "Ready", "True", "Available").await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_reason_is_told_all_the_same() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    let refused = Some(Refusal::new("no word", ""));
    fake.lie(Some(Lie::Observed(Box::new(Observed { refused, ..Observed::default() }))));
    fake.crash(&uid);
    says(&server, A, "Accepted", "False", "BackendRejected", "the backend does not say why").await;
    fake.lie(None);
    server.condition(A, "Accepted", "True", "Accepted").await;
    server.condition(A, "Ready", "True", "Available").await;
    fake.fail_at(Step::Record, Some(Error::rejected("", "it is full")));
    fake.crash(&uid);
    says(&server, A, "Accepted", "False", "BackendRejected", "it is full").await;
    fake.fail_at(Step::Record, None);
    server.condition(A, "Accepted", "True", "Accepted").await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn numbers_that_cannot_be_are_put_right() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    ready(&server, json!({})).await;
    let many = Observed { instances: -3, ready_instances: 7, version: "17.1".into(), ..Observed::default() };
    fake.lie(Some(Lie::Observed(Box::new(many))));
    server.merge(A, json!({"spec": {"network": {"port": 5433}}})).await;
    server.condition(A, "Ready", "False", "Creating").await;
    let (_, object) = server.get(A).await;
    assert_eq!(object["status"]["readyInstances"].as_i64().unwrap_or_default(), 0);
    fake.lie(None);
    server.condition(A, "Ready", "True", "Available").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_said_to_be_gone_is_asked_for_again() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    fake.lie(Some(Lie::Gone));
    fake.crash(&uid);
    server.until("it is up again", async || (fake.is_up(&uid) == Some(true)).then_some(())).await;
    server.condition(A, "Ready", "False", "Creating").await;
    fake.lie(None);
    server.condition(A, "Ready", "True", "Available").await;
    is_deleted(&server, &fake, &uid).await;
}
