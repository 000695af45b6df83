//! Every engine keeps encrypted values as it keeps others, and nothing of what they say.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use databases_storage::encryption::{Algorithm, Key, Provider, Providers, Transformer};
use databases_storage::engine::{self, Config, redb};
use databases_storage::{
    Error, Event, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchMessage, WatchStream,
};
use futures_util::StreamExt;

use crate::conformance::{memory_passes, redb_passes};

/// A store whose owner encrypts: what goes in and comes out is plain.
struct Encrypted {
    storage: Arc<dyn Storage>,
    transformer: Transformer,
}

/// Each opening has another first key, and reads what the others wrote.
static OPENINGS: AtomicUsize = AtomicUsize::new(0);

async fn open(config: Config) -> Result<Arc<dyn Storage>, Error> {
    let mut keys = vec![
        Key::new(Algorithm::AesGcm, "one", &[1; 32]).unwrap(),
        Key::new(Algorithm::AesGcm, "two", &[2; 16]).unwrap(),
        Key::new(Algorithm::Secretbox, "three", &[3; 32]).unwrap(),
    ];
    let count = keys.len();
    keys.rotate_left(OPENINGS.fetch_add(1, Ordering::Relaxed) % count);
    let providers = Providers::new(keys.into_iter().map(Provider::Key).collect()).unwrap();
    let transformer = Transformer::new(config.root(), providers);
    Ok(Arc::new(Encrypted { storage: engine::open(config).await?, transformer }))
}

impl Encrypted {
    fn plain(&self, key: &str, value: &Bytes) -> Bytes {
        self.transformer.decrypt(key, value).unwrap().value.into_owned().into()
    }

    fn item(&self, item: KeyValue) -> KeyValue {
        KeyValue { value: self.plain(&item.key, &item.value), ..item }
    }

    fn update(&self, update: Update) -> Update {
        match update {
            Update::Conflict(found) => Update::Conflict(found.map(|item| self.item(item))),
            done => done,
        }
    }

    fn event(&self, event: Event) -> Event {
        let gone = event.value.is_empty();
        let value = if gone { Bytes::new() } else { self.plain(&event.key, &event.value) };
        Event { value, previous: event.previous.map(|previous| self.item(previous)), ..event }
    }
}

#[async_trait]
impl Storage for Encrypted {
    async fn revision(&self) -> Result<Revision, Error> {
        self.storage.revision().await
    }
    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        let (found, revision) = self.storage.get(key, at).await?;
        Ok((found.map(|item| self.item(item)), revision))
    }
    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        let page = self.storage.list(prefix, start, limit, at).await?;
        Ok(Page { items: page.items.into_iter().map(|item| self.item(item)).collect(), ..page })
    }
    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        let outcome = self.storage.create(key, self.transformer.encrypt(key, value)?).await?;
        Ok(self.update(outcome))
    }
    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        let outcome = self.storage.update(key, self.transformer.encrypt(key, value)?, expected).await?;
        Ok(self.update(outcome))
    }
    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        Ok(self.update(self.storage.delete(key, expected).await?))
    }
    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        let (storage, transformer) = (self.storage.clone(), self.transformer.clone());
        let here = Encrypted { storage, transformer };
        let stream = self.storage.watch(prefix, after).await?;
        let plain = stream.map(move |message| match message? {
            WatchMessage::Events(events) => {
                Ok(WatchMessage::Events(events.into_iter().map(|event| here.event(event)).collect()))
            }
            progress => Ok(progress),
        });
        Ok(plain.boxed())
    }
    async fn request_progress(&self) -> Result<(), Error> {
        self.storage.request_progress().await
    }
    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.storage.compact(revision).await
    }
    async fn size(&self) -> Result<Option<u64>, Error> {
        self.storage.size().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    memory_passes(|config| Box::pin(open(config))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redb() {
    redb_passes(|config| Box::pin(open(config))).await;
}

#[cfg(feature = "etcd")]
#[tokio::test(flavor = "multi_thread")]
async fn etcd() {
    crate::conformance::etcd_passes(|config| Box::pin(open(config))).await;
}

const TOLD: &str = "the password is swordfish";

/// Writes what must not be seen, and what may be.
async fn tell(config: Config) {
    let store = open(config.clone()).await.unwrap();
    let Update::Done(first) = store.create("/t/a", TOLD.into()).await.unwrap() else { panic!("a conflict") };
    store.update("/t/a", TOLD.into(), first).await.unwrap();
    drop(store);
    let store = engine::open(config).await.unwrap();
    store.create("/t/b", "this is not encrypted".into()).await.unwrap();
    let stored = store.get("/t/a", ReadAt::Latest).await.unwrap().0.unwrap().value;
    assert!(stored.starts_with(b"k8s:enc:"), "{stored:?}");
}

/// Whether a text stands in a file of a folder.
fn stands_in(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| match path.is_dir() {
        true => stands_in(&path, text),
        false => std::fs::read(path).unwrap().windows(text.len()).any(|part| part == text.as_bytes()),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_redb_does_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    tell(Config::Redb(redb::Config::new(folder.path().join("store.redb")))).await;
    assert!(stands_in(folder.path(), "this is not encrypted"));
    assert!(!stands_in(folder.path(), TOLD));
}

#[cfg(feature = "etcd")]
#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_etcd_do_not_tell() {
    let Some(mut etcd) = crate::support::Etcd::start().await else { return };
    drop(etcd.open(etcd.config()).await);
    tell(Config::Etcd(etcd.config())).await;
    etcd.kill().await;
    assert!(stands_in(etcd.folder(), "this is not encrypted"));
    assert!(!stands_in(etcd.folder(), TOLD));
}
