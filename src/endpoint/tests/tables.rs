//! Tables, and metadata alone, of every verb.

use super::watches::Watch;
use super::*;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const PARTIAL: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

async fn shown(server: &Server, path: &str, accept: &str) -> Answer {
    server.send(Method::GET, path, &[("accept", accept)], "").await
}

#[tokio::test]
async fn a_table_has_all_its_parts() {
    let server = Server::start().await;
    server.create("a").await;
    server.create("b").await;
    for version in ["v1", "v1beta1"] {
        let accept = TABLE.replace("v=v1", &format!("v={version}"));
        let table = shown(&server, &format!("{BASE}?limit=1"), &accept).await.json();
        let api_version = format!("meta.k8s.io/{version}");
        assert_eq!((&table["kind"], &table["apiVersion"]), (&"Table".into(), &api_version.into()));
        let metadata = &table["metadata"];
        assert!(metadata["resourceVersion"].is_string() && metadata["continue"].is_string(), "{table}");
        assert_eq!(metadata["remainingItemCount"], 1);
        let column = json!({
            "name": "Name", "type": "string", "format": "name", "description": "Name of the object.", "priority": 0,
        });
        assert_eq!(table["columnDefinitions"], json!([column]));
        assert_eq!(table["rows"].as_array().map(Vec::len), Some(1));
        assert_eq!(table["rows"][0]["cells"], json!(["a"]));
    }
    let yaml = shown(&server, BASE, &TABLE.replace("json", "yaml")).await;
    assert!(String::from_utf8_lossy(&yaml.bytes).contains("kind: Table\n"), "{:?}", yaml.bytes);
}

#[tokio::test]
async fn a_row_has_of_its_object_what_is_asked_for() {
    let server = Server::start().await;
    let object = server.create("a").await;
    for path in [BASE.to_owned(), of("a")] {
        let row = async |include: &str| {
            let table = shown(&server, &format!("{path}?includeObject={include}"), TABLE).await;
            table.json()["rows"][0]["object"].clone()
        };
        assert_eq!(row("Object").await, object);
        assert_eq!(row("None").await, Value::Null);
        let metadata = json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
        });
        assert_eq!((row("").await, row("Metadata").await), (metadata.clone(), metadata));
        let refused = shown(&server, &format!("{path}?includeObject=All"), TABLE).await;
        let words = "Unable to convert to Table as requested: includeObject: Invalid value: \"All\": must be \
                     'Metadata', 'Object', 'None', or empty";
        assert_eq!((refused.code.as_u16(), &refused.json()["message"]), (400, &words.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_as_tables_has_marks_and_errors_too() {
    let server = Server::start().await;
    server.create("a").await;
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&includeObject=None";
    let mut watch = Watch::shown(&server, query, TABLE).await;
    let added = watch.next().await.unwrap()["object"].clone();
    assert_eq!((&added["kind"], &added["rows"][0]["object"]), (&"Table".into(), &Value::Null));
    let mark = watch.next().await.unwrap();
    assert_eq!((&mark["type"], &mark["object"]["kind"]), (&"BOOKMARK".into(), &"Table".into()), "{mark}");
    let rows = mark["object"]["rows"].as_array().unwrap();
    let metadata = &rows[0]["object"]["metadata"];
    assert_eq!((rows.len(), &metadata["annotations"]["k8s.io/initial-events-end"]), (1, &"true".into()));
    assert!(metadata["resourceVersion"].is_string(), "{mark}");
    let mut future = Watch::shown(&server, "resourceVersion=1000000", TABLE).await;
    let error = future.next().await.unwrap();
    assert_eq!((&error["type"], &error["object"]["kind"]), (&"ERROR".into(), &"Status".into()), "{error}");
}

#[tokio::test]
async fn metadata_alone_are_shown_by_every_verb() {
    let server = Server::start().await;
    let partial = |answer: &Answer, code: u16| {
        assert_eq!(answer.code, code, "{:?}", answer.bytes);
        let shown = answer.json();
        let kind = (&shown["kind"], &shown["apiVersion"]);
        assert_eq!(kind, (&"PartialObjectMetadata".into(), &"meta.k8s.io/v1".into()), "{shown}");
        assert!(shown["metadata"]["managedFields"].is_array() && shown.as_object().unwrap().len() == 3);
    };
    let accept = ("accept", PARTIAL);
    partial(&server.send(Method::POST, BASE, &[accept], flunder("a").to_string()).await, 201);
    let mut object = server.get(&of("a")).await.json();
    object["spec"]["count"] = 7.into();
    partial(&server.send(Method::PUT, &of("a"), &[accept], object.to_string()).await, 200);
    let merge = [accept, ("content-type", "application/merge-patch+json")];
    partial(&server.send(Method::PATCH, &of("a"), &merge, r#"{"spec":{"count":8}}"#).await, 200);
    partial(&shown(&server, &of("a"), PARTIAL).await, 200);
    let mut watch = Watch::shown(&server, "", PARTIAL).await;
    let event = watch.expect("ADDED", "a").await;
    assert_eq!((&event["kind"], event.get("spec")), (&"PartialObjectMetadata".into(), None));
    let list = shown(&server, BASE, &PARTIAL.replace("Metadata;", "MetadataList;")).await.json();
    let item = &list["items"][0];
    assert_eq!(
        (&list["kind"], &item["kind"]),
        (&"PartialObjectMetadataList".into(), &"PartialObjectMetadata".into())
    );
    assert_eq!((&item["apiVersion"], item.get("spec")), (&"meta.k8s.io/v1".into(), None));
}

#[tokio::test]
async fn what_a_deletion_says_is_no_table() {
    let server = Server::start().await;
    for accept in [TABLE, PARTIAL] {
        server.create("a").await;
        let answer = server.send(Method::DELETE, &of("a"), &[("accept", accept)], "").await;
        let status = answer.json();
        assert_eq!((&status["kind"], &status["apiVersion"]), (&"Status".into(), &"v1".into()), "{status}");
        assert_eq!((&status["status"], &status["details"]["name"]), (&"Success".into(), &"a".into()));
    }
}
