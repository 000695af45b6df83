//! A database for a user of the cluster: applied, provisioned, bound and deleted through kube-apiserver.

use std::path::PathBuf;

use controlplane::databases::{DatabasesServer, local_backend};
use controlplane::process::free_port;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use suites::Cluster;
use suites::instance::{NAMESPACE, applied, credentials, postgresql, prepare, ready};
use suites::programs::{has_postgresql, skipped};
use suites::sandbox::end_postmasters;
use suites::wait::until;

use crate::peers::program;

/// A server that runs databases in a folder; they end after it, whatever happens.
pub(crate) struct Provisioner {
    server: Option<DatabasesServer>,
    folder: PathBuf,
}

impl Provisioner {
    pub(crate) async fn start(cluster: &Cluster, program: &std::path::Path) -> Self {
        let folder = cluster.folder().join("databases");
        let (name, port) = ("databases-apiserver", free_port().expect("a port"));
        let server = DatabasesServer::spawn_with(cluster, program, name, port, local_backend(&folder)).await;
        let mut server = server.expect("it starts");
        server.ready(cluster).await.expect("it becomes ready");
        let registration = server.registration();
        cluster.register(&registration, &cluster.pki.serving.pem()).await.expect("it is registered");
        cluster.available(&registration).await.expect("it becomes available");
        Self { server: Some(server), folder }
    }

    /// What the server had to complain about.
    fn log(&self) -> String {
        let log = self.server.as_ref().map(|server| server.process.log()).expect("it runs");
        std::fs::read_to_string(log).expect("its log")
    }
}

impl Drop for Provisioner {
    fn drop(&mut self) {
        drop(self.server.take());
        end_postmasters(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_provisioned_for_a_user_of_the_cluster() {
    let Some(program) = program() else { return };
    if !has_postgresql() {
        return skipped("PostgreSQL is not installed (Debian package postgresql)");
    }
    let Some(cluster) = Cluster::start().await else { return };
    let provisioner = Provisioner::start(&cluster, &program).await;
    let client = cluster.admin();
    prepare(client).await;
    let path = applied(client, &postgresql("wiki", &json!({"deletionPolicy": "Delete"}))).await;
    let object = ready(client, &path).await;
    let bound = credentials(client, &object).await;
    let answer = bound.query("SELECT version()").await.expect("an answer");
    assert!(answer.starts_with("PostgreSQL 1"), "{answer}");

    let events = format!("/api/v1/namespaces/{NAMESPACE}/events?fieldSelector=involvedObject.name=wiki");
    let recorded = client.read(&events).await.expect("events");
    assert!(recorded["items"].as_array().is_some_and(|items| !items.is_empty()), "{recorded}");

    client.expect(Method::DELETE, &path, "", &Value::Null).await.expect("it is deleted");
    let binding = object["status"]["binding"]["name"].as_str().expect("a Secret");
    for gone in [path, format!("/api/v1/namespaces/{NAMESPACE}/secrets/{binding}")] {
        until(&format!("{gone} is gone"), async || {
            let answer = client.get(&gone).await.ok()?;
            (answer.status == StatusCode::NOT_FOUND).then_some(())
        })
        .await;
    }
    let log = provisioner.log();
    let refused: Vec<&str> = log.lines().filter(|line| line.contains("forbidden")).collect();
    assert_eq!(refused, [""; 0], "its rights suffice");
}
