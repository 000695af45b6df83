//! Databases that begin as a copy of another one.

use super::*;
use databases_api::GROUP;

const B: &str = "/apis/databases.standard.k8s.io/v1/namespaces/demo/postgresqls/b";
const ROW: &str = "a row";
const NOT_READY: &str = "PostgreSQL demo/b, which spec.dataSourceRef names, is not Ready";

/// What makes an object a copy of `b`.
fn copy() -> Value {
    json!({"dataSourceRef": {"apiGroup": GROUP, "kind": "PostgreSQL", "name": "b"}})
}

/// A server with a class.
async fn server() -> (Server, std::sync::Arc<Fake>) {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    (server, fake)
}

/// The object `b` with these fields more; its uid.
async fn source(server: &Server, more: Value) -> String {
    let mut object = database("b", json!({"className": "ours"}));
    merge(&mut object["spec"], &more);
    let (code, _, answer) = server.post(IN_DEMO, object).await;
    assert_eq!(code, 201, "{answer}");
    answer["metadata"]["uid"].as_str().unwrap().to_owned()
}

/// The same, Ready and with a row.
async fn filled(server: &Server, fake: &Fake) -> String {
    let uid = source(server, json!({})).await;
    server.condition(B, "Ready", "True", "Available").await;
    fake.write(&uid, ROW);
    uid
}

#[tokio::test(start_paused = true)]
async fn a_copy_has_the_data_and_goes_its_own_way_whatever_becomes_of_what_it_copies() {
    let (server, fake) = server().await;
    let source = filled(&server, &fake).await;
    let uid = ready(&server, copy()).await;
    assert!(fake.reads(&uid, ROW));
    fake.write(&uid, "another");
    assert!(!fake.reads(&source, "another"));
    assert_eq!(server.delete(B, json!({})).await, 200);
    server.gone(B).await;
    fake.crash(&uid);
    let is_back = async || (fake.starts(&uid) == 2).then_some(());
    server.until("it is up again", is_back).await;
    server.condition(A, "Ready", "True", "Available").await;
    server.condition(A, "ResolvedRefs", "True", "ResolvedRefs").await;
    assert!(fake.reads(&uid, ROW) && fake.reads(&uid, "another"));
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_waits_for_what_it_copies_and_is_looked_at_when_that_is_ready() {
    let (server, fake) = server().await;
    let uid = created(&server, copy()).await;
    let missing = "there is no PostgreSQL demo/b, which spec.dataSourceRef names";
    says(&server, A, "ResolvedRefs", "False", "DataSourceNotFound", missing).await;
    says(&server, A, "Accepted", "False", "DataSourceNotFound", missing).await;
    fake.fail_at(Step::Start, Some(Error::retried(Code::Unavailable, "it does not start")));
    source(&server, json!({})).await;
    says(&server, A, "ResolvedRefs", "False", "DataSourceNotReady", NOT_READY).await;
    assert_eq!(fake.is_up(&uid), None, "nothing was made without it");
    fake.fail_at(Step::Start, None);
    server.condition(B, "Ready", "True", "Available").await;
    let before = tokio::time::Instant::now();
    server.condition(A, "Ready", "True", "Available").await;
    assert!(before.elapsed().as_secs() < 30, "it did not wait for the next regular look");
    server.condition(A, "ResolvedRefs", "True", "ResolvedRefs").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_stopped_is_not_copied_and_who_waits_for_it_can_be_deleted() {
    let (server, fake) = server().await;
    source(&server, json!({"state": "Stopped"})).await;
    server.condition(B, "Stopped", "True", "Stopped").await;
    let uid = created(&server, copy()).await;
    says(&server, A, "ResolvedRefs", "False", "DataSourceNotReady", NOT_READY).await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn what_another_backend_made_is_not_copied() {
    let (server, fake) = server().await;
    source(&server, json!({"className": "others"})).await;
    let made = json!({"group": "other.example.com", "kind": "Cluster", "name": "b"});
    let told = json!({"status": {"backendRef": made}});
    assert_eq!(server.merge(&format!("{B}/status"), told).await.0, 200);
    let uid = created(&server, copy()).await;
    let message = "PostgreSQL demo/b, which spec.dataSourceRef names, is a Cluster of \"other.example.com\", \
        which \"fake.example.com/postgresql\" cannot copy";
    says(&server, A, "ResolvedRefs", "False", "InvalidKind", message).await;
    assert_eq!(fake.is_up(&uid), None);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_a_copy_of_itself() {
    let (server, _) = server().await;
    let mut object = database("b", json!({"className": "ours"}));
    merge(&mut object["spec"], &copy());
    let (code, _, answer) = server.post(IN_DEMO, object).await;
    assert_eq!(code, 422);
    assert!(answer["message"].as_str().unwrap().contains("spec.dataSourceRef.name"), "{answer}");
}
