//! A namespace that goes without us leaves nothing of ours behind.

use controlplane::databases::DatabasesServer;
use hyper::Method;
use quickstart::apply::apply;
use serde_json::{Value, json};
use suites::http::Http;
use suites::wait::until;

use crate::setup::{Setup, program};

const ALL: &str = "/apis/databases.standard.k8s.io/v1/postgresqls";
const JSON: (&str, &str) = ("content-type", "application/json");

impl Setup {
    /// A namespace with an object of ours that has a finalizer of its own for a moment.
    async fn fill(&self, ours: &Http, namespace: &str) {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        apply(self.cluster.admin(), &object).await.expect("a namespace");
        let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{namespace}/postgresqls");
        let object = json!({"metadata": {"name": "a"}, "spec": {"storage": {"size": "1Gi"}}});
        ours.send(Method::POST, &path, &[JSON], object.to_string()).await.expect(201);
    }
}

/// Deletes a namespace; the cluster has never heard of our group and lets it go.
async fn drop_namespace(host: &Http, namespace: &str) {
    let path = format!("/api/v1/namespaces/{namespace}");
    host.send(Method::DELETE, &path, &[], "").await.expect(200);
    until("the namespace is gone", async || (host.get(&path, &[]).await.status == 404).then_some(())).await;
}

/// Waits until the only objects left are in these namespaces.
async fn left(ours: &Http, expected: &[&str]) {
    until(&format!("what is left is in {expected:?}"), async || {
        let list = ours.get(ALL, &[]).await;
        let items = if list.status == 200 { list.json()["items"].clone() } else { Value::Null };
        let found: Vec<&str> =
            items.as_array()?.iter().filter_map(|item| item["metadata"]["namespace"].as_str()).collect();
        (found == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_namespace_that_goes_leaves_of_ours_is_deleted() {
    let Some(setup) = Setup::start().await else { return };
    let ours = setup.user("admin", &["system:masters"]);
    for namespace in ["away", "here", "kept"] {
        setup.fill(&ours, namespace).await;
    }
    left(&ours, &["away", "here", "kept"]).await;
    drop_namespace(&setup.host, "here").await;
    left(&ours, &["away", "kept"]).await;

    // One that goes while no server runs.
    let Setup { server, host, cluster } = setup;
    server.process.stop().await.expect("it ends");
    drop_namespace(&host, "away").await;
    let program = program().expect("it is there");
    let server = DatabasesServer::start(&cluster, &program, "databases-apiserver").await.expect("it starts");
    let setup = Setup { server, host, cluster };
    left(&setup.user("admin-again", &["system:masters"]), &["kept"]).await;
}
