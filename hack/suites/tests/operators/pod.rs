//! The pod that tests: our server's own program, beside the server that is installed, with the rights that it takes.

use std::time::Duration;

use serde_json::{Value, json};
use suites::programs::checkout;
use suites::wait::until_within;

use crate::cluster::Yours;

/// How long the tests of one class may take.
const LIMIT: Duration = Duration::from_secs(7000);
const RIGHTS: &str = "rbac.authorization.k8s.io";

/// Tests a class; the sum of what came of it, or what failed. `UPDATE_GOLDEN=1` writes the report.
pub(crate) async fn tested(cluster: &Yours, operator: &str, class: &str) -> Result<String, String> {
    let server = "deployment --all-namespaces --selector app.kubernetes.io/name=databases-apiserver";
    let found = cluster.kubectl.object(server).await;
    let Some(server) = found["items"].as_array().and_then(|found| found.first()) else {
        return Err(format!("databases-apiserver is not installed in {}", cluster.name));
    };
    let objects = objects(server, operator, class);
    for object in &objects {
        cluster.kubectl.apply(object).await;
    }
    let (code, printed) = ended(cluster, &objects[3]).await;
    for object in &objects {
        let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
        let namespace = text(&objects[3], "/metadata/namespace");
        cluster.kubectl.says(&format!("delete {kind} {name} --namespace {namespace} --wait=false")).await;
    }
    println!("{printed}");
    let (said, report) = printed.split_once("\n---\n").unwrap_or((&printed, ""));
    let (report, sum) = report.split_once("\n...\n").unwrap_or_default();
    if !report.is_empty() && std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = checkout().join(format!("api/conformance/{operator}.yaml"));
        std::fs::write(path, format!("{report}\n")).expect("the report can be written");
    }
    match code {
        Some(0) => Ok(sum.lines().last().unwrap_or_default().to_owned()),
        _ => Err(format!("{said}\n{sum}")),
    }
}

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// An account, a role, what binds the two, and the pod.
fn objects(server: &Value, operator: &str, class: &str) -> [Value; 4] {
    let (name, namespace) = (format!("conformance-{operator}"), text(server, "/metadata/namespace"));
    let metadata = json!({"name": name, "namespace": namespace});
    let pod = &server["spec"]["template"]["spec"];
    let arguments =
        ["conformance", "--class", class, "--namespace", &name, "--report", "-", "--timeout", "10m"];
    let rule = |groups: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [groups], "resources": resources, "verbs": verbs});
    [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({
            "apiVersion": format!("{RIGHTS}/v1"), "kind": "ClusterRole", "metadata": {"name": name},
            "rules": [
                rule("databases.standard.k8s.io", &["databaseclasses"], &["get"]),
                rule("databases.standard.k8s.io", &["postgresqls", "postgresqls/scale", "postgresqls/status"], &["*"]),
                rule("", &["namespaces"], &["get", "create", "delete"]),
                rule("", &["secrets"], &["get", "list", "watch", "create", "delete"]),
            ],
        }),
        json!({
            "apiVersion": format!("{RIGHTS}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": RIGHTS, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        }),
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {
                "serviceAccountName": name, "restartPolicy": "Never",
                "imagePullSecrets": pod["imagePullSecrets"],
                "securityContext": pod["securityContext"],
                "containers": [{
                    "name": "conformance", "args": arguments,
                    "image": pod["containers"][0]["image"],
                    "imagePullPolicy": pod["containers"][0]["imagePullPolicy"],
                    "securityContext": pod["containers"][0]["securityContext"],
                }],
            },
        }),
    ]
}

/// Waits until the pod has ended; its exit code, and what it printed.
async fn ended(cluster: &Yours, pod: &Value) -> (Option<i64>, String) {
    let (name, namespace) = (text(pod, "/metadata/name"), text(pod, "/metadata/namespace"));
    let place = format!("{name} --namespace {namespace}");
    let code = until_within(LIMIT, "the tests have ended", async || {
        let found = cluster.kubectl.run(&format!("get pod {place} --output json")).await;
        let pod: Value = serde_json::from_str(&found.stdout).ok()?;
        let is_over = ["Succeeded", "Failed"].contains(&text(&pod, "/status/phase"));
        is_over.then(|| pod.pointer("/status/containerStatuses/0/state/terminated/exitCode")?.as_i64())
    })
    .await;
    (code, cluster.kubectl.says(&format!("logs {place}")).await)
}
