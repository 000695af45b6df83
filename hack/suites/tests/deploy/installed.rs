//! A real cluster takes it, changes it and lets it go. Pods do not run there; everything else is as it would be.

use quickstart::apply::apply;
use serde_json::{Value, json};
use suites::Cluster;
use suites::http::Http;
use suites::wait::until;

use crate::tools::{NAMESPACE, Tools};

const CHART: &str = "chart/databases-apiserver";

/// Kinds that cert-manager brings, as far as the cluster needs to know them.
async fn certificates(cluster: &Cluster) {
    for (plural, kind) in [("certificates", "Certificate"), ("issuers", "Issuer")] {
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let version =
            json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
        let names = json!({"plural": plural, "kind": kind});
        let spec =
            json!({"group": "cert-manager.io", "scope": "Namespaced", "names": names, "versions": [version]});
        let object = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.cert-manager.io")}, "spec": spec,
        });
        apply(cluster.admin(), &object).await.expect("a kind");
    }
    let host = Http::of(&cluster.kubeconfig());
    until("the kinds are served", async || {
        let reply = host.get("/apis/cert-manager.io/v1/issuers", &[]).await;
        (reply.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_applies_the_overlay_and_removes_it() {
    let Some(cluster) = Cluster::start().await else { return };
    let Some(tools) = Tools::of(&cluster.kubeconfig()) else { return };
    certificates(&cluster).await;
    tools.kubectl(&["apply", "-f", "base/namespace.yaml"]);
    let dry = tools.kubectl(&["apply", "--dry-run=server", "-k", "overlays/standard"]);
    assert!(dry.contains("deployment.apps/databases-apiserver created (server dry run)"), "{dry}");
    let first = tools.kubectl(&["apply", "-k", "overlays/standard"]);
    assert!(!first.contains("unchanged") || first.matches("unchanged").count() == 1, "{first}");
    let second = tools.kubectl(&["apply", "-k", "overlays/standard"]);
    // The cluster completes templates of volume claims, and selectors of budgets are always replaced: kubectl takes both
    // for changed.
    let always = ["statefulset.apps/", "poddisruptionbudget.policy/"];
    let is_changed =
        |line: &&str| !line.ends_with("unchanged") && !always.iter().any(|kind| line.starts_with(kind));
    let changed = second.lines().find(is_changed);
    assert_eq!(changed, None, "what is applied again is as it was");
    let gone = tools.kubectl(&["delete", "--wait=false", "-k", "overlays/standard"]);
    assert!(gone.contains("\"v1.databases.standard.k8s.io\" deleted"), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_installs_upgrades_and_uninstalls_and_keeps_its_certificates() {
    let Some(cluster) = Cluster::start().await else { return };
    let Some(tools) = Tools::of(&cluster.kubeconfig()) else { return };
    let host = Http::of(&cluster.kubeconfig());
    let release = ["databases", CHART, "--namespace", NAMESPACE, "--set", "certManager.enabled=false"];
    tools.helm(&[&["install", "--create-namespace"], &release[..]].concat());
    let secrets = async || {
        let mut all: Vec<Value> = Vec::new();
        for name in ["databases-apiserver-serving", "databases-etcd", "databases-apiserver-etcd"] {
            let path = format!("/api/v1/namespaces/{NAMESPACE}/secrets/{name}");
            all.push(host.get(&path, &[]).await.expect(200)["data"].clone());
        }
        all
    };
    let service = "/apis/apiregistration.k8s.io/v1/apiservices/v1.databases.standard.k8s.io";
    let before = secrets().await;
    tools.helm(&[&["upgrade"], &release[..], &["--set", "replicas=3"]].concat());
    assert_eq!(secrets().await, before, "an upgrade keeps what it has made");
    assert_eq!(host.get(service, &[]).await.expect(200)["spec"]["caBundle"], before[0]["ca.crt"]);

    // A Secret that is deleted is made anew, and what it signs is believed at once.
    let path = format!("/api/v1/namespaces/{NAMESPACE}/secrets/databases-apiserver-serving");
    host.send(hyper::Method::DELETE, &path, &[], "").await.expect(200);
    tools.helm(&[&["upgrade"], &release[..]].concat());
    let after = secrets().await;
    assert!(after[0] != before[0] && after[1..] == before[1..]);
    assert_eq!(host.get(service, &[]).await.expect(200)["spec"]["caBundle"], after[0]["ca.crt"]);
    tools.helm(&["uninstall", "databases", "--namespace", NAMESPACE]);
    assert_eq!(host.get(service, &[]).await.status, 404);
}
