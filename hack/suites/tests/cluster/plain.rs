//! PostgreSQL in plain pods: the class that `hack/cluster` has, with a kubelet that is one.

use serde_json::{Value, json};
use suites::wait::until;
use suites::{Kubectl, NodeCluster, programs};

use crate::{postgres, settled};

/// The manifest of a person's first database, in a namespace of its own; `spec` is laid over it.
fn manifest(namespace: &str, name: &str, spec: &Value) -> Value {
    let path = programs::checkout().join("deploy/examples/postgresql.yaml");
    let text = std::fs::read_to_string(path).expect("an example");
    let mut object: Value = serde_saphyr::from_str(&text).expect("YAML");
    object["metadata"] = json!({"name": name, "namespace": namespace});
    for (field, value) in spec.as_object().into_iter().flatten() {
        object["spec"][field] = value.clone();
    }
    object
}

/// A namespace with a database in it that is Ready.
async fn ready(kubectl: &Kubectl, namespace: &str, spec: &Value) {
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})).await;
    kubectl.apply(&manifest(namespace, "wiki", spec)).await;
    current(kubectl, namespace).await;
}

/// Waits until the database is everything that its spec asks for.
async fn current(kubectl: &Kubectl, namespace: &str) {
    for condition in ["Ready", "Programmed", "InstancesReady"] {
        let wait =
            format!("wait --for=condition={condition} stdpg/wiki --namespace {namespace} --timeout=80s");
        kubectl.says(&wait).await;
    }
}

/// The pod of an application that finds its database by its Secret.
async fn application(kubectl: &Kubectl, namespace: &str, command: &str) -> Value {
    let secret = |name: &str, key: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "wiki-binding", "key": key}}});
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "application", "namespace": namespace},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [{
            "name": "application", "image": postgres(kubectl).await, "command": ["sh", "-c", command],
            "env": [secret("HOST", "host"), secret("URI", "uri")],
        }]},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_manifest_comes_up_in_plain_pods_for_an_application() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    settled(&kubectl).await;
    ready(&kubectl, "plain", &json!({})).await;
    let asks = "getent hosts $HOST >/dev/null && psql -At -c 'CREATE TABLE pages (title text)' -c 'SELECT current_user' $URI";
    let printed = kubectl.pod(&application(&kubectl, "plain", asks).await).await;
    assert_eq!(printed, "CREATE TABLE\napp\n");
    kubectl.says("delete namespace plain --wait=false").await;
}

/// Writes numbers, one after the other, and says each that was acknowledged. One whose answer was lost is written again.
const WRITES: &str = "until psql -qc 'CREATE TABLE IF NOT EXISTS written (number int PRIMARY KEY)' $URI; do sleep 0.1; done
number=0
while :; do
  number=$((number + 1))
  until timeout 3 psql -qc \"INSERT INTO written VALUES ($number) ON CONFLICT DO NOTHING\" $URI; do sleep 0.1; done
  echo acknowledged $number
done";

/// A database of two servers whose primary is lost, one way or another, while an application writes.
struct Stage {
    kubectl: Kubectl,
}

impl Stage {
    async fn uid(&self, pod: &str) -> String {
        self.kubectl
            .says(&format!("get pod {pod} --namespace lost --output jsonpath={{.metadata.uid}}"))
            .await
    }

    /// What a pod's server says, as who manages it; empty where it does not answer.
    async fn asks(&self, pod: &str, sql: &str) -> String {
        let psql =
            ["psql", "-h", "/run/databases/sockets", "-U", "databases_manager", "-d", "app", "-Atc", sql];
        let exec = ["exec", "--namespace", "lost", pod, "--"];
        let output = self.kubectl.execute(&[&exec[..], &psql[..]].concat(), "").await;
        if output.code == 0 { output.stdout.trim().to_owned() } else { String::new() }
    }

    /// The pods whose servers take writes.
    async fn primaries(&self) -> Vec<String> {
        let pods =
            self.kubectl.object("pods --namespace lost --selector databases.standard.k8s.io/instance").await;
        let mut primaries = Vec::new();
        for pod in pods["items"].as_array().expect("a list") {
            let name = pod["metadata"]["name"].as_str().expect("a name");
            if self.asks(name, "SELECT pg_is_in_recovery()").await == "f" {
                primaries.push(name.to_owned());
            }
        }
        primaries
    }

    async fn acknowledged(&self) -> u64 {
        // Before it has started there is no log.
        let log = self.kubectl.run("logs application --namespace lost --tail 200").await.stdout;
        let numbers = log.lines().filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
        numbers.max().unwrap_or_default()
    }

    /// Waits until the application goes on, with at most one primary all the while; who that is.
    async fn goes_on(&self, is_it: impl Fn(&str) -> bool) -> String {
        let before = self.acknowledged().await;
        until("the application goes on with another primary", async || {
            let primaries = self.primaries().await;
            assert!(primaries.len() <= 1, "two servers take writes: {primaries:?}");
            let primary = primaries.first().filter(|primary| is_it(primary))?;
            (self.acknowledged().await > before).then(|| primary.clone())
        })
        .await
    }

    /// Everything that was acknowledged is there, on both servers, of which one is for reading.
    async fn has_everything(&self) {
        current(&self.kubectl, "lost").await;
        let replicas = "pods --namespace lost --selector databases.standard.k8s.io/role=replica";
        let replicas = self.kubectl.object(replicas).await;
        assert_eq!(replicas["items"].as_array().map(Vec::len), Some(1), "{replicas}");
        let acknowledged = self.acknowledged().await;
        let counted = format!("SELECT count(*) FROM written WHERE number <= {acknowledged}");
        let object = self.kubectl.object("stdpg wiki --namespace lost").await;
        let set = object["status"]["backendRef"]["name"].as_str().expect("a name").to_owned();
        for pod in [format!("{set}-0"), format!("{set}-1")] {
            let rows = until("the server has what was acknowledged", async || {
                let rows = self.asks(&pod, &counted).await;
                (rows == acknowledged.to_string()).then_some(rows)
            });
            rows.await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_primary_is_followed_by_one_other_and_nothing_acknowledged_is_lost() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    settled(&kubectl).await;
    let spec = json!({"instances": 2, "replication": {"mode": "Synchronous"}, "deletionPolicy": "Delete"});
    ready(&kubectl, "lost", &spec).await;
    kubectl.apply(&application(&kubectl, "lost", WRITES).await).await;
    let stage = Stage { kubectl };
    let first = stage.goes_on(|_| true).await;

    // Its server is killed: the pod is still there, and so it stays the primary.
    let kill = "kill -KILL $(head -n 1 /var/lib/databases/pgdata/postmaster.pid)";
    let killed = ["exec", "--namespace", "lost", &first, "--", "sh", "-c", kill];
    assert_eq!(stage.kubectl.execute(&killed, "").await.code, 0);
    stage.goes_on(|primary| primary == first).await;
    stage.has_everything().await;

    // Its pod is deleted, as by whoever moves it.
    stage.kubectl.says(&format!("delete pod {first} --namespace lost --wait=false")).await;
    let second = stage.goes_on(|primary| primary != first).await;
    stage.has_everything().await;

    // A person says that it is gone for good.
    let uid = stage.uid(&second).await;
    stage.kubectl.says(&format!("delete pod {second} --namespace lost --force --grace-period=0")).await;
    stage.goes_on(|primary| primary == first).await;
    stage.has_everything().await;
    assert_ne!(stage.uid(&second).await, uid);

    // Its node is drained, and there is no other: one server goes, and the last stays.
    let drain =
        "drain node0 --pod-selector databases.standard.k8s.io/instance --timeout 20s --delete-emptydir-data";
    let drained = stage.kubectl.run(drain).await;
    let left = stage.primaries().await;
    let uncordoned = stage.kubectl.run("uncordon node0").await;
    assert_eq!(uncordoned.code, 0, "{}", uncordoned.text);
    assert!(drained.text.contains("would violate the pod's disruption budget"), "{}", drained.text);
    assert!(left.len() <= 1, "{left:?}");
    stage.goes_on(|_| true).await;
    stage.has_everything().await;
    stage.kubectl.says("delete namespace lost --wait=false").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_class_of_plain_pods_keeps_its_word_where_only_a_kubelet_shows_it() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    let Some(program) = programs::server() else { return };
    settled(&kubectl).await;
    let tests = [
        "TheUriConnects",
        "ParametersChange",
        "UsersHaveTheirAttributes",
        "TlsIsRequired",
        "TlsIsOptional",
        "ReadOnlyEndpointReads",
        "StopKeepsRows",
    ];
    let mut command = cluster.command(&program);
    command.args([
        "conformance",
        "--class",
        "statefulset",
        "--namespace",
        "word",
        "--only",
        &tests.join(","),
        "--kubeconfig",
    ]);
    let output = command.arg(cluster.kubeconfig()).output().await.expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains(&format!("class statefulset: {} passed", tests.len())), "{text}");
}
