//! Another API group on the same server: `wardle.example.com`, as Kubernetes' sample-apiserver defines it.

use hyper::Method;
use quickstart::client::Client;
use serde_json::{Value, json};
use suites::etcd::Etcd;
use suites::http::Http;
use suites::wait::until;
use suites::{Cluster, Kubectl, Sandbox, Wardle, programs};

const FLUNDERS: &str = "/apis/wardle.example.com/v1beta1/namespaces/default/flunders";
const ALPHA_FLUNDERS: &str = "/apis/wardle.example.com/v1alpha1/namespaces/default/flunders";
const FISCHERS: &str = "/apis/wardle.example.com/v1alpha1/fischers";
/// What the group may cost beyond the server.
const LINES: usize = 100;

fn sandbox() -> Option<Sandbox> {
    let Some(program) = programs::wardle() else {
        programs::skipped("wardle-apiserver is not built (cargo build --package wardle)");
        return None;
    };
    Some(Sandbox::of(program))
}

fn flunder(version: &str, name: &str, spec: &Value) -> Value {
    let api_version = format!("wardle.example.com/{version}");
    json!({"apiVersion": api_version, "kind": "Flunder", "metadata": {"name": name}, "spec": spec})
}

async fn create(client: &Client, collection: &str, object: &Value) -> Value {
    client.expect(Method::POST, collection, "application/json", object).await.expect("it is created")
}

/// Both versions show one object, and neither loses what the other says.
async fn both_versions_are_one_object(client: &Client) {
    let spec = json!({"reference": "cod", "referenceType": "Fischer"});
    create(client, ALPHA_FLUNDERS, &flunder("v1alpha1", "one", &spec)).await;
    let beta = client.read(&format!("{FLUNDERS}/one")).await.expect("an object");
    assert_eq!(beta["spec"], json!({"fischerReference": "cod", "referenceType": "Fischer"}));

    let spec = json!({"flunderReference": "one", "fischerReference": "cod", "referenceType": "Flunder"});
    create(client, FLUNDERS, &flunder("v1beta1", "two", &spec)).await;
    let path = format!("{ALPHA_FLUNDERS}/two");
    let mut alpha = client.read(&path).await.expect("an object");
    assert_eq!(alpha["spec"], json!({"reference": "one", "referenceType": "Flunder"}));
    alpha["metadata"]["labels"] = json!({"seen": "yes"});
    client.expect(Method::PUT, &path, "application/json", &alpha).await.expect("it is updated");
    let beta = client.read(&format!("{FLUNDERS}/two")).await.expect("an object");
    assert_eq!((&beta["spec"], &beta["metadata"]["labels"]["seen"]), (&spec, &json!("yes")));
    assert_eq!(beta["metadata"]["annotations"], Value::Null);
}

async fn fischers_ban_names(client: &Client) {
    let fischer = json!({"metadata": {"name": "cod"}, "disallowedFlunders": ["whale"]});
    create(client, FISCHERS, &fischer).await;
    let whale = flunder("v1beta1", "whale", &json!({}));
    let body = serde_json::to_vec(&whale).expect("JSON").into();
    let answer = client.request(Method::POST, FLUNDERS, "application/json", body).await.expect("an answer");
    let message = answer.message();
    assert!(message.contains("this name may not be used, please change the resource name"), "{message}");
    assert_eq!(answer.status.as_u16(), 403);
}

#[tokio::test]
async fn it_is_served_over_every_engine_and_outlives_the_server() {
    let folder = suites::sandbox::temporary_folder();
    let etcd = Etcd::start(folder.path()).await;
    let servers = etcd.as_ref().map(|etcd| format!("--etcd-servers={}", etcd.url));
    let mut engines = vec![vec!["--storage=redb"], vec!["--storage=memory"]];
    engines.extend(servers.as_deref().map(|servers| vec!["--storage=etcd", servers]));
    for flags in engines {
        let Some(mut sandbox) = sandbox() else { return };
        sandbox.launch.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let client = sandbox.start().await;
        both_versions_are_one_object(&client).await;
        fischers_ban_names(&client).await;
        sandbox.stop().await;
        if flags[0] != "--storage=memory" {
            let client = sandbox.start().await;
            client.read(&format!("{FLUNDERS}/two")).await.expect("what was acknowledged is there");
        }
    }
}

#[tokio::test]
async fn every_form_is_there() {
    let Some(mut sandbox) = sandbox() else { return };
    let client = sandbox.start().await;
    let mut watch = client.watch(&format!("{FLUNDERS}?watch=true&resourceVersion=0")).await.expect("a watch");
    create(&client, FLUNDERS, &flunder("v1beta1", "one", &json!({"flunderReference": "two"}))).await;
    let event = watch.next().await.expect("an event").expect("an event");
    assert_eq!((&event["type"], &event["object"]["metadata"]["name"]), (&json!("ADDED"), &json!("one")));
    assert_eq!(event["object"]["spec"]["referenceType"], "Flunder", "the default");

    let http = Http::of(&sandbox.launch.kubeconfig());
    let accept = [("accept", "application/vnd.kubernetes.protobuf")];
    let reply = http.get(&format!("{FLUNDERS}/one"), &accept).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, accept[0].1));
    assert!(reply.body.starts_with(b"k8s\0"));
    assert!(http.get("/version", &[]).await.text().contains("+wardle."));

    let Some(kubectl) = Kubectl::of(&sandbox) else { return };
    let answers = [
        ("get flunders,fischers", "flunder.wardle.example.com/one"),
        ("explain flunder.spec --api-version=wardle.example.com/v1alpha1", "referenceType"),
        ("api-resources --api-group=wardle.example.com", "fischers"),
        ("config current-context", "wardle"),
    ];
    for (arguments, wanted) in answers {
        let output = kubectl.run(arguments).await;
        assert!(output.stdout.contains(wanted), "kubectl {arguments}: {}", output.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_aggregated_with_the_clusters_users_and_namespaces() {
    let Some(cluster) = Cluster::start().await else { return };
    let Some(Wardle { registration, .. }) = &Wardle::start(&cluster, &cluster.etcd_url()).await else {
        return;
    };
    cluster.register(registration, &cluster.pki.serving.pem()).await.expect("it is registered");
    cluster.available(registration).await.expect("it is available");

    both_versions_are_one_object(cluster.admin()).await;
    fischers_ban_names(cluster.admin()).await;
    let nobody = cluster.client_of("nobody", &[]).expect("a client");
    assert_eq!(
        nobody.get(FLUNDERS).await.expect("an answer").status.as_u16(),
        403,
        "the cluster's rules hold"
    );
    let lease = "/apis/coordination.k8s.io/v1/namespaces/wardle-system/leases/wardle-apiserver";
    until("a replica holds the Lease", async || cluster.admin().read(lease).await.ok()).await;
}

#[test]
fn it_costs_at_most_a_hundred_lines() {
    let folder = programs::checkout().join("hack/wardle/src");
    let files = std::fs::read_dir(&folder).expect("its source").map(|file| file.expect("a file").path());
    let texts = files.map(|file| std::fs::read_to_string(file).expect("a text"));
    let lines: usize = texts.map(|text| text.lines().filter(|line| is_code(line)).count()).sum();
    println!("MEASURED: wardle.example.com takes {lines} lines beyond the server");
    assert!(lines <= LINES, "{lines} lines");
}

/// Neither empty nor a comment.
fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}
