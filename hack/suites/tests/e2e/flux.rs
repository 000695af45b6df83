//! Line 19c: Flux's own library, on one kind; and on what a Kustomization holds, with a real database.

use std::process::Stdio;

use serde_json::{Value, json};
use suites::instance::{class, namespace, postgresql};
use suites::programs::{self, has_postgresql, skipped};
use suites::{Cluster, wait::DEADLINE};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::peers::program;
use crate::provisioned::Provisioner;
use crate::target::Target;

/// Leaves it an object that kubectl applied by itself, and reports what it saw to hold.
pub(crate) async fn kind(target: &Target) {
    let (mut object, kind) = (target.object("kubectl"), target.kind);
    // A spec that it may change to and back, and one that an object of that spec may not have.
    let (other, drift, refused) = match kind.has_scale {
        true => ("v1alpha1", json!({"instances": 2}), json!({"className": "somebody", "instances": 1})),
        false => ("v1beta1", json!({"reference": "two"}), Value::Null),
    };
    if kind.has_scale {
        object["spec"]["instances"] = json!(1);
    }
    let spec = object["spec"].to_string();
    object["metadata"]["labels"] = json!({"tier": "gold"});
    let applied = target.kubectl.execute(&["apply", "--filename", "-"], &object.to_string()).await;
    assert_eq!(applied.code, 0, "{}", applied.text);

    let mut flux = Command::new(programs::flux().expect("it is built"));
    flux.arg("--kubeconfig").arg(&target.kubeconfig).args(["--namespace", &target.namespace]);
    flux.args(["--api-version", &kind.api_version(), "--kind", kind.kind, "--other-version", other]);
    flux.args(["--spec", &spec, "--drift", &drift.to_string(), "--refused", &refused.to_string()]);
    flux.args(kind.has_status.then_some("--status"));
    target.told_by(&mut flux).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flux_brings_a_database_in_stages_waits_for_it_and_takes_it_away() {
    let Some(program) = program() else { return };
    let Some(flux) = programs::flux() else {
        return skipped("Flux's library is not built (hack/lib/flux.sh)");
    };
    if !has_postgresql() {
        return skipped("PostgreSQL is not installed (Debian package postgresql)");
    }
    let Some(cluster) = Cluster::start().await else { return };
    let _provisioner = Provisioner::start(&cluster, &program).await;
    let database = postgresql("wiki", &json!({"deletionPolicy": "Delete"}));
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [database, class(), namespace()]});
    let mut flux = Command::new(flux);
    flux.arg("--kubeconfig").arg(cluster.kubeconfig());
    flux.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut running = flux.spawn().expect("it starts");
    let mut stdin = running.stdin.take().expect("its stdin");
    stdin.write_all(objects.to_string().as_bytes()).await.expect("it reads");
    drop(stdin);
    let ended = timeout(DEADLINE, running.wait_with_output()).await.expect("it ends").expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ended.status.success(), "{}{}", text(&ended.stdout), text(&ended.stderr));
    let order = "Namespace/demo and DatabaseClass/local and PostgreSQL/demo/wiki";
    assert!(text(&ended.stdout).contains(order), "{}", text(&ended.stdout));
}
