//! Databases on a server that is there already: here, one that this server runs, by its superuser's Secret.

use hyper::Method;
use quickstart::client::Client;
use quickstart::database::Credentials;
use quickstart::wait;
use serde_json::{Value, json};
use suites::instance::{NAMESPACE, READY, applied, credentials, postgresql, prepare, ready, started};
use suites::wait::until;

const SHARED: &str = "/apis/databases.standard.k8s.io/v1/databaseclasses/shared";

fn shared() -> Value {
    let secret = json!({"kind": "Secret", "namespace": NAMESPACE, "name": "server-superuser"});
    json!({
        "apiVersion": "databases.standard.k8s.io/v1", "kind": "DatabaseClass", "metadata": {"name": "shared"},
        "spec": {
            "controllerName": "external.databases.standard.k8s.io/postgresql",
            "parametersRef": secret,
        },
    })
}

async fn text(credentials: &Credentials, sql: &str) -> String {
    credentials.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn secret(client: &Client, name: &str) -> Value {
    client.read(&format!("/api/v1/namespaces/{NAMESPACE}/secrets/{name}")).await.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_comes_up_on_a_server_that_is_there_already() {
    let Some((mut sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let server = applied(&client, &postgresql("server", &json!({"superuserAccess": "Enabled"}))).await;
    ready(&client, &server).await;
    applied(&client, &shared()).await;
    wait::condition(&client, SHARED, "Accepted", READY, |_| {}).await.expect("the class is accepted");

    // Two that say the same are two databases.
    let same = json!({"className": "shared", "users": [{"name": "etl", "databases": ["app"]}], "deletionPolicy": "Delete"});
    let paths = [
        applied(&client, &postgresql("wiki", &same)).await,
        applied(&client, &postgresql("shop", &same)).await,
    ];
    let wiki = credentials(&client, &ready(&client, &paths[0]).await).await;
    let shop = credentials(&client, &ready(&client, &paths[1]).await).await;
    let session = wiki.connect().await.expect("the owner connects");
    session.batch_execute("CREATE TABLE pages ()").await.expect("a table");
    let there = "SELECT coalesce(to_regclass('pages')::text, 'nothing')";
    assert_eq!((text(&wiki, there).await, text(&shop, there).await), ("pages".into(), "nothing".into()));
    let across = Credentials { database: shop.database.clone(), ..wiki.clone() };
    across.query("SELECT 'x'").await.expect_err("what is another's is closed");
    assert_eq!(secret(&client, "wiki-user-etl").await["type"], "servicebinding.io/postgresql");

    // Passwords are in the Secrets alone, and a restart changes none.
    let before = secret(&client, "wiki-binding").await["data"].clone();
    sandbox.stop().await;
    let client = sandbox.start().await;
    let restarted = json!({"metadata": {"annotations": {"looked-at": "again"}}});
    client
        .expect(Method::PATCH, &paths[0], "application/merge-patch+json", &restarted)
        .await
        .expect("a patch");
    ready(&client, &paths[0]).await;
    assert_eq!(secret(&client, "wiki-binding").await["data"], before);
    text(&wiki, "SELECT 'the password is the same'").await;

    for path in &paths {
        client.expect(Method::DELETE, path, "application/json", &Value::Null).await.expect("deleted");
        until("the object is gone", async || (client.get(path).await.ok()?.status == 404).then_some(()))
            .await;
    }
    assert!(wiki.query("SELECT 'x'").await.is_err(), "its role is gone");
    assert_eq!(secret(&client, "wiki-binding").await, Value::Null);
}
