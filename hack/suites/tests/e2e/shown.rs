//! Lines 14 and 19: tables, metadata, and kubectl's commands.

use serde_json::{Value, json};

use crate::target::{Target, revision};

const TABLE: (&str, &str) = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
const METADATA: (&str, &str) = ("accept", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
const METADATA_LIST: (&str, &str) =
    ("accept", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
const METADATA_PROTOBUF: (&str, &str) =
    ("accept", "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");

pub(crate) async fn tables(target: &Target) {
    let created = target.create("a").await;
    let path = target.collection();
    let table = target.http.get(&path, &[TABLE]).await.expect(200);
    assert_eq!((&table["kind"], &table["apiVersion"]), (&json!("Table"), &json!("meta.k8s.io/v1")));
    assert_eq!(table["columnDefinitions"][0]["name"], "Name");
    for key in ["name", "type", "format", "description", "priority"] {
        assert!(!table["columnDefinitions"][0][key].is_null(), "{key}");
    }
    assert_eq!(table["rows"][0]["cells"][0], "a");

    let object = async |include: &str| {
        let reply = target.http.get(&format!("{path}?includeObject={include}"), &[TABLE]).await;
        reply.expect(200)["rows"][0]["object"].clone()
    };
    assert_eq!(object("").await["kind"], "PartialObjectMetadata");
    assert_eq!(object("Metadata").await["metadata"]["uid"], created["metadata"]["uid"]);
    assert_eq!(object("Object").await["spec"], created["spec"]);
    assert_eq!(object("None").await, Value::Null);
    let bad = target.http.get(&format!("{path}?includeObject=All"), &[TABLE]).await;
    bad.refused(400, "BadRequest");

    let query = format!("watch=true&resourceVersion={}", revision(&created) - 1);
    let mut events = target.http.watch(&format!("{path}?{query}"), &[TABLE]).await;
    let first = events.expect("ADDED").await;
    assert!(first["columnDefinitions"].as_array().is_some_and(|columns| !columns.is_empty()), "{first}");
    target.create("b").await;
    let second = events.expect("ADDED").await;
    assert_eq!(second["columnDefinitions"].as_array().map_or(0, Vec::len), 0, "{second}");

    let one = target.http.get(&target.item("a"), &[METADATA]).await.expect(200);
    assert_eq!(one["kind"], "PartialObjectMetadata");
    assert_eq!(one["metadata"], created["metadata"]);
    let list = target.http.get(&path, &[METADATA_LIST]).await.expect(200);
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
    let protobuf = target.http.get(&path, &[METADATA_PROTOBUF]).await;
    assert!(protobuf.status == 200 && protobuf.body.starts_with(b"k8s\0"), "{}", protobuf.text());
    target.http.get(&path, &[METADATA]).await.refused(406, "NotAcceptable");
    target.http.get(&path, &[("accept", "text/html")]).await.refused(406, "NotAcceptable");
}

/// Each command once; what it prints must say so.
pub(crate) async fn kubectl(target: &Target) {
    let (resource, namespace) = (target.kind.resource(), &target.namespace);
    let run = async |arguments: &str, expected: &str| {
        let arguments = format!("--namespace {namespace} {arguments}");
        let output = target.kubectl.run(&arguments).await;
        assert!(output.code == 0 && output.text.contains(expected), "{arguments}: {}", output.text);
    };
    let manifest = async |arguments: &[&str], object: &Value, code: i32, expected: &str| {
        let output = target.kubectl.execute(arguments, &object.to_string()).await;
        assert!(output.code == code && output.text.contains(expected), "{arguments:?}: {}", output.text);
    };
    let mut object = target.object("a");
    manifest(&["apply", "-f", "-"], &object, 0, "created").await;
    manifest(&["apply", "-f", "-"], &object, 0, "unchanged").await;
    object["metadata"]["labels"] = json!({"tier": "gold"});
    manifest(&["diff", "-f", "-"], &object, 1, "+    tier: gold").await;
    manifest(&["apply", "-f", "-"], &object, 0, "configured").await;
    run(&format!("label {resource} a tier=tin --overwrite"), "labeled").await;
    run(&format!("annotate {resource} a note=here"), "annotated").await;
    let name = format!("{}.{}/a", target.kind.kind.to_lowercase(), target.kind.group);
    run(&format!("get {resource} -l tier=tin -o name"), &name).await;
    run(&format!("get {resource} a -o wide"), "NAME").await;
    run(&format!("describe {resource} a"), "Name:").await;
    run(&format!("wait {resource}/a --for=jsonpath={{.metadata.labels.tier}}=tin"), "condition met").await;
    run(
        &format!("patch {resource} a --type=merge -p {{\"metadata\":{{\"labels\":{{\"x\":\"y\"}}}}}}"),
        "patched",
    )
    .await;
    edited(target, &resource).await;
    let watched =
        target.kubectl.run(&format!("--namespace {namespace} get {resource} -w --request-timeout=2s")).await;
    assert_eq!(watched.stdout.lines().filter(|line| line.starts_with("a ")).count(), 1, "{}", watched.text);
    if target.kind.has_scale {
        run(&format!("scale {resource} a --replicas=0"), "scaled").await;
        run(&format!("scale {resource} a --current-replicas=0 --replicas=1"), "scaled").await;
    }
    manifest(&["replace", "--force", "-f", "-"], &object, 0, "replaced").await;
    run(&format!("delete {resource} a --wait --timeout=60s"), "deleted").await;
}

/// `kubectl edit`, with a program that changes one word.
async fn edited(target: &Target, resource: &str) {
    let mut kubectl = target.kubectl.clone();
    kubectl.set("KUBE_EDITOR", "sed -i 's/tier: tin/tier: iron/'");
    let output = kubectl.run(&format!("--namespace {} edit {resource} a", target.namespace)).await;
    assert!(output.code == 0 && output.text.contains("edited"), "{}", output.text);
    assert_eq!(target.read("a").await["metadata"]["labels"]["tier"], "iron");
}
