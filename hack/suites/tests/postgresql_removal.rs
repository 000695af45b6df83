//! How a database on a real PostgreSQL goes, and what becomes of one whose data went: nothing is left, and nothing is lost.

use std::path::PathBuf;

use hyper::Method;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use quickstart::client::Client;
use serde_json::{Value, json};
use suites::instance::{
    NAMESPACE, answer, applied, credentials, postgresql, prepare, ready, retained, started,
};
use suites::sandbox::postmasters;
use suites::wait::until;
use suites::{Kubectl, Sandbox};

async fn gone(client: &Client, path: &str) {
    until("the object is gone", async || (client.get(path).await.ok()?.status == 404).then_some(())).await;
}

async fn merged(client: &Client, path: &str, patch: &Value) {
    let patched = client.expect(Method::PATCH, path, "application/merge-patch+json", patch).await;
    patched.expect("the patch is accepted");
}

fn condition(object: &Value, kind: &str) -> Value {
    let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}

/// The folder of an object's instance.
fn folder(sandbox: &Sandbox, object: &Value) -> PathBuf {
    let uid = object["metadata"]["uid"].as_str().expect("a uid");
    let mut waiting = vec![sandbox.launch.data_dir.clone()];
    while let Some(folder) = waiting.pop() {
        let found = folder.join("instances").join(uid);
        if found.exists() {
            return found;
        }
        let inner = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        waiting.extend(inner.filter(|path| path.is_dir()));
    }
    panic!("there is no folder of {uid}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_manifests_that_is_deleted_with_the_class_first_leaves_nothing() {
    let Some((sandbox, client)) = started().await else { return };
    let Some(kubectl) = Kubectl::of(&sandbox) else { return };
    let made = kubectl.run("apply -f deploy/examples").await;
    assert_eq!(made.code, 0, "{}", made.text);
    let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls/wiki");
    let object = ready(&client, &path).await;
    let folder = folder(&sandbox, &object);
    merged(&client, &path, &json!({"spec": {"deletionPolicy": "Delete"}})).await;
    let deleted = kubectl.run("delete -f deploy/examples").await;
    assert_eq!(deleted.code, 0, "{}", deleted.text);
    assert!(sandbox.postmasters().is_empty() && !folder.exists());
    for path in
        [&*path, "/apis/databases.standard.k8s.io/v1/databaseclasses/local", "/api/v1/namespaces/demo"]
    {
        gone(&client, path).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_its_dependents_a_deleted_database_leaves_nothing() {
    let Some((sandbox, client)) = started().await else { return };
    prepare(&client).await;
    for policy in ["Foreground", "Orphan", "Background"] {
        let name = policy.to_lowercase();
        let path = applied(&client, &postgresql(&name, &json!({"deletionPolicy": "Delete"}))).await;
        let object = ready(&client, &path).await;
        let folder = folder(&sandbox, &object);
        let options = json!({"propagationPolicy": policy});
        let deleted = client.expect(Method::DELETE, &path, "application/json", &options).await;
        deleted.expect("the deletion is accepted");
        gone(&client, &path).await;
        assert!(sandbox.postmasters().is_empty() && !folder.exists(), "{policy}");
        let secret = format!("/api/v1/namespaces/{NAMESPACE}/secrets/{name}-binding");
        assert_eq!(client.get(&secret).await.expect("an answer").status, 404, "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_waits_for_a_database_says_so() {
    let Some((sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let mut manifest = postgresql("held", &json!({"deletionPolicy": "Delete"}));
    manifest["metadata"]["finalizers"] = json!(["example.com/hold"]);
    let path = applied(&client, &manifest).await;
    ready(&client, &path).await;
    let namespace = format!("/api/v1/namespaces/{NAMESPACE}");
    let deleted = client.expect(Method::DELETE, &namespace, "application/json", &Value::Null).await;
    deleted.expect("the deletion is accepted");
    for (kind, named) in [
        ("NamespaceContentRemaining", "postgresqls.databases.standard.k8s.io has 1 resource instances"),
        ("NamespaceFinalizersRemaining", "example.com/hold in 1 resource instances"),
    ] {
        until("the namespace says what it waits for", async || {
            let waits = condition(&client.read(&namespace).await.ok()?, kind);
            let message = waits["message"].as_str()?;
            (waits["status"] == "True" && message.contains(named)).then_some(())
        })
        .await;
    }
    until("the database is removed", async || sandbox.postmasters().is_empty().then_some(())).await;
    merged(&client, &path, &json!({"metadata": {"finalizers": null}})).await;
    gone(&client, &namespace).await;
}

/// Deletes an object, and takes off at once what holds it.
async fn forced(client: &Client, path: &str) {
    let deleted = client.expect(Method::DELETE, path, "application/json", &Value::Null).await;
    deleted.expect("the deletion is accepted");
    let patch = json!([{"op": "remove", "path": "/metadata/finalizers"}]).to_string();
    // It may be gone already.
    let patched = client.request(Method::PATCH, path, "application/json-patch+json", patch.into()).await;
    patched.expect("an answer");
    gone(client, path).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_whose_object_is_let_go_by_force_ends_as_its_policy_says() {
    let Some((sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let path = applied(&client, &postgresql("begun", &json!({"deletionPolicy": "Delete"}))).await;
    let uid = |object: &Value| object["metadata"]["uid"].as_str().expect("a uid").to_owned();
    let begun = uid(&client.read(&path).await.expect("the object"));
    let begun = sandbox.launch.data_dir.join("instances/instances").join(begun);
    until("it is being made", async || begun.exists().then_some(())).await;
    forced(&client, &path).await;
    let kept = applied(&client, &postgresql("kept", &json!({}))).await;
    let object = ready(&client, &kept).await;
    forced(&client, &kept).await;
    until("nothing runs any more", async || sandbox.postmasters().is_empty().then_some(())).await;
    until("what was to be deleted is", async || (!begun.exists()).then_some(())).await;
    until("what was to be kept is", async || {
        let (done, listed) = retained(&sandbox, &[]).await;
        (done && listed.contains(&uid(&object)) && listed.contains("Retained")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_whose_object_is_lost_with_its_store_is_stopped_and_kept_until_that_is_back() {
    let Some((mut sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let path = applied(&client, &postgresql("lost", &json!({"deletionPolicy": "Delete"}))).await;
    let object = ready(&client, &path).await;
    let uid = object["metadata"]["uid"].as_str().expect("a uid");
    let session = credentials(&client, &object).await.connect().await.expect("a connection");
    session.batch_execute("CREATE TABLE kept AS SELECT 'kept'::text AS value").await.expect("a table");
    sandbox.stop().await;
    assert_eq!(sandbox.postmasters().len(), 1, "it outlives the server");
    let (store, aside) = (sandbox.launch.data_dir.join("store.redb"), sandbox.folder().join("store.redb"));
    std::fs::rename(&store, &aside).expect("moved");
    sandbox.start().await;
    until("it is stopped", async || sandbox.postmasters().is_empty().then_some(())).await;
    until("it is listed", async || {
        let (done, listed) = retained(&sandbox, &[]).await;
        (done && listed.contains(uid) && listed.contains("Orphaned")).then_some(())
    })
    .await;
    sandbox.stop().await;
    std::fs::rename(&aside, &store).expect("moved back");
    let client = sandbox.start().await;
    until("it serves what it had", async || {
        (answer(&client, &path, "SELECT value FROM kept").await? == "kept").then_some(())
    })
    .await;
    let (done, listed) = retained(&sandbox, &[]).await;
    assert!(done && !listed.contains(uid), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_went_is_missed_and_no_empty_database_takes_its_place() {
    let Some((sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let path = applied(&client, &postgresql("missed", &json!({"deletionPolicy": "Delete"}))).await;
    let object = ready(&client, &path).await;
    let session = credentials(&client, &object).await.connect().await.expect("a connection");
    session.batch_execute("CREATE TABLE kept AS SELECT 'kept'::text AS value").await.expect("a table");
    let (home, elsewhere) = (folder(&sandbox, &object), sandbox.folder().join("elsewhere"));
    let postmaster = sandbox.postmasters();
    std::fs::rename(&home, &elsewhere).expect("moved");
    kill(Pid::from_raw(postmaster[0]), Signal::SIGQUIT).expect("the postmaster can be killed");
    let missed = async || {
        until("the object says what is missing", async || {
            let object = client.read(&path).await.ok()?;
            let programmed = condition(&object, "Programmed");
            let is_told = programmed["reason"] == "BackendUnavailable"
                && condition(&object, "Ready")["status"] == "False";
            is_told.then(|| programmed["message"].as_str().unwrap_or_default().to_owned())
        })
        .await
    };
    let said = missed().await;
    assert!(said.contains(home.to_str().expect("a path")) && said.contains("put it back"), "{said}");
    assert!(!home.exists(), "no empty database is there");
    std::fs::rename(&elsewhere, &home).expect("moved back");
    merged(&client, &path, &json!({"metadata": {"annotations": {"example.com/look": "again"}}})).await;
    until("it serves what it had", async || {
        (answer(&client, &path, "SELECT value FROM kept").await? == "kept").then_some(())
    })
    .await;
    ready(&client, &path).await;
    std::fs::rename(&home, &elsewhere).expect("moved");
    let deleted = client.expect(Method::DELETE, &path, "application/json", &Value::Null).await;
    deleted.expect("the deletion is accepted");
    gone(&client, &path).await;
    assert!(postmasters(sandbox.folder()).is_empty(), "its process ends with it");
}
