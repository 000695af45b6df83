//! Garbage in the store: the other objects are served, it is told of, and it can be deleted; a restart changes nothing.

mod stores;

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use databases_storage::{Storage, Update, engine};
use hyper::Method;
use serde_json::{Value, json};
use stores::{PREFIX, etcd, redb};
use suites::http::Http;
use suites::instance::{NAMESPACE, applied, namespace};
use suites::wait::until;
use suites::{Etcd, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const IGNORE: &str = "ignoreStoreReadErrorWithClusterBreakingPotential";

/// Puts garbage under these keys, past the server.
async fn spoil(config: engine::Config, keys: &[&str]) {
    let storage: Arc<dyn Storage> = engine::open(config).await.expect("the store opens");
    for key in keys {
        let done = storage.create(key, "garbage".into()).await.expect("the store takes it");
        assert!(matches!(done, Update::Done(_)), "{key} was taken");
    }
}

/// Puts garbage under a key that is no text, by etcd's gateway for JSON, which takes any bytes.
async fn spoil_raw(url: &str, key: &[u8]) {
    let body = json!({"key": STANDARD.encode(key), "value": STANDARD.encode("garbage")}).to_string();
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("etcd listens");
    let head = format!("POST /v3/kv/put HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    let request =
        format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect()
}

fn configuration(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAMESPACE}})
}

async fn serves_around_garbage(mut sandbox: Sandbox, config: impl Fn(&Path) -> engine::Config) {
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;
    applied(&client, &configuration("a")).await;
    sandbox.stop().await;
    let data_dir = sandbox.launch.data_dir.clone();
    let keys = [
        format!("/core/configmaps/{NAMESPACE}/broken"),
        format!("/core/secrets/{NAMESPACE}/broken"),
        "/core/namespaces/broken".to_owned(),
        format!("/databases.standard.k8s.io/postgresqls/{NAMESPACE}/broken"),
        "/databases.standard.k8s.io/databaseclasses/broken".to_owned(),
    ];
    spoil(config(&data_dir), &keys.each_ref().map(String::as_str)).await;

    let client = sandbox.start().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    let health = http.get("/readyz?verbose", &[]).await;
    health.expect(200);
    let told = "[!]stored-objects failed: 5 cannot be read; the log and /metrics name them";
    assert!(health.text().contains(told), "{}", health.text());
    let log = std::fs::read_to_string(sandbox.launch.log()).expect("the log");
    let metrics = http.get("/metrics", &[]).await.text();
    for key in &keys {
        assert!(log.contains(key.as_str()), "{key} is not in the log");
    }
    assert_eq!(
        metrics.lines().filter(|line| line.starts_with("apiserver_storage_unreadable_object{")).count(),
        5
    );

    let within = format!("/api/v1/namespaces/{NAMESPACE}");
    let list = http.get(&format!("{within}/configmaps"), &[]).await;
    assert_eq!(names(&list.expect(200)), ["a"]);
    assert!(list.warns(&format!("left out: {NAMESPACE}/broken")), "{:?}", list.headers);
    let mut watch = http.watch(&format!("{within}/configmaps?watch=true"), &[]).await;
    watch.expect("ADDED").await;
    applied(&client, &configuration("b")).await;
    assert_eq!(watch.expect("ADDED").await["metadata"]["name"], "b");

    http.send(Method::DELETE, &within, &[], "").await.expect(200);
    until("the namespace is emptied around what cannot be read", async || {
        (http.get(&format!("{within}/configmaps/b"), &[]).await.status == 404).then_some(())
    })
    .await;
    for path in [
        format!("{within}/configmaps/broken"),
        format!("{within}/secrets/broken"),
        "/api/v1/namespaces/broken".to_owned(),
        format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls/broken"),
        "/apis/databases.standard.k8s.io/v1/databaseclasses/broken".to_owned(),
    ] {
        let said = http.get(&path, &[]).await.refused(500, "InternalError");
        let how = format!("kubectl delete --raw '{path}?{IGNORE}=true'");
        assert!(said["message"].as_str().is_some_and(|message| message.ends_with(&how)), "{said}");
        http.send(Method::DELETE, &path, &[], "").await.refused(500, "InternalError");
        http.send(Method::DELETE, &format!("{path}?{IGNORE}=true"), &[], "").await.expect(200);
    }
    until("the namespace goes", async || (http.get(&within, &[]).await.status == 404).then_some(())).await;
    let health = http.get("/readyz?verbose", &[]).await.text();
    assert!(health.contains("[+]stored-objects ok"), "{health}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_in_redb() {
    let Some(sandbox) = Sandbox::new() else { return };
    serves_around_garbage(sandbox, redb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_in_etcd() {
    let Some(sandbox) = Sandbox::new() else { return };
    let folder = sandbox.folder().to_owned();
    let Some(server) = Etcd::start(&folder).await else { return };
    let sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &server.url]);
    serves_around_garbage(sandbox, |_| etcd(&server.url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_etcd_that_is_no_text_is_one_that_cannot_be_read() {
    let Some(sandbox) = Sandbox::new() else { return };
    let folder = sandbox.folder().to_owned();
    let Some(server) = Etcd::start(&folder).await else { return };
    let mut sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &server.url]);
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;
    applied(&client, &configuration("a")).await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    let collection = format!("/api/v1/namespaces/{NAMESPACE}/configmaps");
    let mut watch = http.watch(&format!("{collection}?watch=true"), &[]).await;
    watch.expect("ADDED").await;

    let key = format!("{PREFIX}/core/configmaps/{NAMESPACE}/broken");
    spoil_raw(&server.url, &[key.as_bytes(), &[0xff, 0xfe]].concat()).await;
    let told = "name=\"broken%FF%FE\"";
    until("the metric names it", async || {
        http.get("/metrics", &[]).await.text().contains(told).then_some(())
    })
    .await;
    applied(&client, &configuration("b")).await;
    assert_eq!(watch.expect("ADDED").await["metadata"]["name"], "b");
    assert_eq!(names(&http.get(&collection, &[]).await.expect(200)), ["a", "b"]);
    sandbox.stop().await;
    let client = sandbox.start().await;
    assert_eq!(names(&client.read(&collection).await.expect("the others are served")), ["a", "b"]);
}
