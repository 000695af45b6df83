//! Our own writes are not decoded again, whichever comes first: the event or the acknowledgement.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const KEY: &str = "/t/a/x";

struct Counted {
    store: Arc<Store>,
    cache: Arc<Texts>,
    decoded: Arc<AtomicUsize>,
}

impl Counted {
    async fn new() -> Self {
        let (store, decoded) = (Store::new().await, Arc::new(AtomicUsize::new(0)));
        let counter = decoded.clone();
        let decode = move |key: &str, value: &Bytes, revision| {
            counter.fetch_add(1, Ordering::SeqCst);
            text(key, value, revision)
        };
        let cache: Arc<Texts> = Cache::start(store.clone(), Config::new("/t/"), decode);
        cache.ready().await;
        Self { store, cache, decoded }
    }

    fn decoded(&self) -> usize {
        self.decoded.load(Ordering::SeqCst)
    }

    /// What the cache has once it has everything.
    async fn held(&self) -> Arc<String> {
        let snapshot = self.cache.latest().await.unwrap();
        snapshot.get(KEY).unwrap().value().unwrap().clone()
    }
}

#[tokio::test]
async fn the_acknowledgement_comes_first() {
    let test = Counted::new().await;
    test.store.hold();
    let announced = announce(&test.cache, KEY, 0, "ours");
    let revision = test.store.put(KEY, "ours").await;
    let object = announced.done(revision).unwrap();
    test.store.release();
    assert!(Arc::ptr_eq(&test.held().await, &object));
    assert_eq!(test.decoded(), 0);
    test.store.put(KEY, "theirs").await;
    assert_eq!((&**test.held().await, test.decoded()), ("theirs", 1));
}

#[tokio::test]
async fn the_event_comes_first() {
    let test = Counted::new().await;
    let announced = announce(&test.cache, KEY, 0, "ours");
    let revision = test.store.put(KEY, "ours").await;
    let held = test.held().await;
    assert!(Arc::ptr_eq(&held, &announced.done(revision).unwrap()));
    assert_eq!(test.decoded(), 0);
}

#[tokio::test]
async fn a_refused_write_gives_back_what_it_was_made_of() {
    let test = Counted::new().await;
    let announced = announce(&test.cache, KEY, 0, "ours");
    test.store.put(KEY, "theirs").await;
    assert_eq!((&**test.held().await, test.decoded()), ("theirs", 1));
    assert_eq!(announced.refused().as_deref(), Some("ours"));
}

#[tokio::test]
async fn a_write_whose_outcome_nobody_waited_for_is_decoded() {
    let test = Counted::new().await;
    test.store.hold();
    drop(announce(&test.cache, KEY, 0, "ours"));
    test.store.put(KEY, "ours").await;
    test.store.release();
    assert_eq!((&**test.held().await, test.decoded()), ("ours", 1));
}

#[tokio::test]
async fn an_event_that_the_writer_knew_is_not_his_write() {
    let test = Counted::new().await;
    test.store.hold();
    let known = test.store.put(KEY, "same").await;
    let announced = announce(&test.cache, KEY, known, "same");
    test.store.release();
    assert_eq!((&**test.held().await, test.decoded()), ("same", 1));
    let revision = test.store.put(KEY, "same").await;
    assert!(Arc::ptr_eq(&test.held().await, &announced.done(revision).unwrap()));
    assert_eq!(test.decoded(), 1);
}

#[tokio::test]
async fn of_two_writes_of_the_same_bytes_each_knows_its_object() {
    let test = Counted::new().await;
    let announced = [announce(&test.cache, KEY, 0, "same"), announce(&test.cache, KEY, 0, "same")];
    let revision = test.store.put(KEY, "same").await;
    let held = test.held().await;
    let [first, second] = announced;
    // The event was taken for the first one's; nobody can tell.
    assert_eq!(first.refused(), None);
    assert_eq!(second.done(revision), Some(held));
    assert_eq!(test.decoded(), 0);
}
