//! The cache's promises, held against a model and under faults.

mod behaviour;
mod crowd;
mod damage;
mod faults;
mod history;
mod prepared;
mod store;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Announced, Batch, Cache, CacheError, Config, Snapshot, Watcher};
use crate::{EventKind, Revision, Storage};
use store::Store;

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(20);

type Texts = Cache<String>;

fn text(_: &str, value: &Bytes, _: Revision) -> Result<String, String> {
    String::from_utf8(value.to_vec()).map_err(|error| error.to_string())
}

fn start(store: &Arc<Store>) -> Arc<Texts> {
    start_with(store, Config::new("/t/"))
}

fn start_with(store: &Arc<Store>, config: Config) -> Arc<Texts> {
    Cache::start(store.clone() as Arc<dyn Storage>, config, text)
}

/// Announces a write of a text, which is made of itself.
fn announce(cache: &Texts, key: &str, after: Revision, value: &str) -> Announced<String, String> {
    cache.announce(key, after, value.to_owned().into(), value.to_owned(), |text, _| text)
}

/// A history of about 64 small changes.
fn short() -> Config {
    Config { max_bytes: 1 << 16, ..Config::new("/t/") }
}

fn contents(snapshot: &Snapshot<String>) -> Vec<(String, String, Revision)> {
    let row = |entry: &Arc<super::Entry<String>>| {
        (entry.key.to_string(), entry.value().unwrap().to_string(), entry.revision)
    };
    snapshot.iter().map(row).collect()
}

/// A change as the tests compare it.
type Seen = (Revision, EventKind, String, String);

fn seen(batch: &Batch<String>) -> Vec<Seen> {
    let row = |change: &Arc<super::Change<String>>| {
        (change.revision, change.kind, change.key.to_string(), change.object.to_string())
    };
    batch.changes.iter().map(row).collect()
}

/// Reads on until everything up to `until` is delivered.
async fn drain(watcher: &mut Watcher<String>, until: Revision) -> Result<Vec<Seen>, CacheError> {
    let mut all = Vec::new();
    while watcher.progress()? < until {
        let batch = tokio::time::timeout(DEADLINE, watcher.next_batch()).await.expect("a change in time")?;
        all.extend(seen(&batch));
    }
    Ok(all)
}
