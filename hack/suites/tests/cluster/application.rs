//! What an application sees: it finds its database by the name that its Secret holds.

use serde_json::json;
use suites::NodeCluster;

use crate::postgres;

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_reaches_a_database_in_a_pod_by_the_host_of_its_secret() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    let image = postgres(&kubectl).await;
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})).await;
    let serve = "initdb --pgdata /data/pg --auth trust >/dev/null && echo 'host all all all trust' >>/data/pg/pg_hba.conf && \
                 exec postgres -D /data/pg -c listen_addresses='*' -c unix_socket_directories=/data";
    kubectl
        .apply(&json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "db", "namespace": "shop", "labels": {"app": "db"}},
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "containers": [{
                    "name": "postgres", "image": image, "command": ["sh", "-c", serve],
                    "readinessProbe": {"exec": {"command": ["pg_isready", "-h", "127.0.0.1"]}, "periodSeconds": 1},
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }],
                "volumes": [{"name": "data", "emptyDir": {}}],
            },
        }))
        .await;
    kubectl
        .apply(&json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "db", "namespace": "shop"},
            "spec": {"selector": {"app": "db"}, "ports": [{"port": 5432}]},
        }))
        .await;
    kubectl
        .apply(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db-binding", "namespace": "shop"},
            "stringData": {"host": "db.shop.svc.cluster.local"},
        }))
        .await;
    kubectl.says("wait --for=condition=Ready pod/db --namespace shop --timeout=80s").await;
    let printed = kubectl
        .pod(&json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app", "namespace": "shop"},
            "spec": {
                "restartPolicy": "Never",
                "containers": [{
                    "name": "app", "image": image,
                    "command": ["psql", "-U", "postgres", "-At", "-c", "SELECT 'found'"],
                    "env": [{"name": "PGHOST", "valueFrom": {"secretKeyRef": {"name": "db-binding", "key": "host"}}}],
                }],
            },
        }))
        .await;
    assert_eq!(printed, "found\n");
    // From beside the pods, too, where tests run programs.
    let found =
        cluster.command("getent".as_ref()).args(["hosts", "db.shop.svc.cluster.local"]).output().await;
    let found = found.expect("it runs");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    kubectl.says("delete namespace shop").await;
}
