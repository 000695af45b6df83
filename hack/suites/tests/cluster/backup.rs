//! The backup of etcd, made by its job and read by etcd's own tool.

use serde_json::{Value, json};
use suites::NodeCluster;
use suites::node::NAMESPACE;

use crate::{image, settled};

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_the_backup_job_is_readable() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    settled(&kubectl).await;
    let class = json!({
        "apiVersion": "databases.standard.k8s.io/v1", "kind": "DatabaseClass", "metadata": {"name": "kept"},
        "spec": {"controllerName": "example.com/nobody"},
    });
    kubectl.apply(&class).await;
    let name = format!("by-hand-{}", std::process::id());
    kubectl
        .says(&format!("create job {name} --namespace {NAMESPACE} --from cronjob/databases-etcd-backup"))
        .await;
    kubectl
        .says(&format!("wait --for=condition=Complete job/{name} --namespace {NAMESPACE} --timeout=80s"))
        .await;
    let path = format!("/backup/{name}.db");
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "restartPolicy": "Never",
            "securityContext": {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532},
            "containers": [{
                "name": "read", "image": image(&kubectl, "statefulset databases-etcd").await,
                "command": ["etcdutl", "snapshot", "status", path, "--write-out", "json"],
                "volumeMounts": [{"name": "backup", "mountPath": "/backup"}],
            }],
            "volumes": [{"name": "backup", "persistentVolumeClaim": {"claimName": "databases-etcd-backup"}}],
        },
    });
    let printed = kubectl.pod(&pod).await;
    let status: Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("no status: {printed}"));
    assert!(status["totalKey"].as_u64().is_some_and(|keys| keys > 0), "{status}");
    kubectl.says("delete dbclass kept").await;
    kubectl.says(&format!("delete job,pod {name} --namespace {NAMESPACE}")).await;
}
