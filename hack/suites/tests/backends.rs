//! Backends that are programs of their own: the examples for those who write one, each answering the one example manifest, on
//! good days and on bad ones.

use hyper::Method;
use quickstart::client::Client;
use quickstart::database::Credentials;
use quickstart::manifests;
use serde_json::{Value, json};
use suites::instance::{applied, class, credentials, ready};
use suites::programs::{self, checkout, skipped};
use suites::stranger::{Program, SHARED, Servers, administrator, go, python, server};
use suites::wait::until;

async fn condition(client: &Client, path: &str, kind: &str, status: &str, reason: &str) {
    until(&format!("{kind} of {path} is {status} because of {reason}"), async || {
        let object = client.read(path).await.ok()?;
        let conditions = object["status"]["conditions"].as_array()?;
        let found = conditions.iter().find(|condition| condition["type"] == kind)?;
        (found["status"] == status && found["reason"] == reason).then_some(())
    })
    .await;
}

async fn patched(client: &Client, path: &str, spec: Value) {
    let patch = json!({ "spec": spec });
    let patched = client.expect(Method::PATCH, path, "application/merge-patch+json", &patch).await;
    patched.expect("the patch is accepted");
}

async fn deleted(client: &Client, path: &str) {
    let deleted = client.expect(Method::DELETE, path, "application/json", &Value::Null).await;
    deleted.expect("deletion is accepted");
    until("the object is gone", async || (client.get(path).await.ok()?.status == 404).then_some(())).await;
}

async fn text(credentials: &Credentials, sql: &str) -> String {
    credentials.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The example manifest, word for word, on the class of a backend that is not there at first, dies, and is started again.
async fn answers(client: &Client, controller: &str, start: impl Fn() -> Program) {
    let mut strangers = class();
    strangers["metadata"]["name"] = "strangers".into();
    strangers["spec"]["controllerName"] = controller.into();
    let strangers = applied(client, &strangers).await;
    condition(client, &strangers, "Accepted", "Unknown", "BackendUnavailable").await;
    let program = start();
    condition(client, &strangers, "Accepted", "True", "Accepted").await;

    let examples = manifests::read(&checkout().join("deploy/examples")).expect("the examples");
    let wiki = examples.iter().find(|example| example["kind"] == "PostgreSQL").expect("an example");
    let wiki = applied(client, wiki).await;
    let object = ready(client, &wiki).await;
    assert_eq!(object["spec"]["className"], "strangers");
    let bound = credentials(client, &object).await;
    let session = bound.connect().await.expect("an application connects");
    session.batch_execute("CREATE TABLE pages AS SELECT 'kept'::text AS title").await.expect("a table");

    drop(program);
    patched(client, &wiki, json!({"state": "Stopped"})).await;
    condition(client, &wiki, "Programmed", "False", "BackendUnavailable").await;
    condition(client, &wiki, "Ready", "True", "Available").await;
    condition(client, &strangers, "Accepted", "True", "Accepted").await;
    assert_eq!(text(&bound, "SELECT title FROM pages").await, "kept", "what runs does not need the program");

    let _program = start();
    condition(client, &wiki, "Stopped", "True", "Stopped").await;
    assert!(bound.connect().await.is_err(), "a stopped database takes no connections");
    patched(client, &wiki, json!({"state": "Running"})).await;
    let object = ready(client, &wiki).await;
    let again = credentials(client, &object).await;
    assert_eq!(again.password, bound.password);
    assert_eq!(text(&again, "SELECT title FROM pages").await, "kept");

    patched(client, &wiki, json!({"deletionPolicy": "Delete"})).await;
    deleted(client, &wiki).await;
    assert!(again.connect().await.is_err(), "nothing is left to connect to");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_example_answers_the_manifest_on_a_shared_server() {
    if programs::backend_python().is_none() {
        return skipped("what the Python example needs is not installed (hack/lib/backend-python.sh)");
    }
    let controller = "shared.example.com/postgresql";
    let Some((_sandbox, client, folder)) = server(controller).await else { return };
    let administrator = administrator(&client).await;
    answers(&client, controller, || Program::start(&mut python(&folder, &administrator))).await;
    let left = "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'wiki%'";
    assert_eq!(text(&administrator, left).await, "0", "what was deleted is gone");
    condition(&client, SHARED, "Ready", "True", "Available").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_go_example_answers_the_manifest_with_servers_of_its_own() {
    let Some(built) = programs::backend_go() else {
        return skipped("the Go example is not built (hack/lib/backend-go.sh)");
    };
    let controller = "servers.example.com/postgresql";
    let Some((_sandbox, client, folder)) = server(controller).await else { return };
    // Where it was built its user may not come to.
    let program = folder.join("program");
    std::fs::copy(built, &program).expect("the program is copied");
    let servers = Servers(folder.join("servers"));
    answers(&client, controller, || Program::start(&mut go(&folder, &program))).await;
    let left = std::fs::read_dir(&servers.0).expect("the folder of all servers").count();
    assert_eq!(left, 0, "what was deleted is gone");
}
