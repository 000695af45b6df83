//! What a broken watch, lost history and a lagging store do to readers.

use super::*;
use crate::Storage;

#[tokio::test(start_paused = true)]
async fn a_broken_watch_is_resumed_without_a_gap() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    let first = cache.snapshot().revision();
    let mut watcher = cache.watch(first, "/t/").unwrap();
    let mut last = first;
    for number in 0..100 {
        last = store.put("/t/a/x", &number.to_string()).await;
        if number % 7 == 0 {
            store.cut();
        }
    }
    cache.at_least(last).await.unwrap();
    let revisions: Vec<_> = drain(&mut watcher, last).await.unwrap().iter().map(|seen| seen.0).collect();
    assert_eq!(revisions, (first + 1..=last).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn compaction_ends_all_watchers_and_loads_again() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    let mut watchers: Vec<_> = ["/t/", "/t/a/", "/t/b/"]
        .map(|prefix| cache.watch(cache.snapshot().revision(), prefix).unwrap())
        .into_iter()
        .collect();
    store.hold();
    store.put("/t/a/x", "1").await;
    let last = store.put("/t/a/x", "2").await;
    store.compact(last).await.unwrap();
    store.cut();
    store.release();
    for watcher in &mut watchers {
        let outcome = tokio::time::timeout(DEADLINE, watcher.next_batch()).await.unwrap();
        assert!(matches!(outcome, Err(CacheError::Expired { oldest, .. }) if oldest == last));
    }
    let snapshot = cache.latest().await.unwrap();
    assert_eq!(contents(&snapshot), [("/t/a/x".to_owned(), "2".to_owned(), last)]);
    assert!(cache.watch(snapshot.revision(), "/t/").is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_event_left_out_is_noticed_and_never_skipped() {
    let store = Store::new().await;
    let cache = start(&store);
    store.put("/t/a/x", "1").await;
    let revision = cache.latest().await.unwrap().revision();
    let mut watcher = cache.watch(revision, "/t/").unwrap();
    store.lose();
    store.put("/t/a/x", "lost").await;
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    let last = store.put("/t/a/x", "3").await;
    let outcome = tokio::time::timeout(DEADLINE, watcher.next_batch()).await.unwrap();
    assert!(matches!(outcome, Err(CacheError::Expired { .. })));
    let snapshot = cache.at_least(last).await.unwrap();
    assert_eq!(contents(&snapshot), [("/t/a/x".to_owned(), "3".to_owned(), last)]);
}

#[tokio::test(start_paused = true)]
async fn a_consistent_read_goes_to_the_store_when_the_watch_lags() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    store.hold();
    let revision = store.put("/t/a/x", "1").await;
    let snapshot = cache.latest().await.unwrap();
    assert_eq!(contents(&snapshot), [("/t/a/x".to_owned(), "1".to_owned(), revision)]);
    assert!(cache.snapshot().is_empty(), "what there is now does not wait");
    assert!(matches!(cache.at_least(revision).await, Err(CacheError::TooLarge { .. })));
}

#[tokio::test]
async fn a_burst_larger_than_the_history_leaves_no_waiting_watcher_behind() {
    let store = Store::new().await;
    let cache = start_with(&store, short());
    cache.ready().await;
    let mut watcher = cache.watch(cache.snapshot().revision(), "/t/").unwrap();
    store.hold();
    let mut last = 0;
    for number in 0..1000 {
        last = store.put("/t/a/x", &number.to_string()).await;
    }
    let following = tokio::spawn(async move { drain(&mut watcher, last).await });
    tokio::task::yield_now().await;
    store.release();
    let got = tokio::time::timeout(DEADLINE, following).await.unwrap().unwrap().unwrap();
    assert_eq!(got.len(), 1000);
}
