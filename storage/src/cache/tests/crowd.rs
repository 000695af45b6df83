//! Many writers, readers and watchers at the same time.

use futures_util::StreamExt;
use futures_util::future::join_all;

use super::*;
use crate::{Storage, WatchMessage};

const WRITERS: usize = 8;
const WRITES: usize = 200;
const WATCHERS: usize = 64;

async fn follow(mut watcher: Watcher<String>, until: String) -> Vec<Seen> {
    let mut all = Vec::new();
    while all.last().is_none_or(|seen: &Seen| seen.3 != until) {
        all.extend(seen(&watcher.next_batch().await.unwrap()));
    }
    all
}

/// Everything the store itself tells of below `prefix`.
async fn told(store: &Store, prefix: &str, after: Revision, until: Revision) -> Vec<Revision> {
    let mut stream = store.watch(prefix, after).await.unwrap();
    let mut all: Vec<Revision> = Vec::new();
    while all.last().is_none_or(|last| *last < until) {
        if let WatchMessage::Events(events) = stream.next().await.unwrap().unwrap() {
            all.extend(events.iter().map(|event| event.revision));
        }
    }
    all
}

async fn write(store: Arc<Store>, cache: Arc<Texts>, writer: usize) {
    for number in 0..WRITES {
        let key = format!("/t/{}/{writer}-{}", writer % 4, number % 10);
        let value = format!("{writer} {number}");
        let revision = store.put(&key, &value).await;
        let snapshot = cache.latest().await.unwrap();
        assert!(snapshot.revision() >= revision, "a read after a write is not older");
        assert_eq!(**snapshot.get(&key).unwrap().value().unwrap(), value, "only this writer writes the key");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everyone_sees_the_same_history() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    let first = cache.snapshot().revision();
    let prefixes: Vec<_> = (0..WATCHERS).map(|number| ["/t/", "/t/0/", "/t/3/"][number % 3]).collect();
    let watchers: Vec<_> = prefixes.iter().map(|prefix| cache.watch(first, prefix).unwrap()).collect();
    let following: Vec<_> = watchers
        .into_iter()
        .zip(&prefixes)
        .map(|(watcher, prefix)| tokio::spawn(follow(watcher, format!("the end of {prefix}"))))
        .collect();
    let writing = (0..WRITERS).map(|writer| tokio::spawn(write(store.clone(), cache.clone(), writer)));
    tokio::time::timeout(DEADLINE, join_all(writing))
        .await
        .unwrap()
        .into_iter()
        .for_each(|done| done.unwrap());
    for (key, prefix) in [("/t/0/end", "/t/0/"), ("/t/3/end", "/t/3/"), ("/t/end", "/t/")] {
        store.put(key, &format!("the end of {prefix}")).await;
    }
    let all = tokio::time::timeout(DEADLINE, join_all(following)).await.unwrap();
    for (got, prefix) in all.into_iter().zip(prefixes) {
        let got: Vec<_> = got.unwrap().into_iter().map(|seen| seen.0).collect();
        assert_eq!(got, told(&store, prefix, first, *got.last().unwrap()).await, "below {prefix}");
    }
}
