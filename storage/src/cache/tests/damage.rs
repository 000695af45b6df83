//! A value that cannot be decoded costs what covers it, and nothing else.

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

fn damaged_at(outcome: Result<impl Sized, CacheError>, at: &str) -> bool {
    matches!(outcome.err(), Some(CacheError::Damaged { key, .. }) if *key == *at)
}

#[tokio::test]
async fn reads_fail_where_the_damage_is() {
    let store = Store::new().await;
    store.put("/t/a/x", "fine").await;
    store.put("/t/b/x", DAMAGED).await;
    store.put("/t/c/x", "panic").await;
    let cache = start_strict(&store);
    let snapshot = cache.latest().await.unwrap();
    assert_eq!(snapshot.len(), 3);
    assert!(snapshot.intact("/t/a/").is_ok());
    assert!(damaged_at(snapshot.intact("/t/"), "/t/b/x"));
    assert!(damaged_at(snapshot.intact("/t/c/"), "/t/c/x"));
    assert!(damaged_at(snapshot.get("/t/b/x").unwrap().value(), "/t/b/x"));
    store.put("/t/b/x", "repaired").await;
    assert!(damaged_at(cache.latest().await.unwrap().intact("/t/"), "/t/c/x"));
}

#[tokio::test]
async fn watchers_end_at_the_damage_and_others_go_on() {
    let store = Store::new().await;
    let cache = start_strict(&store);
    let first = store.put("/t/b/x", "fine").await;
    cache.latest().await.unwrap();
    let mut here = cache.watch(first, "/t/b/").unwrap();
    let mut elsewhere = cache.watch(first, "/t/a/").unwrap();
    let before = store.put("/t/b/y", "fine").await;
    let damage = store.put("/t/b/x", DAMAGED).await;
    let other = store.put("/t/a/x", "fine").await;
    cache.latest().await.unwrap();
    assert_eq!(here.next_batch().await.unwrap().revision, before);
    assert!(damaged_at(here.next_batch().await, "/t/b/x"));
    assert_eq!(elsewhere.next_batch().await.unwrap().revision, other);

    let repair = store.put("/t/b/x", "repaired").await;
    let snapshot = cache.latest().await.unwrap();
    assert!(snapshot.intact("/t/").is_ok());
    let mut after = cache.watch(damage, "/t/b/").unwrap();
    let expected = (repair, EventKind::Created, "/t/b/x".to_owned(), "repaired".to_owned());
    assert_eq!(drain(&mut after, repair).await.unwrap(), [expected]);
}

#[tokio::test]
async fn damage_can_be_removed() {
    let store = Store::new().await;
    let cache = start_strict(&store);
    let damage = store.put("/t/b/x", DAMAGED).await;
    cache.latest().await.unwrap();
    let mut watcher = cache.watch(damage, "/t/").unwrap();
    store.remove("/t/b/x").await;
    let snapshot = cache.latest().await.unwrap();
    assert!(snapshot.is_empty() && snapshot.intact("/t/").is_ok());
    assert!(damaged_at(watcher.next_batch().await, "/t/b/x"));
    assert!(damaged_at(cache.exactly(damage).await.unwrap().intact("/t/"), "/t/b/x"));
}
