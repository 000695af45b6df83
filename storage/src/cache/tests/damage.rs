//! A value that cannot be decoded is left out, and said; nothing else ends because of it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const DAMAGED: &str = "\u{1}";

fn start_strict(store: &Arc<Store>) -> Arc<Texts> {
    Cache::start(store.clone(), Config::new("/t/"), |key: &str, value: &Bytes, revision| {
        match text(key, value, revision)? {
            value if value == DAMAGED => Err("it is damaged".to_owned()),
            value if value == "panic" => panic!("a decoder with a fault"),
            value => Ok(value),
        }
    })
}

fn damaged(snapshot: &Snapshot<String>, prefix: &str) -> Vec<String> {
    snapshot.damaged(prefix, None).map(|entry| entry.key.to_string()).collect()
}

#[tokio::test]
async fn reads_leave_out_what_is_damaged_and_can_name_it() {
    let store = Store::new().await;
    store.put("/t/a/x", "fine").await;
    store.put("/t/b/x", DAMAGED).await;
    store.put("/t/c/x", "panic").await;
    let cache = start_strict(&store);
    let snapshot = cache.latest().await.unwrap();
    assert_eq!(snapshot.len(), 3);
    assert_eq!(damaged(&snapshot, "/t/a/"), [""; 0]);
    assert_eq!(damaged(&snapshot, "/t/"), ["/t/b/x", "/t/c/x"]);
    assert_eq!(snapshot.damaged("/t/", Some("/t/b/y")).count(), 1);
    let error = snapshot.get("/t/b/x").unwrap().value().unwrap_err();
    assert!(matches!(&error, CacheError::Damaged { key, .. } if **key == *"/t/b/x"), "{error}");
    let intact: Vec<_> = snapshot.iter().filter_map(|entry| entry.value().ok()).collect();
    assert_eq!(intact, [&Arc::new("fine".to_owned())]);
    store.put("/t/b/x", "repaired").await;
    assert_eq!(damaged(&cache.latest().await.unwrap(), "/t/"), ["/t/c/x"]);
}

#[tokio::test]
async fn a_watch_goes_on_over_a_value_that_becomes_damaged_and_is_repaired() {
    let store = Store::new().await;
    let cache = start_strict(&store);
    let first = store.put("/t/b/x", "fine").await;
    cache.latest().await.unwrap();
    let mut here = cache.watch(first, "/t/b/").unwrap();
    let mut elsewhere = cache.watch(first, "/t/a/").unwrap();
    let other = store.put("/t/b/y", "fine").await;
    let damage = store.put("/t/b/x", DAMAGED).await;
    store.put("/t/b/x", "panic").await;
    let far = store.put("/t/a/x", "fine").await;
    let repair = store.put("/t/b/x", "repaired").await;
    cache.latest().await.unwrap();
    let event = |revision, kind, key: &str, value: &str| (revision, kind, key.to_owned(), value.to_owned());
    let told = [
        event(other, EventKind::Created, "/t/b/y", "fine"),
        event(damage, EventKind::Deleted, "/t/b/x", "fine"),
        event(repair, EventKind::Created, "/t/b/x", "repaired"),
    ];
    assert_eq!(drain(&mut here, repair).await.unwrap(), told);
    assert_eq!(elsewhere.next_batch().await.unwrap().revision, far.max(repair));
}

#[tokio::test]
async fn the_removal_of_a_damaged_value_is_no_news_to_those_who_did_not_see_it() {
    let store = Store::new().await;
    let cache = start_strict(&store);
    let damage = store.put("/t/b/x", DAMAGED).await;
    cache.latest().await.unwrap();
    let mut watcher = cache.watch(damage, "/t/").unwrap();
    store.remove("/t/b/x").await;
    let after = store.put("/t/b/y", "fine").await;
    let snapshot = cache.latest().await.unwrap();
    assert_eq!(snapshot.len(), 1);
    assert_eq!(damaged(&snapshot, "/t/"), [""; 0]);
    let expected = (after, EventKind::Created, "/t/b/y".to_owned(), "fine".to_owned());
    assert_eq!(drain(&mut watcher, after).await.unwrap(), [expected]);
    assert_eq!(damaged(&cache.exactly(damage).await.unwrap(), "/t/"), ["/t/b/x"]);
}

#[tokio::test]
async fn what_the_decoder_reads_by_now_comes_back() {
    let store = Store::new().await;
    let strict = Arc::new(AtomicBool::new(true));
    let cache: Arc<Texts> = Cache::start(store.clone(), Config::new("/t/"), {
        let strict = strict.clone();
        move |key: &str, value: &Bytes, revision| match text(key, value, revision)? {
            value if value == DAMAGED && strict.load(Ordering::SeqCst) => Err("it is damaged".to_owned()),
            value => Ok(value),
        }
    });
    store.put("/t/a/x", "fine").await;
    let last = store.put("/t/b/x", DAMAGED).await;
    assert_eq!(damaged(&cache.latest().await.unwrap(), "/t/"), ["/t/b/x"]);
    let intact = cache.snapshot().get("/t/a/x").cloned().unwrap();
    let mut watcher = cache.watch(last, "/t/").unwrap();
    cache.decode_again();
    let outcome = tokio::time::timeout(DEADLINE, watcher.next_batch()).await.unwrap();
    assert!(matches!(outcome, Err(CacheError::Expired { .. })), "those who followed list again");
    assert_eq!(damaged(&cache.snapshot(), "/t/"), ["/t/b/x"], "the decoder still refuses it");
    strict.store(false, Ordering::SeqCst);
    let mut watcher = cache.watch(last, "/t/").unwrap();
    cache.decode_again();
    let outcome = tokio::time::timeout(DEADLINE, watcher.next_batch()).await.unwrap();
    assert!(matches!(outcome, Err(CacheError::Expired { .. })));
    let snapshot = cache.snapshot();
    assert_eq!(contents(&snapshot).len(), 2);
    assert!(Arc::ptr_eq(&intact, snapshot.get("/t/a/x").unwrap()), "what was intact is not decoded again");
    // Where nothing is damaged nobody is disturbed.
    let mut watcher = cache.watch(last, "/t/").unwrap();
    cache.decode_again();
    let after = store.put("/t/b/y", "fine").await;
    let expected = (after, EventKind::Created, "/t/b/y".to_owned(), "fine".to_owned());
    assert_eq!(drain(&mut watcher, after).await.unwrap(), [expected]);
}
