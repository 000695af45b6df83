//! Databases in pods: those of a class whose server is one.

use serde_json::{Value, json};
use suites::{Kubectl, NodeCluster, programs};

use crate::{postgres, settled};

const NAMESPACE: &str = "platform";

/// A server with a login for whoever runs it, as `deploy/examples/external` asks for.
const SERVE: &str = "set -e
initdb --pgdata /data/pg --auth-local trust --auth-host scram-sha-256 >/dev/null
echo 'host all all all scram-sha-256' >>/data/pg/pg_hba.conf
pg_ctl -D /data/pg -w start >/dev/null
psql -d postgres -c \"CREATE ROLE steward LOGIN CREATEROLE CREATEDB PASSWORD 'tended'\"
pg_ctl -D /data/pg -w stop >/dev/null
exec postgres -D /data/pg -c listen_addresses='*'";

/// The class `shared`, and the server behind it.
async fn class(kubectl: &Kubectl) {
    let image = postgres(kubectl).await;
    let metadata = |name: &str| json!({"name": name, "namespace": NAMESPACE, "labels": {"app": name}});
    let container = json!({
        "name": "postgres", "image": image, "command": ["sh", "-c", SERVE],
        "readinessProbe": {"tcpSocket": {"port": 5432}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    });
    let login = json!({
        "host": "db.platform.svc.cluster.local", "port": "5432", "username": "steward", "password": "tended",
        "sslmode": "disable",
    });
    let objects = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata("db"),
            "spec": {"containers": [container], "volumes": [{"name": "data", "emptyDir": {}}]},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata("db"),
            "spec": {"selector": {"app": "db"}, "ports": [{"port": 5432}]},
        }),
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata("login"),
            "type": "servicebinding.io/postgresql", "stringData": login,
        }),
        json!({
            "apiVersion": "databases.standard.k8s.io/v1", "kind": "DatabaseClass", "metadata": {"name": "shared"},
            "spec": {
                "controllerName": "external.databases.standard.k8s.io/postgresql",
                "parametersRef": {"kind": "Secret", "namespace": NAMESPACE, "name": "login"},
            },
        }),
    ];
    for object in &objects {
        kubectl.apply(object).await;
    }
    kubectl.says(&format!("wait --for=condition=Ready pod/db --namespace {NAMESPACE} --timeout=80s")).await;
    kubectl.says("wait --for=condition=Accepted dbclass/shared --timeout=80s").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_in_a_pod_reaches_its_database_by_its_secret() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    settled(&kubectl).await;
    class(&kubectl).await;
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})).await;
    let wiki = json!({
        "apiVersion": "databases.standard.k8s.io/v1", "kind": "PostgreSQL",
        "metadata": {"name": "wiki", "namespace": "shop"},
        "spec": {"className": "shared", "storage": {"size": "1Gi"}, "deletionPolicy": "Delete"},
    });
    kubectl.apply(&wiki).await;
    kubectl.says("wait --for=condition=Ready stdpg/wiki --namespace shop --timeout=80s").await;
    let secret = |name: &str, key: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "wiki-binding", "key": key}}});
    let mut application = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "application", "namespace": "shop"},
        "spec": {"restartPolicy": "Never", "containers": [{
            "name": "application", "image": postgres(&kubectl).await,
            "command": ["sh", "-c", "getent hosts $HOST >/dev/null && psql -At -c 'SELECT current_user = session_user' $URI"],
        }]},
    });
    application["spec"]["containers"][0]["env"] =
        Value::from(vec![secret("HOST", "host"), secret("URI", "uri")]);
    assert_eq!(kubectl.pod(&application).await, "t\n");
    kubectl.says("delete namespace shop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_conformance_reaches_databases_in_pods_from_inside() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    let Some(program) = programs::server() else { return };
    settled(&kubectl).await;
    class(&kubectl).await;
    let mut command = cluster.command(&program);
    command.args(["conformance", "--class", "shared", "--only", "TheUriConnects", "--kubeconfig"]);
    let output = command.arg(cluster.kubeconfig()).output().await.expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.lines().any(|line| line.starts_with("pass ") && line.contains("TheUriConnects")), "{text}");
}
