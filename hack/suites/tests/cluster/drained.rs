//! A node that is drained: as much of the server goes as may, and no more.

use suites::node::NAMESPACE;
use suites::{Kubectl, NodeCluster};

use crate::{SERVER, settled};

async fn ready(kubectl: &Kubectl) -> usize {
    let pods = kubectl.object(&format!("pods --namespace {NAMESPACE} --selector {SERVER}")).await;
    let is_ready = |pod: &&serde_json::Value| {
        let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
    };
    pods["items"].as_array().expect("a list").iter().filter(is_ready).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_node_keeps_the_last_replica_until_another_serves() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    settled(&kubectl).await;
    // There is no other node: what is evicted is not replaced, and the last replica may not follow.
    let drain = format!("drain node0 --pod-selector {SERVER} --timeout 30s");
    let drained = kubectl.run(&drain).await;
    let (left, served) = (ready(&kubectl).await, kubectl.run("get dbclass").await);
    let uncordoned = kubectl.run("uncordon node0").await;
    assert_eq!(uncordoned.code, 0, "{}", uncordoned.text);
    assert_ne!(drained.code, 0, "{}", drained.text);
    assert!(drained.text.contains("would violate the pod's disruption budget"), "{}", drained.text);
    assert_eq!((left, served.code), (1, 0), "{}", served.text);
    settled(&kubectl).await;
}
