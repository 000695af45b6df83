//! What is there once `hack/cluster up` has ended.

use serde_json::{Value, json};
use suites::NodeCluster;
use suites::node::NAMESPACE;

use crate::settled;

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array().expect("conditions");
    &conditions.iter().find(|one| one["type"] == kind).unwrap_or(&Value::Null)["status"]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_is_ready_and_dns_is_up() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    let nodes = kubectl.object("nodes").await;
    assert_eq!(nodes["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(condition(&nodes["items"][0], "Ready"), "True");
    let dns = kubectl.object("deployment coredns --namespace kube-system").await;
    assert_eq!(condition(&dns, "Available"), "True");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chart_brings_two_replicas_three_members_and_two_versions() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    settled(&kubectl).await;
    let etcd = kubectl.object(&format!("statefulset databases-etcd --namespace {NAMESPACE}")).await;
    assert_eq!(etcd["status"]["readyReplicas"], 3);
    for version in ["v1", "v1alpha1"] {
        let service = kubectl.object(&format!("apiservice {version}.databases.standard.k8s.io")).await;
        assert_eq!(condition(&service, "Available"), "True", "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_finds_the_kinds_and_what_is_made_of_them() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    settled(&kubectl).await;
    let kinds = kubectl.says("api-resources --api-group databases.standard.k8s.io --output name").await;
    let mut kinds: Vec<&str> = kinds.lines().collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["databaseclasses.databases.standard.k8s.io", "postgresqls.databases.standard.k8s.io"]);
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kinds"}})).await;
    let object = json!({
        "apiVersion": "databases.standard.k8s.io/v1", "kind": "PostgreSQL",
        "metadata": {"name": "wiki", "namespace": "kinds"},
        "spec": {"className": "none", "storage": {"size": "1Gi"}},
    });
    kubectl.apply(&object).await;
    let listed = kubectl.says("get stdpg --namespace kinds --output name").await;
    assert_eq!(listed, "postgresql.databases.standard.k8s.io/wiki\n");
    kubectl.says("delete namespace kinds").await;
}
