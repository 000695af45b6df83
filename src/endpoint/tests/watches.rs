//! Watches.

use super::*;
use crate::endpoint::Body;
use crate::pipeline::ResponseBody;

/// A watch that is open.
pub(super) struct Watch(ResponseBody<Body>, Vec<u8>);

impl Watch {
    pub(super) async fn open(server: &Server, query: &str) -> Self {
        Watch::shown(server, query, "").await
    }

    /// A watch in the form that is asked for.
    pub(super) async fn shown(server: &Server, query: &str, accept: &str) -> Self {
        let request = Request::get(format!("{BASE}?watch=true&{query}")).header("accept", accept);
        let response = server.client.send(request.body(RequestBody::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        Watch(response.into_body(), Vec::new())
    }

    /// The next event; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.1.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.1.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let data = self.0.frame().await?.unwrap().into_data().unwrap();
            self.1.extend_from_slice(&data);
        }
    }

    pub(super) async fn expect(&mut self, kind: &str, name: &str) -> Value {
        let event = self.next().await.expect("the watch goes on");
        assert_eq!(
            (event["type"].as_str(), event["object"]["metadata"]["name"].as_str()),
            (Some(kind), Some(name)),
            "{event}"
        );
        event["object"].clone()
    }
}

pub(super) fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_change_is_delivered_in_order() {
    let server = Server::start().await;
    let first = server.create("a").await;
    let mut watch = Watch::open(&server, &format!("resourceVersion={}", version(&first))).await;
    server.create("b").await;
    server.merge(&of("a"), &json!({"spec": {"count": 2}})).await;
    server.send(Method::DELETE, &of("b"), &[], "").await;
    let added = watch.expect("ADDED", "b").await;
    assert_eq!(added["kind"], "Flunder");
    let modified = watch.expect("MODIFIED", "a").await;
    let deleted = watch.expect("DELETED", "b").await;
    assert!(version(&added) < version(&modified) && version(&modified) < version(&deleted));
    assert_eq!(deleted["spec"], added["spec"]);
}

#[tokio::test]
async fn a_watch_without_a_version_begins_with_what_is_there() {
    let server = Server::start().await;
    server.create("a").await;
    let mut watch = Watch::open(&server, "").await;
    watch.expect("ADDED", "a").await;
    server.create("b").await;
    watch.expect("ADDED", "b").await;
}

#[tokio::test]
async fn the_end_of_the_initial_objects_is_marked_even_when_there_are_none() {
    let server = Server::start().await;
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut watch = Watch::open(&server, query).await;
    let event = watch.next().await.unwrap();
    assert_eq!(event["type"], "BOOKMARK");
    assert_eq!(event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    server.create("a").await;
    watch.expect("ADDED", "a").await;
    let wrong = server.get(&format!("{BASE}?watch=1&sendInitialEvents=true")).await;
    assert_eq!(wrong.code, 422);
}

#[tokio::test]
async fn entering_and_leaving_a_selection() {
    let server = Server::start().await;
    let first = server.create("a").await;
    let query = format!("labelSelector=on%3Dyes&resourceVersion={}", version(&first));
    let mut watch = Watch::open(&server, &query).await;
    server.merge(&of("a"), &json!({"metadata": {"labels": {"on": "yes"}}})).await;
    watch.expect("ADDED", "a").await;
    server.merge(&of("a"), &json!({"spec": {"count": 4}})).await;
    watch.expect("MODIFIED", "a").await;
    let left =
        server.merge(&of("a"), &json!({"metadata": {"labels": null}, "spec": {"count": 5}})).await.json();
    let gone = watch.expect("DELETED", "a").await;
    assert_eq!(version(&gone), version(&left));
    assert_eq!((&gone["spec"]["count"], &gone["metadata"]["labels"]["on"]), (&4.into(), &"yes".into()));
}

#[tokio::test]
async fn tables_declare_their_columns_once() {
    let server = Server::start().await;
    server.create("a").await;
    server.create("b").await;
    let mut watch = Watch::shown(&server, "", "application/json;as=Table;v=v1;g=meta.k8s.io").await;
    let (first, second) = (watch.next().await.unwrap(), watch.next().await.unwrap());
    assert_eq!(first["object"]["columnDefinitions"].as_array().unwrap().len(), 1);
    assert_eq!(second["object"]["columnDefinitions"].as_array().map(Vec::len), Some(0));
    assert_eq!(second["object"]["rows"][0]["cells"][0], "b");
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_and_the_stream_ends_cleanly() {
    let server = Server::start().await;
    server.create("a").await;
    let mut watch = Watch::open(&server, "timeoutSeconds=90&allowWatchBookmarks=true").await;
    watch.expect("ADDED", "a").await;
    // One behind what there was, one after a minute, one before the end.
    for _ in 0..3 {
        let event = watch.next().await.unwrap();
        assert_eq!(event["type"], "BOOKMARK");
        assert_eq!(event["object"]["kind"], "Flunder");
    }
    assert!(watch.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_when_it_says_so_before_anything_comes() {
    let server = Server::start().await;
    let now = version(&server.create("a").await);
    for query in [
        format!("resourceVersion={now}&timeoutSeconds=-1"),
        "resourceVersion=1000&timeoutSeconds=1".to_owned(),
    ] {
        let mut watch = Watch::open(&server, &query).await;
        assert_eq!(watch.next().await, None, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_of_the_future_is_an_error_in_the_stream() {
    let server = Server::start().await;
    let initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    for query in ["resourceVersion=1000", &format!("resourceVersion=1000&timeoutSeconds=1&{initial}")] {
        let mut watch = Watch::open(&server, query).await;
        let event = watch.next().await.unwrap();
        assert_eq!((&event["type"], &event["object"]["code"]), (&"ERROR".into(), &504.into()), "{query}");
        assert!(watch.next().await.is_none());
    }
}

#[tokio::test]
async fn the_state_before_a_watch_ends_with_a_mark_for_who_takes_bookmarks() {
    let server = Server::start().await;
    server.create("a").await;
    for query in ["allowWatchBookmarks=true", "allowWatchBookmarks=true&resourceVersion=0"] {
        let mut watch = Watch::open(&server, query).await;
        watch.expect("ADDED", "a").await;
        let mark = watch.next().await.unwrap();
        assert_eq!(mark["type"], "BOOKMARK", "{mark}");
        assert_eq!(mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_what_is_still_to_come_opens_and_waits() {
    let server = Server::start().await;
    let now = version(&server.create("a").await);
    let mut soon = Watch::open(&server, &format!("resourceVersion={}", now + 1)).await;
    server.create("b").await;
    server.create("c").await;
    soon.expect("ADDED", "c").await;
    let mut never = Watch::open(&server, "resourceVersion=1000000").await;
    let event = never.next().await.unwrap();
    assert_eq!(
        (event["type"].as_str(), event["object"]["reason"].as_str()),
        (Some("ERROR"), Some("Timeout")),
        "{event}"
    );
    assert!(never.next().await.is_none());
}

#[tokio::test]
async fn who_declines_the_state_gets_what_comes_after_it() {
    let server = Server::start().await;
    server.create("a").await;
    for version in ["", "&resourceVersion=0"] {
        let query = format!("sendInitialEvents=false&resourceVersionMatch=NotOlderThan{version}");
        let mut watch = Watch::open(&server, &query).await;
        let name = format!("later{}", version.len());
        server.create(&name).await;
        watch.expect("ADDED", &name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_in_time_though_there_is_more() {
    let server = Server::start().await;
    let first = server.create("a").await;
    let query = format!("timeoutSeconds=5&resourceVersion={}", version(&first));
    let mut watch = Watch::open(&server, &query).await;
    server.create("b").await;
    watch.expect("ADDED", "b").await;
    server.create("c").await;
    tokio::time::advance(std::time::Duration::from_secs(6)).await;
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_watch_does_not_go_on_from_a_token() {
    let server = Server::start().await;
    for query in ["sendInitialEvents=true&resourceVersionMatch=NotOlderThan", "resourceVersion=0", ""] {
        let answer = server.get(&format!("{BASE}?watch=true&timeoutSeconds=1&continue=a&{query}")).await;
        let message = answer.json()["message"].to_string();
        assert_eq!(answer.code, 422, "{query}: {message}");
        assert!(message.contains("resourceVersionMatch is forbidden when continue is provided"), "{message}");
    }
}
