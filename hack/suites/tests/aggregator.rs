//! Upstream's conformance spec of the aggregator: a server of sample-apiserver's group in a pod, registered and used. It wants
//! sample-apiserver, which passes, and is given ours in its place.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use suites::NodeCluster;
use suites::programs::{self, checkout, install, skipped};
use tokio::process::Command;
use tokio::time::timeout;

/// The spec, by the end of its name.
const SPEC: &str = "Aggregator Should be able to support .* Sample API Server using the current Aggregator";
/// How long it may take; it waits for minutes itself for what does not come.
const LIMIT: Duration = Duration::from_secs(600);

/// The name of an image that the specs use, by its last part.
async fn name(specs: &Path, image: &str) -> String {
    let output = Command::new(specs).arg("-list-images").output().await.expect("it runs");
    let listed = String::from_utf8(output.stdout).expect("text");
    let ours = |line: &&str| line.contains(&format!("/{image}:"));
    listed.lines().find(ours).unwrap_or_else(|| panic!("no image {image} in: {listed}")).to_owned()
}

/// Puts one program into an image.
async fn single(cluster: &NodeCluster, name: &str, program: &Path, place: &str, config: Value) {
    let files = tempfile::tempdir().expect("a folder");
    let inside = files.path().join(place);
    tokio::fs::create_dir_all(inside.parent().expect("a folder")).await.expect("a folder");
    install(program, &inside).await;
    cluster.image(name, &config, files.path()).await;
}

/// The image of our server: what it needs, and the flags that sample-apiserver needs not be given, because its defaults are
/// other ones or because it has no such plugin.
async fn ours(cluster: &NodeCluster, name: &str, program: &Path) {
    let files = tempfile::tempdir().expect("a folder");
    let rootfs = Command::new(checkout().join("deploy/rootfs.sh")).arg(program).arg(files.path()).status();
    assert!(rootfs.await.expect("it runs").success(), "deploy/rootfs.sh");
    let config = json!({"Entrypoint": [
        "/databases-apiserver", "serve", "--bind-address=0.0.0.0", "--secure-port=443",
        "--disable-admission-plugins=ResourceQuota",
    ]});
    cluster.image(name, &config, files.path()).await;
}

/// Runs the spec, which must have passed.
async fn passes(cluster: &NodeCluster, specs: &Path, server: &str) {
    let mut run = cluster.command(specs);
    run.arg("-kubeconfig").arg(cluster.kubeconfig()).args(["-ginkgo.focus", SPEC, "-ginkgo.no-color"]);
    let output = timeout(LIMIT, run.kill_on_drop(true).output()).await.expect("it ends").expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 Passed | 0 Failed"), "{server}: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_spec_of_the_aggregator_passes_with_our_server() {
    let Some(specs) = programs::specs() else {
        return skipped("Kubernetes' own specs are not built; hack/test aggregator builds them");
    };
    let Some(wardle) = programs::wardle() else {
        return skipped(
            "wardle-apiserver is not built (cargo build --package wardle --features databases-apiserver/etcd)",
        );
    };
    let (Some(etcd), Ok(programs)) = (programs::etcd(), controlplane::Programs::find()) else {
        return skipped("etcd or sample-apiserver is not built (hack/lib/etcd.sh, hack/lib/kubernetes.sh)");
    };
    let Some(cluster) = NodeCluster::bare().await else { return };
    single(&cluster, &name(&specs, "etcd").await, &etcd, "usr/local/bin/etcd", json!({})).await;
    let server = name(&specs, "sample-apiserver").await;
    let entry = json!({"Entrypoint": ["/bin/sample-apiserver"]});
    single(&cluster, &server, &programs.sample_apiserver, "bin/sample-apiserver", entry).await;
    passes(&cluster, &specs, "sample-apiserver").await;
    ours(&cluster, &server, &wardle).await;
    passes(&cluster, &specs, "ours").await;
}
