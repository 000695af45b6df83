//! Bodies nobody should send: each gets the right Status, and memory stays bounded.

use bytes::Bytes;
use hyper::Method;
use quickstart::client::Client;
use serde_json::{Value, json};
use suites::Sandbox;
use suites::instance::{NAMESPACE, applied, namespace, postgresql};

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
/// What a server that was sent all of this may have needed at most.
const PEAK_MIB: u64 = 400;

fn collection() -> String {
    format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls")
}

/// Posts a body; the answer must be a Status with this code and reason.
async fn check(
    client: &Client,
    what: &str,
    content: &str,
    body: impl Into<Bytes>,
    code: u16,
    reason: &str,
) -> Value {
    let answer = client.request(Method::POST, &collection(), content, body.into()).await;
    let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
    let status = answer.json();
    assert_eq!(answer.status.as_u16(), code, "{what}: {}", answer.message());
    assert_eq!(status["kind"], "Status", "{what}: {status}");
    assert_eq!(status["code"], code, "{what}: {status}");
    assert_eq!(status["reason"], reason, "{what}: {status}");
    assert!(status["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}: {status}");
    status
}

fn manifest(spec: &Value) -> Vec<u8> {
    postgresql("bad", spec).to_string().into_bytes()
}

fn annotated(bytes: usize) -> Vec<u8> {
    let mut object = postgresql("bad", &json!({}));
    object["metadata"]["annotations"] = json!({"filler": "x".repeat(bytes)});
    object.to_string().into_bytes()
}

/// Nine levels of nine references each: a billion strings out of a few hundred bytes.
fn bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let references = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{references}]\n"));
    }
    text
}

fn nested(depth: usize) -> String {
    format!("{{\"apiVersion\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_get_a_status_and_cost_no_memory() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;

    check(&client, "an empty body", JSON, Vec::new(), 400, "BadRequest").await;
    check(&client, "half a document", JSON, "{\"apiVersion\": \"databases", 400, "BadRequest").await;
    check(&client, "not UTF-8", JSON, vec![0xff, 0xfe, 0x00, b'{'], 400, "BadRequest").await;
    check(
        &client,
        "another kind",
        JSON,
        json!({"apiVersion": "v1", "kind": "Pod"}).to_string(),
        400,
        "BadRequest",
    )
    .await;
    check(&client, "a string for an object", JSON, manifest(&json!({"storage": "1Gi"})), 400, "BadRequest")
        .await;
    check(&client, "a string for a number", JSON, manifest(&json!({"instances": "two"})), 400, "BadRequest")
        .await;
    check(
        &client,
        "a size that is none",
        JSON,
        manifest(&json!({"storage": {"size": "many"}})),
        400,
        "BadRequest",
    )
    .await;
    check(&client, "an impossible count", JSON, manifest(&json!({"instances": -1})), 422, "Invalid").await;
    check(&client, "an unknown media type", "application/x-nonsense", "x", 415, "UnsupportedMediaType").await;
    check(&client, "malformed YAML", YAML, "a: [b\nc: }", 400, "BadRequest").await;
    check(&client, "a YAML bomb", YAML, bomb(), 400, "BadRequest").await;
    check(&client, "100,000 levels of JSON", JSON, nested(100_000), 400, "BadRequest").await;
    check(&client, "100,000 levels of YAML", YAML, nested(100_000), 400, "BadRequest").await;
    check(&client, "more than 3 MiB", JSON, annotated(3 * 1024 * 1024 + 1), 413, "RequestEntityTooLarge")
        .await;
    check(&client, "10 MB of annotations", JSON, annotated(10_000_000), 413, "RequestEntityTooLarge").await;
    check(&client, "annotations over their limit", JSON, annotated(300 * 1024), 422, "Invalid").await;

    let invalid = check(&client, "two mistakes at once", JSON, two_mistakes(), 422, "Invalid").await;
    let causes = invalid["details"]["causes"].as_array().map_or(0, Vec::len);
    assert!(causes >= 2, "every mistake is named at once: {invalid}");

    many_at_once(&client).await;
    let peak = sandbox.peak_memory();
    assert!(peak < PEAK_MIB, "the server needed {peak} MiB");
    assert_eq!(client.read(&collection()).await.expect("a list")["items"], json!([]));
    sandbox.stop().await;
}

fn two_mistakes() -> Vec<u8> {
    manifest(&json!({"instances": 1000, "databases": [{"name": "postgres", "owner": "app"}]}))
}

/// Large bodies side by side: none may be buffered beyond the limit.
async fn many_at_once(client: &Client) {
    let body = Bytes::from(annotated(10_000_000));
    let posts = (0..32).map(|_| {
        let (client, body) = (client.clone(), body.clone());
        tokio::spawn(async move { client.request(Method::POST, &collection(), JSON, body).await })
    });
    for post in posts.collect::<Vec<_>>() {
        let answer = post.await.expect("the post ends").expect("an answer");
        assert_eq!(answer.status.as_u16(), 413);
    }
}
