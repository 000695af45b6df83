//! Lines 11 to 13: watches.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::target::{Target, revision};

const INITIAL: &str = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
const QUIET: Duration = Duration::from_millis(300);

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

pub(crate) async fn by_revision(target: &Target) {
    let first = target.create("a").await;
    let second = target.create("b").await;

    for query in ["", "resourceVersion=0"] {
        let mut events = target.watch(query).await;
        let found = [events.expect("ADDED").await, events.expect("ADDED").await];
        assert_eq!([name(&found[0]), name(&found[1])], ["a", "b"], "{query}");
        assert!(events.is_quiet(QUIET).await);
    }
    let mut events = target.watch(&format!("resourceVersion={}", revision(&first))).await;
    let added = events.expect("ADDED").await;
    assert_eq!((name(&added), revision(&added)), ("b", revision(&second)));
    let changed = target.merge("a", serde_json::from_str(target.kind.change).expect("a change")).await;
    assert_eq!(revision(&events.expect("MODIFIED").await), revision(&changed));

    let mut old = target.watch("resourceVersion=1").await;
    let status = old.expect("ERROR").await;
    assert_eq!((&status["code"], &status["reason"]), (&json!(410), &json!("Expired")), "{status}");
    assert!(old.next().await.is_none(), "and the stream ends");
    // One of the future opens at once; whether it is ended with an ERROR is the server's choice.
    target.watch("resourceVersion=1000000000").await;

    let mut ending = target.watch(&format!("resourceVersion={}&timeoutSeconds=1", revision(&changed))).await;
    assert!(ending.next().await.is_none(), "the end is clean");
    marked(target, revision(&changed)).await;
}

/// A watcher that is shown nothing learns how far it has come before it ends.
async fn marked(target: &Target, from: u64) {
    let query = "labelSelector=tier%3Dnone&timeoutSeconds=6&allowWatchBookmarks=true";
    let mut events = target.watch(&format!("resourceVersion={from}&{query}")).await;
    let unseen = target.create("c").await;
    let mark = events.expect("BOOKMARK").await;
    assert!(revision(&mark) >= revision(&unseen) && mark["metadata"]["name"].is_null(), "{mark}");
}

pub(crate) async fn initial_events(target: &Target) {
    let began = Instant::now();
    let mut events = target.watch(INITIAL).await;
    let mark = events.expect("BOOKMARK").await;
    assert_eq!(mark["metadata"]["annotations"]["k8s.io/initial-events-end"], "true", "{mark}");
    assert!(revision(&mark) > 0);
    println!("the first mark came after {} ms", began.elapsed().as_millis());

    let created = target.create("a").await;
    assert_eq!(revision(&events.expect("ADDED").await), revision(&created));
    let mut events = target.watch(INITIAL).await;
    assert_eq!(name(&events.expect("ADDED").await), "a");
    let mark = events.expect("BOOKMARK").await;
    assert!(revision(&mark) >= revision(&created));
    let bad = target.list("watch=true&sendInitialEvents=true").await;
    let status = bad.refused(422, "Invalid");
    let message = status["message"].as_str().unwrap_or_default();
    assert!(message.contains("sendInitialEvents requires setting resourceVersionMatch"), "{message}");
}

pub(crate) async fn selected(target: &Target) {
    let created = target.create("a").await;
    let query = format!("labelSelector=tier%3Dgold&resourceVersion={}", revision(&created));
    let mut events = target.watch(&query).await;
    let tier = |tier: Value| json!({"metadata": {"labels": {"tier": tier}}});

    let entered = target.merge("a", tier(json!("gold"))).await;
    assert_eq!(revision(&events.expect("ADDED").await), revision(&entered));
    let left = target.merge("a", tier(json!("tin"))).await;
    let deleted = events.expect("DELETED").await;
    assert_eq!(revision(&deleted), revision(&left), "the revision of the change");
    assert_eq!(deleted["metadata"]["labels"]["tier"], "gold", "the state that was seen last");

    let entered = target.merge("a", tier(json!("gold"))).await;
    events.expect("ADDED").await;
    target.delete("a", json!({})).await.expect(200);
    let deleted = events.expect("DELETED").await;
    assert!(revision(&deleted) > revision(&entered), "the revision of the delete");
    let list = target.list("").await.expect(200);
    assert!(revision(&list) >= revision(&deleted));
}
