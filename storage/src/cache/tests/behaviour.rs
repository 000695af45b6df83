//! One promise a test.

use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::*;
use crate::Storage;
use crate::cache::flight::Flights;
use crate::cache::log::{Log, Place};
use crate::cache::snapshot::State;

#[tokio::test]
async fn before_the_first_load_there_is_nothing() {
    let store = Store::new().await;
    let cache = start(&store);
    assert!(!cache.is_ready());
    assert!(cache.snapshot().is_empty());
    assert!(matches!(cache.watch(0, "/t/"), Err(CacheError::NotReady(_))));
    cache.ready().await;
    assert!(cache.is_ready());
}

#[tokio::test]
async fn ranges_follow_the_bytes_of_the_keys() {
    let store = Store::new().await;
    for key in ["/t/a/x", "/t/a-b/x", "/t/a/y", "/t/ab/x", "/t/é/x"] {
        store.put(key, key).await;
    }
    let snapshot = start(&store).latest().await.unwrap();
    let keys = |prefix, start| snapshot.range(prefix, start).map(|e| e.key.to_string()).collect::<Vec<_>>();
    assert_eq!(keys("/t/", None), ["/t/a-b/x", "/t/a/x", "/t/a/y", "/t/ab/x", "/t/é/x"]);
    assert_eq!(keys("/t/a/", None), ["/t/a/x", "/t/a/y"]);
    assert_eq!(keys("/t/a/", Some("/t/a/x\0")), ["/t/a/y"]);
    assert_eq!(keys("/t/a/", Some("/t/")), ["/t/a/x", "/t/a/y"]);
    assert_eq!((snapshot.len(), snapshot.count("/t/a/"), snapshot.count("/t/none/")), (5, 2, 0));
    assert_eq!(**snapshot.get("/t/a/y").unwrap().value().unwrap(), "/t/a/y");
    assert!(snapshot.get("/t/a").is_none());
}

#[tokio::test]
async fn an_idle_prefix_follows_the_writes_of_others() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    let mut watcher = cache.watch(cache.snapshot().revision(), "/t/a/").unwrap();
    let foreign = store.put("/other/x", "1").await;
    assert!(cache.latest().await.unwrap().revision() >= foreign);
    assert!(watcher.progress().unwrap() >= foreign);
    let foreign = store.put("/other/x", "2").await;
    assert!(cache.at_least(foreign).await.unwrap().revision() >= foreign);
}

#[tokio::test]
async fn progress_stops_before_what_is_not_delivered() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    let mut watcher = cache.watch(cache.snapshot().revision(), "/t/a/").unwrap();
    let other = store.put("/t/b/x", "1").await;
    let mine = store.put("/t/a/x", "1").await;
    cache.latest().await.unwrap();
    assert_eq!((watcher.progress().unwrap(), mine), (other, other + 1));
    assert_eq!(watcher.next_batch().await.unwrap().revision, mine);
    assert_eq!(watcher.progress().unwrap(), mine);
}

#[tokio::test]
async fn a_watcher_too_slow_for_the_history_ends_as_expired() {
    let store = Store::new().await;
    let cache = start_with(&store, short());
    cache.ready().await;
    let first = cache.snapshot().revision();
    let mut slow = cache.watch(first, "/t/").unwrap();
    let mut quick = cache.watch(first, "/t/").unwrap();
    let mut got = 0;
    for number in 0..1000 {
        let revision = store.put("/t/a/x", &number.to_string()).await;
        got += drain(&mut quick, revision).await.unwrap().len();
    }
    assert_eq!(got, 1000);
    let error = slow.next_batch().await.unwrap_err();
    assert!(
        matches!(error, CacheError::Expired { requested, oldest } if requested == first && oldest > first)
    );
    assert!(matches!(cache.watch(first, "/t/"), Err(CacheError::Expired { .. })));
}

#[tokio::test]
async fn a_watcher_of_a_quiet_prefix_does_not_expire() {
    let store = Store::new().await;
    let cache = start_with(&store, short());
    cache.ready().await;
    let mut watcher = cache.watch(cache.snapshot().revision(), "/t/quiet/").unwrap();
    let waiting = tokio::spawn(async move { watcher.next_batch().await });
    for number in 0..1000 {
        let revision = store.put("/t/busy/x", &number.to_string()).await;
        cache.at_least(revision).await.unwrap();
    }
    let revision = store.put("/t/quiet/x", "1").await;
    let batch = tokio::time::timeout(DEADLINE, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(batch.changes[0].revision, revision);
    assert_eq!(batch.changes.len(), 1);
}

#[tokio::test]
async fn old_states_come_from_the_store_and_then_not_at_all() {
    let store = Store::new().await;
    let cache = start_with(&store, short());
    let early = store.put("/t/a/x", "early").await;
    for number in 0..1000 {
        store.put("/t/a/x", &number.to_string()).await;
        cache.latest().await.unwrap();
    }
    let before = store.lists.load(Ordering::SeqCst);
    for _ in 0..2 {
        let snapshot = cache.exactly(early).await.unwrap();
        assert_eq!(contents(&snapshot), [("/t/a/x".to_owned(), "early".to_owned(), early)]);
    }
    assert_eq!(store.lists.load(Ordering::SeqCst), before + 1, "the next page is served from memory");
    store.compact(early + 2).await.unwrap();
    let error = cache.exactly(early + 1).await.unwrap_err();
    assert!(matches!(error, CacheError::Expired { requested, .. } if requested == early + 1));
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_does_not_come_is_too_large() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    let current = cache.snapshot().revision();
    for outcome in [cache.at_least(current + 5).await, cache.exactly(current + 5).await] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, CacheError::TooLarge { requested, .. } if requested == current + 5));
        assert_eq!(
            error.to_string(),
            format!("Too large resource version: {}, current: {current}", current + 5)
        );
    }
    assert!(matches!(cache.watch(current + 5, "/t/"), Err(CacheError::TooLarge { .. })));
    assert!(matches!(cache.watch(current, "/other/"), Err(CacheError::Outside(_))));
}

#[tokio::test]
async fn readers_share_one_read_of_the_revision() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    store.slow.store(true, Ordering::SeqCst);
    let readers = join_all((0..100).map(|_| cache.latest()));
    let open = async {
        tokio::task::yield_now().await;
        store.permits.add_permits(2);
    };
    let (all, ()) = tokio::join!(readers, open);
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(store.reads.load(Ordering::SeqCst), 2, "the first reader's, and one for all who came after");
}

#[tokio::test]
async fn a_shared_read_never_began_before_its_reader_came() {
    let store = Store::new().await;
    let flights = Arc::new(Flights::new(store.clone()));
    store.slow.store(true, Ordering::SeqCst);
    let mut readers = Vec::new();
    for number in 0..20 {
        let written = store.put("/t/a/x", &number.to_string()).await;
        readers.extend((0..3).map(|_| {
            let flights = flights.clone();
            tokio::spawn(async move { flights.revision().await.unwrap() >= written })
        }));
        tokio::task::yield_now().await;
        store.permits.add_permits(number % 2);
    }
    store.permits.add_permits(100);
    let all = tokio::time::timeout(DEADLINE, join_all(readers)).await.unwrap();
    assert!(all.into_iter().all(|fresh| fresh.unwrap()));
}

#[tokio::test]
async fn a_shared_read_survives_readers_that_give_up() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    store.slow.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let mut given_up = Box::pin(cache.latest());
        assert!((&mut given_up).now_or_never().is_none());
    }
    store.permits.add_permits(2);
    assert!(tokio::time::timeout(DEADLINE, cache.latest()).await.unwrap().is_ok());
}

#[tokio::test]
async fn a_dropped_cache_ends_its_watchers() {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    let mut watcher = cache.watch(cache.snapshot().revision(), "/t/a/").unwrap();
    let waiting = tokio::spawn(async move { watcher.next_batch().await });
    tokio::task::yield_now().await;
    drop(cache);
    let outcome = tokio::time::timeout(DEADLINE, waiting).await.unwrap().unwrap();
    assert!(matches!(outcome, Err(CacheError::Stopped)));
}

#[test]
fn a_reader_at_the_tip_learns_that_history_began_anew() {
    let log = Log::<String, ()>::new(State::empty(1));
    let (segment, index) = log.seek(1).unwrap();
    let segment = segment.upgrade().unwrap();
    assert!(matches!(segment.at(index, 1), Place::Tip));
    log.restart(State::empty(9));
    assert!(matches!(segment.at(index, 9), Place::Retired));
    assert!(matches!(log.seek(1), Err(CacheError::Expired { requested: 1, oldest: 9 })));
}
