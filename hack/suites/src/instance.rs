//! A PostgreSQL object on its way: apply it, wait for it, connect to it.

use std::time::Duration;

use quickstart::client::Client;
use quickstart::database::Credentials;
use quickstart::{apply, wait};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::programs::{has_postgresql, skipped};

/// How long a PostgreSQL may take to become ready.
pub const READY: Duration = Duration::from_secs(120);

/// Its name.
pub const NAMESPACE: &str = "demo";

/// A server on a machine that has PostgreSQL; `None`, and said so, where it has not.
pub async fn started() -> Option<(Sandbox, Client)> {
    if !has_postgresql() {
        skipped("PostgreSQL is not installed (Debian package postgresql)");
        return None;
    }
    let mut sandbox = Sandbox::new()?;
    let client = sandbox.start().await;
    Some((sandbox, client))
}

/// Applies one object and gives its path.
pub async fn applied(client: &Client, manifest: &Value) -> String {
    let (_, path) = apply::apply(client, manifest).await.expect("the manifest is accepted");
    path
}

/// The class of this machine.
pub fn class() -> Value {
    json!({
        "apiVersion": "databases.standard.k8s.io/v1", "kind": "DatabaseClass", "metadata": {"name": "local"},
        "spec": {"controllerName": "local.databases.standard.k8s.io/postgresql", "defaultFor": ["PostgreSQL"]},
    })
}

/// The namespace the suites work in.
pub fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
}

/// Applies both and waits until the class is accepted.
pub async fn prepare(client: &Client) {
    let path = applied(client, &class()).await;
    wait::condition(client, &path, "Accepted", READY, |_| {}).await.expect("the class is accepted");
    applied(client, &namespace()).await;
}

/// A PostgreSQL manifest; `spec` is merged over the smallest one.
pub fn postgresql(name: &str, spec: &Value) -> Value {
    let mut manifest = json!({
        "apiVersion": "databases.standard.k8s.io/v1", "kind": "PostgreSQL",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"storage": {"size": "1Gi"}},
    });
    for (key, value) in spec.as_object().into_iter().flatten() {
        manifest["spec"][key] = value.clone();
    }
    manifest
}

/// Waits until the object at `path` is Ready for its current spec.
pub async fn ready(client: &Client, path: &str) -> Value {
    wait::condition(client, path, "Ready", READY, |_| {}).await.expect("the PostgreSQL becomes ready")
}

/// The credentials in the Secret the object is bound by.
pub async fn credentials(client: &Client, object: &Value) -> Credentials {
    let name = object["status"]["binding"]["name"].as_str().expect("status.binding.name");
    let secret = client.read(&format!("/api/v1/namespaces/{NAMESPACE}/secrets/{name}")).await;
    Credentials::from_secret(&secret.expect("the binding Secret is there"))
        .expect("the Secret keeps its contract")
}

/// The same, as the Secret says now: a server that starts anew while somebody else has its port listens on another.
pub async fn login(client: &Client, path: &str) -> Option<Credentials> {
    let object = client.read(path).await.ok()?;
    Some(credentials(client, &object).await)
}

/// What the command `retained` says of a sandbox's data, and whether it succeeds.
pub async fn retained(sandbox: &Sandbox, arguments: &[&str]) -> (bool, String) {
    let mut command = tokio::process::Command::new(&sandbox.launch.program);
    command.arg("retained").arg("--data-dir").arg(&sandbox.launch.data_dir).args(arguments);
    let output = command.output().await.expect("the program runs");
    let said = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(said).expect("text"))
}

/// What its database answers now.
pub async fn answer(client: &Client, path: &str, sql: &str) -> Option<String> {
    login(client, path).await?.query(sql).await.ok()
}
