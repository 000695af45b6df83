//! How watches begin, what they mark, and how they end.

use super::watches::{Watch, version};
use super::*;
use std::time::Duration;
use tokio::time::Instant;

const INITIAL: &str = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

#[tokio::test]
async fn what_there_is_comes_in_order_and_its_mark_behind_it() {
    let server = Server::start().await;
    for name in ["c", "a", "b"] {
        server.create(name).await;
    }
    let asked = version(&server.create("d").await);
    for query in [
        INITIAL.to_owned(),
        format!("{INITIAL}&resourceVersion={asked}"),
        format!("{INITIAL}&resourceVersion=0"),
    ] {
        let mut watch = Watch::open(&server, &query).await;
        let mut newest = 0;
        for name in ["a", "b", "c", "d"] {
            newest = newest.max(version(&watch.expect("ADDED", name).await));
        }
        let mark = watch.next().await.unwrap();
        assert_eq!(mark["type"], "BOOKMARK", "{mark}");
        assert!(version(&mark["object"]) >= newest.max(asked), "{mark}");
    }
    let mut unmarked = Watch::open(&server, &INITIAL.replace("&allowWatchBookmarks=true", "")).await;
    for name in ["a", "b", "c", "d"] {
        unmarked.expect("ADDED", name).await;
    }
    server.create("e").await;
    unmarked.expect("ADDED", "e").await;
}

#[tokio::test]
async fn every_event_has_the_revision_of_its_write() {
    let server = Server::start().await;
    let first = server.create("a").await;
    let mut watch = Watch::open(&server, &format!("resourceVersion={}", version(&first))).await;
    let changed = server.merge(&of("a"), &json!({"spec": {"count": 2}})).await.json();
    assert_eq!(watch.expect("MODIFIED", "a").await, changed, "as it was answered");
    server.send(Method::DELETE, &of("a"), &[], "").await;
    let mut deleted = watch.expect("DELETED", "a").await;
    let revision = server.storage.revision().await.unwrap();
    assert_eq!(version(&deleted), revision);
    deleted["metadata"]["resourceVersion"] = changed["metadata"]["resourceVersion"].clone();
    assert_eq!(deleted, changed, "the last state");
    let text = changed["metadata"]["resourceVersion"].as_str().unwrap();
    assert!(!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
}

#[tokio::test]
async fn a_watch_from_what_is_forgotten_opens_and_ends_with_that() {
    let server = Server::start().await;
    server.create("a").await;
    server.create("b").await;
    server.storage.compact(server.storage.revision().await.unwrap()).await.unwrap();
    // The cache notices in its own time.
    let error = loop {
        let mut watch = Watch::open(&server, "resourceVersion=1&timeoutSeconds=1").await;
        let event = watch.next().await.unwrap();
        if event["type"] == "ERROR" {
            assert!(watch.next().await.is_none());
            break event["object"].clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&error["code"], &error["reason"]), (&410.into(), &"Expired".into()), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("too old resource version: 1 (")
            || message.starts_with("The resourceVersion for the provided watch is too old."),
        "{message}"
    );
    let wrong = server.get(&format!("{BASE}?watch=true&resourceVersion=x")).await;
    assert_eq!(wrong.code, 400, "before the stream it is no event");
}

#[tokio::test(start_paused = true)]
async fn marks_come_to_those_who_take_them_and_say_only_the_revision() {
    let server = Server::start().await;
    let now = version(&server.create("a").await);
    let mut quiet = Watch::open(&server, &format!("resourceVersion={now}&timeoutSeconds=200")).await;
    assert!(quiet.next().await.is_none(), "none were asked for");
    let query =
        format!("resourceVersion={now}&timeoutSeconds=200&allowWatchBookmarks=true&labelSelector=no%3Done");
    let mut marked = Watch::open(&server, &query).await;
    let began = Instant::now();
    let unseen = version(&server.create("b").await);
    let mark = marked.next().await.unwrap();
    let text = unseen.to_string();
    let expected = json!({"kind": "Flunder", "apiVersion": "wardle.example.com/v1", "metadata": {"resourceVersion": text}});
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(mark["object"][field], *value, "{mark}");
    }
    assert_eq!((&mark["type"], mark["object"]["spec"].get("count")), (&"BOOKMARK".into(), None));
    assert!(began.elapsed() <= Duration::from_secs(65), "{:?}", began.elapsed());
    let mut last = began.elapsed();
    while marked.next().await.is_some() {
        last = began.elapsed();
    }
    assert!(
        (Duration::from_secs(190)..=Duration::from_secs(200)).contains(&last),
        "one comes near the end: {last:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_watch_without_a_time_of_its_own_ends_within_an_hour() {
    let server = Server::start().await;
    let now = version(&server.create("a").await);
    for query in ["", "&timeoutSeconds=0"] {
        let mut watch = Watch::open(&server, &format!("resourceVersion={now}{query}")).await;
        let began = Instant::now();
        assert!(watch.next().await.is_none(), "a clean end");
        let lasted = began.elapsed().as_secs();
        assert!((1800..=3600).contains(&lasted), "{lasted} s");
    }
}

#[tokio::test]
async fn a_watch_of_a_namespace_sees_no_other_of_a_similar_name() {
    let server = Server::start().await;
    let now = version(&server.create("a").await);
    let mut watch = Watch::open(&server, &format!("resourceVersion={now}")).await;
    for (namespace, name) in [("ns1", "b"), ("n", "c"), ("ns-x", "d"), ("ns", "e")] {
        let path = format!("/apis/wardle.example.com/v1/namespaces/{namespace}/flunders");
        assert_eq!(server.post(&path, &flunder(name)).await.code, 201);
    }
    watch.expect("ADDED", "e").await;
}
