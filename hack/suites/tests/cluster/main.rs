//! A real cluster, with a node and pods: our server as its chart installs it, and what people do to it there.

mod backup;
mod drained;
mod installed;
mod plain;
mod restarted;
mod shared;

use serde_json::Value;
use suites::Kubectl;
use suites::node::NAMESPACE;
use suites::wait::until;

/// The pods that serve.
const SERVER: &str = "app.kubernetes.io/name=databases-apiserver";

/// Waits until both replicas serve and none of an earlier state is left.
async fn settled(kubectl: &Kubectl) {
    until("two replicas serve, and no other", async || {
        let deployment =
            kubectl.object(&format!("deployment databases-apiserver --namespace {NAMESPACE}")).await;
        let pods = kubectl.object(&format!("pods --namespace {NAMESPACE} --selector {SERVER}")).await;
        let status = &deployment["status"];
        let is_whole = status["observedGeneration"] == deployment["metadata"]["generation"]
            && ["replicas", "updatedReplicas", "availableReplicas"].iter().all(|count| status[count] == 2);
        (is_whole && pods["items"].as_array().is_some_and(|pods| pods.len() == 2)).then_some(())
    })
    .await;
}

/// The image that the first container of a workload runs.
async fn image(kubectl: &Kubectl, workload: &str) -> Value {
    let object = kubectl.object(&format!("{workload} --namespace {NAMESPACE}")).await;
    object["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

/// The image with PostgreSQL, which the chart was told to use for its backups, too.
async fn postgres(kubectl: &Kubectl) -> Value {
    let object = kubectl.object(&format!("cronjob databases-etcd-backup --namespace {NAMESPACE}")).await;
    object["spec"]["jobTemplate"]["spec"]["template"]["spec"]["initContainers"][0]["image"].clone()
}
