//! Writers at the same time.

use super::*;
use futures_util::future::join_all;

const WRITERS: usize = 12;

#[tokio::test]
async fn patches_that_do_not_say_what_they_saw_all_count() {
    let server = Server::start().await;
    server.create("a").await;
    let change = |writer: usize| json!({"metadata": {"labels": {format!("w{writer}"): "x"}}});
    let changes: Vec<Value> = (0..WRITERS).map(change).collect();
    let path = of("a");
    let answers = join_all(changes.iter().map(|change| server.merge(&path, change))).await;
    assert!(answers.iter().all(|answer| answer.code == 200));
    let labels = server.get(&path).await.json()["metadata"]["labels"].clone();
    assert_eq!(labels.as_object().map(serde_json::Map::len), Some(WRITERS));
}

#[tokio::test]
async fn of_updates_of_one_state_one_counts() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let change = |count: usize| {
        let mut object = object.clone();
        object["spec"]["count"] = (100 + count).into();
        object
    };
    let changes: Vec<Value> = (0..WRITERS).map(change).collect();
    let path = of("a");
    let answers = join_all(changes.iter().map(|change| server.put(&path, change))).await;
    let count = |code: u16| answers.iter().filter(|answer| answer.code == code).count();
    assert_eq!((count(200), count(409)), (1, WRITERS - 1));
}
