//! Stored values that cannot be read: the others are served, and they can be deleted (KEP-3926).

use super::watches::Watch;
use super::*;
use crate::pipeline::{Authorizer, Decision, RequestInfo, Verb};
use databases_storage::Update;

const IGNORE: &str = "ignoreStoreReadErrorWithClusterBreakingPotential";

/// Puts bytes where an object lies or would lie, past the server.
async fn spoil(server: &Server, name: &str, value: &str) -> u64 {
    let key = format!("/wardle.example.com/flunders/ns/{name}");
    let value = Bytes::from(value.to_owned());
    let outcome = match server.storage.get(&key, databases_storage::ReadAt::Latest).await.unwrap() {
        (Some(old), _) => server.storage.update(&key, value, old.revision).await,
        (None, _) => server.storage.create(&key, value).await,
    };
    match outcome.unwrap() {
        Update::Done(revision) => revision,
        Update::Conflict(found) => panic!("{found:?}"),
    }
}

async fn delete(server: &Server, path: &str, options: Value) -> Answer {
    server.send(Method::DELETE, path, &[], options.to_string()).await
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_go_on_without_what_cannot_be_read_and_say_so() {
    let server = Server::start().await;
    for name in ["a", "b", "c", "d"] {
        server.create(name).await;
    }
    spoil(&server, "b", "garbage").await;
    for path in [BASE, "/apis/wardle.example.com/v1/flunders"] {
        let answer = server.get(path).await;
        assert_eq!(names(&answer.json()), ["a", "c", "d"], "{path}");
        let told =
            "299 - \"flunders.wardle.example.com whose stored values cannot be read are left out: ns/b\"";
        assert_eq!(answer.headers["warning"], told);
    }
    let first = server.get(&format!("{BASE}?limit=1")).await.json();
    assert_eq!(names(&first), ["a"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 2);
    let token = first["metadata"]["continue"].as_str().unwrap();
    assert_eq!(names(&server.get(&format!("{BASE}?limit=2&continue={token}")).await.json()), ["c", "d"]);
    assert_eq!(names(&server.get(&format!("{BASE}?fieldSelector=metadata.name%3Db")).await.json()), [""; 0]);
    let elsewhere = server.get("/apis/wardle.example.com/v1/namespaces/other/flunders").await;
    assert!(elsewhere.code == 200 && !elsewhere.headers.contains_key("warning"));
    let metrics = server.get("/metrics").await.bytes;
    let text = String::from_utf8_lossy(&metrics).into_owned();
    let labels = r#"group="wardle.example.com",resource="flunders""#;
    assert!(text.contains(&format!("apiserver_storage_unreadable_objects{{{labels}}} 1")), "{text}");
    let named = format!(r#"apiserver_storage_unreadable_object{{{labels},namespace="ns",name="b"}} 1"#);
    assert!(text.contains(&named), "{text}");
}

#[tokio::test]
async fn nothing_of_what_cannot_be_read_is_shown() {
    let head = r#"{"kind":"Flunder","apiVersion":"wardle.example.com/v1","#;
    let values = [
        "hunter2 in front".to_owned(),
        format!("{head}hunter2"),
        format!(r#"{head}"metadata":{{"name":"hunter2","namespace":"ns"}}}}"#),
        format!(r#"{head}"metadata":{{"name":"a","namespace":"ns"}},"spec":{{"count":"hunter2"}}}}"#),
        format!(r#"{head}"metadata":{{"name":"a","labels":{{"hunter2":2}}}}}}"#),
    ];
    for value in values {
        let server = Server::start().await;
        spoil(&server, "a", &value).await;
        let answers = [
            server.get(&of("a")).await,
            server.get(BASE).await,
            server.get("/metrics").await,
            server.get("/readyz?verbose").await,
            delete(&server, &of("a"), json!({})).await,
        ];
        assert_eq!(answers[0].code, 500, "{value}");
        for answer in answers {
            let shown = format!("{} {:?}", String::from_utf8_lossy(&answer.bytes), answer.headers);
            assert!(!shown.contains("hunter2"), "{value}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_watch_goes_on_over_what_becomes_unreadable() {
    let server = Server::start().await;
    let good = server.create("a").await;
    let mut watch = Watch::open(&server, "resourceVersion=0").await;
    watch.expect("ADDED", "a").await;
    let key = "/wardle.example.com/flunders/ns/a";
    let (stored, _) = server.storage.get(key, databases_storage::ReadAt::Latest).await.unwrap();
    let spoilt = spoil(&server, "a", "garbage").await;
    let deleted = watch.expect("DELETED", "a").await;
    assert_eq!(deleted["spec"], good["spec"]);
    assert_eq!(deleted["metadata"]["resourceVersion"], spoilt.to_string());
    spoil(&server, "a", std::str::from_utf8(&stored.unwrap().value).unwrap()).await;
    watch.expect("ADDED", "a").await;
    spoil(&server, "a", "garbage").await;
    watch.expect("DELETED", "a").await;
    assert_eq!(delete(&server, &of("a"), json!({IGNORE: true})).await.code, 200);
    server.create("b").await;
    watch.expect("ADDED", "b").await;
}

#[tokio::test]
async fn what_cannot_be_read_says_so_and_how_it_goes() {
    let server = Server::start().await;
    server.create("whole").await;
    spoil(&server, "b", "garbage").await;
    let patch = json!({"spec": {"count": 2}});
    let mut whole = flunder("b");
    whole["metadata"]["resourceVersion"] = "1".into();
    for answer in [
        server.get(&of("b")).await,
        server.put(&of("b"), &whole).await,
        server.merge(&of("b"), &patch).await,
        server.send(Method::DELETE, &of("b"), &[], "").await,
    ] {
        let status = answer.json();
        assert_eq!((answer.code.as_u16(), &status["reason"]), (500, &"InternalError".into()), "{status}");
        let message = status["message"].as_str().unwrap();
        let start = "Internal error occurred: StorageError: corrupt object, Code: 7, Key: \
                     /wardle.example.com/flunders/ns/b, ResourceVersion: 0, AdditionalErrorMsg: object not decodable";
        assert!(message.starts_with(start), "{message}");
        assert!(message.ends_with(&format!("kubectl delete --raw '{}?{IGNORE}=true'", of("b"))), "{message}");
    }
    let taken = server.post(BASE, &flunder("b")).await;
    assert_eq!((taken.code.as_u16(), &taken.json()["reason"]), (409, &"AlreadyExists".into()));
    let taken = server.post(&format!("{BASE}?dryRun=All"), &flunder("b")).await;
    assert_eq!(taken.code, 409);
}

#[tokio::test]
async fn a_value_under_another_objects_key_cannot_be_read() {
    let server = Server::start().await;
    server.create("a").await;
    let (stored, _) = server
        .storage
        .get("/wardle.example.com/flunders/ns/a", databases_storage::ReadAt::Latest)
        .await
        .unwrap();
    spoil(&server, "other", std::str::from_utf8(&stored.unwrap().value).unwrap()).await;
    assert_eq!(names(&server.get(BASE).await.json()), ["a"]);
    assert_eq!(server.get(&of("other")).await.code, 500);
    assert_eq!(delete(&server, &of("other"), json!({IGNORE: true})).await.code, 200);
    assert_eq!(server.get(&of("a")).await.code, 200);
}

#[tokio::test]
async fn what_cannot_be_read_is_deleted_by_those_who_ask_for_just_that() {
    let server = Server::start().await;
    server.create("whole").await;
    spoil(&server, "b", "garbage").await;
    let refused = delete(&server, &of("whole"), json!({IGNORE: true})).await;
    let why = "unsafe deletion is not allowed because the object is decodable from storage";
    assert_eq!(refused.code, 409);
    assert!(refused.json()["message"].as_str().unwrap().ends_with(why));
    assert_eq!(delete(&server, &of("none"), json!({IGNORE: true})).await.code, 404);
    let options = json!({IGNORE: true, "propagationPolicy": "Background", "orphanDependents": null,
        "gracePeriodSeconds": 0, "preconditions": {"uid": "x"}});
    let refused = delete(&server, &of("b"), options).await;
    let causes: Vec<String> = ["propagationPolicy", "gracePeriodSeconds", "preconditions"]
        .map(|name| format!("Invalid value: true: cannot be set together with .{name}"))
        .into();
    let told = refused.json();
    let told: Vec<&str> = told["details"]["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| cause["message"].as_str().unwrap())
        .collect();
    assert_eq!((refused.code.as_u16(), told), (422, causes.iter().map(String::as_str).collect()));
    let refused = delete(&server, BASE, json!({IGNORE: true})).await;
    assert_eq!(refused.code, 422);
    let detail = "is not allowed with DELETECOLLECTION, try again after removing the option";
    assert!(refused.json()["message"].as_str().unwrap().ends_with(detail));

    assert_eq!(delete(&server, &of("b"), json!({IGNORE: true, "dryRun": ["All"]})).await.code, 200);
    let gone = server.send(Method::DELETE, &format!("{}?{IGNORE}=true", of("b")), &[], "").await;
    let status = gone.json();
    assert_eq!((gone.code.as_u16(), &status["status"]), (200, &"Success".into()));
    assert_eq!(status["details"], json!({"name": "b", "group": "wardle.example.com", "kind": "Flunder"}));
    assert_eq!(server.get(&of("b")).await.code, 404);
    assert!(!server.get(BASE).await.headers.contains_key("warning"));
}

#[tokio::test]
async fn a_collection_is_deleted_around_what_cannot_be_read() {
    let server = Server::start().await;
    server.create("a").await;
    spoil(&server, "b", "garbage").await;
    assert_eq!(delete(&server, BASE, json!({})).await.code, 200);
    assert_eq!(
        (server.get(&of("a")).await.code.as_u16(), server.get(&of("b")).await.code.as_u16()),
        (404, 500)
    );
}

/// Lets everything pass but the deletion of what cannot be read.
struct Careful;

impl Authorizer for Careful {
    async fn authorize(&self, user: &UserInfo, info: &RequestInfo) -> Decision {
        match info.verb() {
            Verb::UnsafeDelete => Decision::Deny(format!("{} is careful with {}", user.name, info.name())),
            _ => Decision::Allow(String::new()),
        }
    }
}

#[tokio::test]
async fn deleting_what_cannot_be_read_needs_a_right_of_its_own() {
    let server = Server::start_with(Arc::new(Careful)).await;
    spoil(&server, "b", "garbage").await;
    let refused = delete(&server, &of("b"), json!({IGNORE: true})).await;
    let message = "flunders.wardle.example.com \"b\" is forbidden: not permitted to do \
                   \"unsafe-delete-ignore-read-errors\", reason: tester is careful with b";
    assert_eq!((refused.code.as_u16(), &refused.json()["message"]), (403, &message.into()));
    assert_eq!(server.get(&of("b")).await.code, 500);
}
