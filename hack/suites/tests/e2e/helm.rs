//! Line 19b: a release of Helm.

use std::path::Path;

use serde_json::json;
use suites::programs;
use suites::wait::{DEADLINE, until};
use tokio::process::Command;
use tokio::time::timeout;

use crate::target::Target;

const CHART: &str = "apiVersion: v2\nname: one\nversion: 0.1.0\n";

/// Installs a chart with one object, changes it, and takes it away.
pub(crate) async fn release(target: &Target) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut object = target.object("a");
    object["metadata"]["labels"] = json!({"tier": "{{ .Values.tier }}"});
    std::fs::create_dir(folder.path().join("templates")).expect("a folder");
    std::fs::write(folder.path().join("Chart.yaml"), CHART).expect("a chart");
    std::fs::write(folder.path().join("templates/object.yaml"), object.to_string()).expect("a template");

    for (command, tier) in [("install", "gold"), ("upgrade", "tin")] {
        helm(
            target,
            folder.path(),
            &[command, "one", ".", "--set", &format!("tier={tier}"), "--wait=hookOnly"],
        )
        .await;
        let found = target.read("a").await;
        assert_eq!(found["metadata"]["labels"]["tier"], tier, "{found}");
        let entries = found["metadata"]["managedFields"].as_array().expect("who set it");
        let is_helms =
            entries.iter().any(|entry| entry["manager"] == "helm" && entry["operation"] == "Apply");
        assert!(is_helms, "{found}");
    }
    target.holds("Helm: a release is installed and upgraded by apply");
    helm(target, folder.path(), &["uninstall", "one"]).await;
    until("the object is gone", async || (target.get(&target.item("a")).await.status == 404).then_some(()))
        .await;
    target.holds("Helm: a release that goes takes its object with it");
}

async fn helm(target: &Target, chart: &Path, arguments: &[&str]) {
    let mut program = Command::new(programs::helm().expect("Helm is built"));
    program
        .args(arguments)
        .args(["--namespace", &target.namespace])
        .current_dir(chart)
        .env("HOME", chart)
        .env("KUBECONFIG", &target.kubeconfig)
        .kill_on_drop(true);
    let output = timeout(DEADLINE, program.output()).await.expect("it ends").expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
}
