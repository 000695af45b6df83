//! One object in every version: the same identity, the same revision, the same history.

use super::*;
use databases_storage::ReadAt;

const KEY: &str = "/probe.example.com/probes/ns/a";

async fn created(server: &Server) -> Value {
    let object = serde_json::json!({"metadata": {"name": "a", "labels": {"l": "1"}}, "spec": {"word": "w", "size": "1024Mi"}});
    let answer = server.send(Method::POST, &base("v2"), &[], object.to_string()).await;
    assert_eq!(answer.code, 201, "{:?}", answer.bytes);
    answer.json()
}

#[tokio::test]
async fn an_object_is_the_same_in_every_version() {
    let server = server().await;
    let made = created(&server).await;
    assert_eq!((&made["apiVersion"], &made["spec"]["size"]), (&"probe.example.com/v2".into(), &"1Gi".into()));
    let mut other = accept(&server, &of_a("v1"), "application/json").await.json();
    assert_eq!(other["apiVersion"], "probe.example.com/v1");
    other["apiVersion"] = made["apiVersion"].clone();
    assert_eq!(other, made);
    let lists = [
        accept(&server, &base("v1"), "application/json").await.json(),
        accept(&server, &base("v2"), "application/json").await.json(),
    ];
    assert_eq!(lists[0]["metadata"], lists[1]["metadata"]);
    assert_eq!(lists[0]["items"], lists[1]["items"], "items do not say their version");
    let columns = async |version: &str| {
        accept(&server, &base(version), TABLE).await.json()["columnDefinitions"].clone()
    };
    assert_eq!(columns("v1").await, columns("v2").await);
    let one = accept(&server, &format!("{}?limit=1", base("v1")), "application/json").await.json();
    assert_eq!(one["metadata"]["resourceVersion"], lists[0]["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn one_object_is_shown_and_watched_in_every_version() {
    let server = server().await;
    let made = created(&server).await;
    for version in ["v1", "v2"] {
        let event = json_event(&server, &base(version), "application/json").await;
        let object = &event["object"];
        assert_eq!(
            (&event["type"], &object["apiVersion"]),
            (&"ADDED".into(), &format!("probe.example.com/{version}").into())
        );
        assert_eq!(object["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"]);
        assert_eq!(object["metadata"]["uid"], made["metadata"]["uid"]);
    }
    for number in 0..3 {
        let object = serde_json::json!({"metadata": {"name": format!("b{number}")}});
        assert_eq!(server.send(Method::POST, &base("v1"), &[], object.to_string()).await.code, 201);
    }
    // A list that began in one version goes on in another.
    let first = accept(&server, &format!("{}?limit=2", base("v1")), "application/json").await.json();
    let token = first["metadata"]["continue"].as_str().unwrap();
    let rest = accept(&server, &format!("{}?continue={token}", base("v2")), "application/json").await.json();
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["kind"]), (Some(2), &"ProbeList".into()));
    assert_eq!(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

/// What a migration of stored versions does to each object.
#[tokio::test]
async fn what_is_stored_in_another_version_is_written_anew_by_an_update_that_changes_nothing() {
    let server = server().await;
    created(&server).await;
    let (found, _) = server.storage.get(KEY, ReadAt::Latest).await.unwrap();
    let found = found.unwrap();
    let text = String::from_utf8(found.value.to_vec()).unwrap();
    let head = r#"{"kind":"Probe","apiVersion":"probe.example.com/v1","#;
    assert!(
        text.starts_with(head) && !text.contains("resourceVersion") && !text.contains("selfLink"),
        "{text}"
    );
    let other = text.replacen("/v1\"", "/v2\"", 1);
    server.storage.update(KEY, other.into(), found.revision).await.unwrap();
    let shown = accept(&server, &of_a("v1"), "application/json").await.json();
    let revision = server.storage.revision().await.unwrap();
    let same = server.put(&of_a("v1"), &shown).await;
    assert_eq!(same.code, 200, "{:?}", same.bytes);
    assert_eq!(server.storage.revision().await.unwrap(), revision + 1);
    assert_eq!(same.json()["metadata"]["resourceVersion"], (revision + 1).to_string());
    let (found, _) = server.storage.get(KEY, ReadAt::Latest).await.unwrap();
    assert!(found.unwrap().value.starts_with(head.as_bytes()));
    let again = server.put(&of_a("v1"), &same.json()).await;
    assert_eq!(again.json()["metadata"]["resourceVersion"], same.json()["metadata"]["resourceVersion"]);
    let stale = server.put(&of_a("v1"), &shown).await;
    assert_eq!(stale.code, 409, "who migrates at the same time is told");
}
