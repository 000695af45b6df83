//! Values that something must be waited for before they can be decoded.

use std::collections::HashSet;
use std::sync::Mutex;

use futures_util::future::BoxFuture;

use super::*;
use crate::cache::Decode;

/// Decodes what was prepared before, which takes a moment.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<HashSet<Bytes>>>);

impl Decode<String> for Slow {
    fn decode(&self, key: &str, value: &Bytes, revision: Revision) -> Result<String, String> {
        match self.0.lock().unwrap().contains(value) {
            true => text(key, value, revision),
            false => Err("it is not prepared".to_owned()),
        }
    }

    fn prepare(&self, value: &Bytes) -> Option<BoxFuture<'static, ()>> {
        let (prepared, value) = (self.0.clone(), value.clone());
        Some(Box::pin(async move {
            tokio::task::yield_now().await;
            prepared.lock().unwrap().insert(value);
        }))
    }
}

#[tokio::test]
async fn nothing_is_decoded_before_it_is_prepared() {
    let store = Store::new().await;
    store.put("/t/a/x", "loaded").await;
    let cache: Arc<Texts> = Cache::start(store.clone(), Config::new("/t/"), Slow::default());
    let start = cache.latest().await.unwrap().revision();
    let mut watcher = cache.watch(start, "/t/").unwrap();
    let changed = store.put("/t/a/x", "changed").await;
    let last = store.put("/t/b/x", "new").await;
    let told = |revision, kind, key: &str, text: &str| (revision, kind, key.to_owned(), text.to_owned());
    let expected = [
        told(changed, EventKind::Updated, "/t/a/x", "changed"),
        told(last, EventKind::Created, "/t/b/x", "new"),
    ];
    assert_eq!(drain(&mut watcher, last).await.unwrap(), expected);
    assert_eq!(contents(&cache.exactly(start).await.unwrap()), [("/t/a/x".into(), "loaded".into(), start)]);
}
