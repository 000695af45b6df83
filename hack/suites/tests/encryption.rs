//! Encryption at rest: what lies in redb and etcd, keys that are changed while the server serves, and keys that are lost.

mod stores;

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use databases_storage::encryption::{Algorithm, Key, Provider, Providers, Transformer};
use databases_storage::{ReadAt, engine};
use hyper::Method;
use serde_json::{Value, json};
use stores::{PREFIX, etcd, redb};
use suites::http::Http;
use suites::instance::{NAMESPACE, applied, namespace};
use suites::kms::Kms;
use suites::wait::until;
use suites::{Etcd, Sandbox};

const PASSWORD: &str = "correct horse battery staple";
/// How a server that serves says that it took up a new file.
const RELOADED: &str = "apiserver_encryption_config_controller_automatic_reloads_total{status=\"success\"} ";
const REFUSED: &str = "apiserver_encryption_config_controller_automatic_reloads_total{status=\"failure\"} ";

fn secret(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE},
        "data": {"password": STANDARD.encode(PASSWORD)},
    })
}

fn path(name: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/secrets/{name}")
}

/// The file of the configuration: these keys, each with a secret of its own.
struct File(PathBuf);

fn bytes(name: &str) -> [u8; 32] {
    [name.as_bytes()[0]; 32]
}

impl File {
    fn write(&self, names: &[&str]) {
        let provider = |name: &&str| match *name {
            "identity" => json!({"identity": {}}),
            name => json!({"aesgcm": {"keys": [{"name": name, "secret": STANDARD.encode(bytes(name))}]}}),
        };
        self.providers(names.iter().map(provider).collect());
    }

    fn providers(&self, providers: Vec<Value>) {
        self.put(&json!({
            "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets", "*.databases.standard.k8s.io"], "providers": providers}],
        }));
    }

    /// Whoever reads the file reads the old one or the new one.
    fn put(&self, content: &Value) {
        let new = self.0.with_extension("new");
        std::fs::write(&new, content.to_string()).expect("the file is written");
        std::fs::rename(&new, &self.0).expect("it replaces the old one");
    }
}

fn configured(sandbox: Sandbox) -> (Sandbox, File) {
    let file = sandbox.folder().join("encryption.yaml");
    let named = file.to_str().expect("a path").to_owned();
    let reload = "--encryption-provider-config-automatic-reload";
    (sandbox.with_flags(["--encryption-provider-config", &named, reload]), File(file))
}

/// What lies in storage of a Secret, past the server, which does not run where the store is a file.
async fn stored(config: engine::Config, name: &str) -> Vec<u8> {
    let storage = engine::open(config).await.expect("the store opens");
    let key = format!("/core/secrets/{NAMESPACE}/{name}");
    let (found, _) = storage.get(&key, ReadAt::Latest).await.expect("it is read");
    found.expect("it is there").value.to_vec()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// Waits until the server took up the file, or refused it.
async fn told(http: &Http, line: &str) {
    until(line, async || http.get("/metrics", &[]).await.text().contains(line).then_some(())).await;
}

/// Replaces a Secret by itself; gives its versions before and after.
async fn replaced(http: &Http, name: &str) -> [Value; 2] {
    let before = http.get(&path(name), &[]).await.expect(200);
    let body = before.to_string();
    let after = http.send(Method::PUT, &path(name), &[("content-type", "application/json")], body).await;
    [before, after.expect(200)].map(|object| object["metadata"]["resourceVersion"].clone())
}

fn password(object: &Value) -> String {
    let text = object["data"]["password"].as_str().expect("a password");
    String::from_utf8(STANDARD.decode(text).expect("base64")).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_redb_tells_no_secret_and_its_key_is_changed() {
    let Some(sandbox) = Sandbox::new() else { return };
    let (mut sandbox, file) = configured(sandbox);
    let (data_dir, base64) = (sandbox.launch.data_dir.clone(), STANDARD.encode(PASSWORD));
    file.write(&["one", "identity"]);
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;
    applied(&client, &secret("a")).await;
    let plain = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": NAMESPACE},
        "data": {"told": "this is not encrypted"},
    });
    applied(&client, &plain).await;
    sandbox.stop().await;
    let content = std::fs::read(data_dir.join("store.redb")).expect("the file");
    assert!(has(&content, "this is not encrypted"));
    assert!(!has(&content, &base64) && !has(&content, PASSWORD));
    assert!(stored(redb(&data_dir), "a").await.starts_with(b"k8s:enc:aesgcm:v1:one:"));

    // Another first key, while the server serves; a file that cannot be used changes nothing.
    sandbox.start().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    let [before, after] = replaced(&http, "a").await;
    assert_eq!(before, after, "nothing is to be written anew");
    file.put(&json!({"kind": "EncryptionConfiguration"}));
    told(&http, REFUSED).await;
    file.write(&["two", "one"]);
    told(&http, RELOADED).await;
    let [before, after] = replaced(&http, "a").await;
    assert_ne!(before, after, "it is encrypted anew");
    sandbox.stop().await;
    assert!(stored(redb(&data_dir), "a").await.starts_with(b"k8s:enc:aesgcm:v1:two:"));

    file.write(&["two"]);
    sandbox.start().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    assert_eq!(password(&http.get(&path("a"), &[]).await.expect(200)), PASSWORD);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_has_what_kubernetes_would_have_there() {
    let Some(sandbox) = Sandbox::new() else { return };
    let folder = sandbox.folder().to_owned();
    let Some(server) = Etcd::start(&folder).await else { return };
    let (sandbox, file) = configured(sandbox);
    let mut sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &server.url]);
    file.write(&["one"]);
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;
    applied(&client, &secret("a")).await;
    let value = stored(etcd(&server.url), "a").await;
    assert!(value.starts_with(b"k8s:enc:aesgcm:v1:one:") && !has(&value, &STANDARD.encode(PASSWORD)));
    // It is bound to the whole key that it has in etcd.
    let key = Key::new(Algorithm::AesGcm, "one", &bytes("one")).expect("a key");
    let providers = Providers::new(vec![Provider::Key(key)]).expect("providers");
    let plain = Transformer::new(PREFIX, providers);
    let plain = plain.decrypt(&format!("/core/secrets/{NAMESPACE}/a"), &value).expect("it is decrypted");
    assert!(has(&plain.value, &STANDARD.encode(PASSWORD)));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_lost_and_found() {
    let Some(sandbox) = Sandbox::new() else { return };
    let (mut sandbox, file) = configured(sandbox);
    file.write(&["one"]);
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;
    applied(&client, &secret("a")).await;
    applied(&client, &secret("b")).await;
    sandbox.stop().await;

    file.write(&["two"]);
    let client = sandbox.start().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    applied(&client, &secret("c")).await;
    let list = http.get(&format!("/api/v1/namespaces/{NAMESPACE}/secrets"), &[]).await;
    assert_eq!(list.expect(200)["items"].as_array().map(Vec::len), Some(1));
    assert!(list.warns(&format!("left out: {NAMESPACE}/a, {NAMESPACE}/b")), "{:?}", list.headers);
    let said = http.get(&path("a"), &[]).await.refused(500, "InternalError")["message"].to_string();
    assert!(said.contains("encrypted by aesgcm with a key named") && said.contains("one"), "{said}");
    let delete = format!("{}?ignoreStoreReadErrorWithClusterBreakingPotential=true", path("b"));
    http.send(Method::DELETE, &delete, &[], "").await.expect(200);

    file.write(&["two", "one"]);
    let found = until("the key is there again", async || {
        let reply = http.get(&path("a"), &[]).await;
        (reply.status == 200).then(|| reply.json())
    });
    assert_eq!(password(&found.await), PASSWORD);
    let health = http.get("/readyz?verbose", &[]).await.text();
    assert!(health.contains("[+]stored-objects ok"), "{health}");
    assert_eq!(http.get(&path("b"), &[]).await.status, 404);
    sandbox.stop().await;
    let log = std::fs::read_to_string(sandbox.launch.log()).expect("the log");
    for name in ["one", "two"] {
        assert!(!log.contains(&STANDARD.encode(bytes(name))), "a key stands in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_kms_are_changed_and_one_that_is_away_is_waited_for() {
    let Some(sandbox) = Sandbox::new() else { return };
    let (mut sandbox, file) = configured(sandbox);
    let data_dir = sandbox.launch.data_dir.clone();
    let socket = sandbox.folder().join("kms.sock");
    let kms = |key_id| Kms::start(&socket, key_id);
    let endpoint = format!("unix://{}", socket.display());
    let first = kms("first");
    file.providers(vec![json!({"kms": {"apiVersion": "v2", "name": "vault", "endpoint": endpoint}})]);
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;
    applied(&client, &secret("a")).await;
    sandbox.stop().await;
    assert_eq!((first.asked("Encrypt"), first.asked("Decrypt")), (1, 0), "one seed a start");
    let value = stored(redb(&data_dir), "a").await;
    assert!(value.starts_with(b"k8s:enc:kms:v2:vault:") && has(&value, "first"));
    assert!(!has(&value, &STANDARD.encode(PASSWORD)));

    // Another start has another seed, and is given that of the one before.
    sandbox.start().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    assert_eq!(password(&http.get(&path("a"), &[]).await.expect(200)), PASSWORD);
    let [before, after] = replaced(&http, "a").await;
    assert_eq!(before, after, "nothing is to be written anew");
    let health = http.get("/readyz?verbose", &[]).await.text();
    assert!(health.contains("[+]kms-providers ok"), "{health}");
    let told = http.get("/metrics", &[]).await.text();
    for (metric, labels) in [
        (
            "kms_operations_latency_seconds_count",
            "method_name=\"/v2.KeyManagementService/Encrypt\",grpc_status_code=\"OK\"",
        ),
        (
            "kms_operations_latency_seconds_count",
            "method_name=\"/v2.KeyManagementService/Decrypt\",grpc_status_code=\"OK\"",
        ),
        (
            "key_id_hash_total",
            "transformation_type=\"from_storage\",provider_name=\"vault\",key_id_hash=\"sha256:",
        ),
        ("key_id_hash_status_last_timestamp_seconds", "provider_name=\"vault\",key_id_hash=\"sha256:"),
        ("dek_source_cache_size", "provider_name=\"vault\""),
    ] {
        let start = format!("apiserver_envelope_encryption_{metric}{{");
        let found = told.lines().any(|line| line.starts_with(&start) && line.contains(labels));
        assert!(found, "{metric} {labels} is not in\n{told}");
    }
    sandbox.stop().await;
    assert!(first.asked("Decrypt") > 0);

    // It has another key by now.
    drop(first);
    let second = kms("second");
    sandbox.start().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    let [before, after] = replaced(&http, "a").await;
    assert_ne!(before, after, "it is encrypted with the new key");
    sandbox.stop().await;
    assert!(has(&stored(redb(&data_dir), "a").await, "second"));

    drop(second);
    sandbox.start_unready().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    let said = until("the server answers about it", async || {
        let reply = http.get(&path("a"), &[]).await;
        (reply.status == 500).then(|| reply.json()["message"].to_string())
    });
    let said = said.await;
    assert!(said.contains("keys of the KMS") && said.contains("it is asked for the key again"), "{said}");
    let ready = http.get("/readyz/kms-providers", &[]).await;
    assert!(
        ready.status == 500 && ready.text().contains("kms-provider-0: the KMS \"vault\""),
        "{}",
        ready.text()
    );
    let told = http.get("/metrics", &[]).await.text();
    let failed = "method_name=\"/v2.KeyManagementService/Status\",grpc_status_code=\"unknown-non-grpc\"";
    assert!(told.contains(failed), "{told}");
    let body = secret("b").to_string();
    let create = format!("/api/v1/namespaces/{NAMESPACE}/secrets");
    let refused = http.send(Method::POST, &create, &[("content-type", "application/json")], body).await;
    let said = refused.refused(500, "InternalError")["message"].to_string();
    assert!(said.contains("has not given a key yet"), "{said}");

    let _back = kms("second");
    let found = until("what needs the KMS is there again", async || {
        let reply = http.get(&path("a"), &[]).await;
        (reply.status == 200).then(|| reply.json())
    });
    assert_eq!(password(&found.await), PASSWORD);
    until("the server is ready", async || (http.get("/readyz", &[]).await.status == 200).then_some(())).await;
    sandbox.stop().await;
}
