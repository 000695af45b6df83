//! The control plane that other suites stand on, proven with upstream's sample-apiserver behind it.

use controlplane::sample::SampleServer;
use hyper::{Method, StatusCode};
use quickstart::apply::apply;
use quickstart::client::Client;
use serde_json::{Value, json};
use suites::wait::until;
use suites::{Cluster, Kubectl};

const FLUNDERS: &str = "/apis/wardle.example.com/v1alpha1/namespaces";

/// A control plane with sample-apiserver registered and Available.
async fn cluster() -> Option<(SampleServer, Kubectl, Cluster)> {
    let cluster = Cluster::start().await?;
    let kubectl = cluster.kubectl()?;
    let sample = SampleServer::start(&cluster).await.expect("sample-apiserver starts");
    let registration = sample.registration();
    cluster.register(&registration, &cluster.pki.serving.pem()).await.expect("it is registered");
    cluster.available(&registration).await.expect("it becomes available");
    Some((sample, kubectl, cluster))
}

fn flunder(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "wardle.example.com/v1alpha1", "kind": "Flunder",
        "metadata": {"name": name, "namespace": namespace}, "spec": {},
    })
}

async fn create(client: &Client, object: Value) -> Value {
    let (_, path) = apply(client, &object).await.expect("it is created");
    client.read(&path).await.expect("it is there")
}

async fn namespace(client: &Client, name: &str) {
    create(client, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).await;
}

async fn gone(client: &Client, path: &str) {
    until(&format!("{path} is gone"), async || {
        let answer = client.get(path).await.ok()?;
        (answer.status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregated_group_is_used_collected_and_cleaned_up() {
    let Some((_sample, kubectl, cluster)) = cluster().await else { return };
    let client = cluster.admin();

    namespace(client, "sea").await;
    create(client, flunder("sea", "first")).await;
    let listed = kubectl.run("get flunders --namespace sea --output name").await;
    assert_eq!(listed.text, "flunder.wardle.example.com/first\n");

    let owner = create(
        client,
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner", "namespace": "sea"}}),
    )
    .await;
    let mut owned = flunder("sea", "owned");
    owned["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]},
    ]);
    create(client, owned).await;
    let path = "/api/v1/namespaces/sea/configmaps/owner";
    client.expect(Method::DELETE, path, "", &Value::Null).await.expect("the owner is deleted");
    gone(client, &format!("{FLUNDERS}/sea/flunders/owned")).await;

    let deleted = kubectl.run("delete namespace sea --timeout 60s").await;
    assert_eq!(deleted.code, 0, "{}", deleted.text);
    gone(client, &format!("{FLUNDERS}/sea/flunders/first")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_who_their_certificates_say_they_are() {
    let Some(cluster) = Cluster::start().await else { return };
    let jane = cluster.client_of("jane", &["readers", "writers"]).expect("a client");
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = jane.expect(Method::POST, path, "application/json", &review).await.expect("an answer");
    let user = &answer["status"]["userInfo"];
    assert_eq!(user["username"], "jane");
    assert_eq!(user["groups"], json!(["readers", "writers", "system:authenticated"]));

    let answer = jane.get("/api/v1/namespaces/default/secrets").await.expect("an answer");
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}
