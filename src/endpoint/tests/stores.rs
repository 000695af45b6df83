//! Stores that have what was to be new, or do not answer.

use super::*;
use databases_storage::{Error, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A store that says of the next creations that there is something, and may answer nothing.
struct Reluctant {
    inner: Arc<dyn Storage>,
    taken: AtomicUsize,
    is_gone: AtomicBool,
}

impl Reluctant {
    fn ask(&self) -> Result<&dyn Storage, Error> {
        match self.is_gone.load(Ordering::Relaxed) {
            true => Err(Error::Unavailable("nobody answers".into())),
            false => Ok(&*self.inner),
        }
    }
}

#[async_trait::async_trait]
impl Storage for Reluctant {
    async fn revision(&self) -> Result<Revision, Error> {
        self.ask()?.revision().await
    }

    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        self.ask()?.get(key, at).await
    }

    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        self.ask()?.list(prefix, start, limit, at).await
    }

    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        let fewer = |left: usize| left.checked_sub(1);
        if self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok() {
            return Ok(Update::Conflict(None));
        }
        self.ask()?.create(key, value).await
    }

    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        self.ask()?.update(key, value, expected).await
    }

    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        self.ask()?.delete(key, expected).await
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        self.ask()?.watch(prefix, after).await
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.ask()?.request_progress().await
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.ask()?.compact(revision).await
    }

    async fn size(&self) -> Result<Option<u64>, Error> {
        self.ask()?.size().await
    }
}

async fn reluctant() -> Arc<Reluctant> {
    let inner = Server::memory().await;
    Arc::new(Reluctant { inner, taken: AtomicUsize::new(0), is_gone: AtomicBool::new(false) })
}

#[tokio::test]
async fn a_generated_name_is_tried_eight_times() {
    let store = reluctant().await;
    let server = Server::over(&[&flunder::DEFINITION], store.clone()).await;
    let object = json!({"metadata": {"generateName": "made-"}});
    store.taken.store(7, Ordering::Relaxed);
    assert_eq!(server.post(BASE, &object).await.code, 201);
    store.taken.store(8, Ordering::Relaxed);
    let refused = server.post(BASE, &object).await;
    let status = refused.json();
    assert_eq!((refused.code.as_u16(), &status["reason"]), (409, &"AlreadyExists".into()));
    assert_eq!(
        (&status["details"]["retryAfterSeconds"], &refused.headers["retry-after"]),
        (&1.into(), &"1".parse().unwrap())
    );
    let message = status["message"].as_str().unwrap();
    assert!(
        message.ends_with("already exists, the server was not able to generate a unique name for the object"),
        "{message}"
    );
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_a_reason_to_come_again() {
    let store = reluctant().await;
    let server = Server::over(&[&flunder::DEFINITION], store.clone()).await;
    server.create("a").await;
    // Read from the cache, which has it by now.
    let object = server.get(&of("a")).await.json();
    store.is_gone.store(true, Ordering::Relaxed);
    let mut changed = object.clone();
    changed["spec"]["count"] = 2.into();
    for answer in [
        server.post(BASE, &flunder("b")).await,
        server.put(&of("a"), &changed).await,
        server.send(Method::DELETE, &of("a"), &[], "").await,
        server.get(&of("a")).await,
    ] {
        let status = answer.json();
        assert_eq!((answer.code.as_u16(), &status["reason"]), (500, &"ServerTimeout".into()), "{status}");
        assert!(
            status["details"]["retryAfterSeconds"].is_number() && answer.headers.contains_key("retry-after")
        );
    }
    // Whoever takes what is in memory gets it.
    assert_eq!(server.get(&format!("{}?resourceVersion=0", of("a"))).await.json(), object);
    store.is_gone.store(false, Ordering::Relaxed);
    assert_eq!(server.put(&of("a"), &changed).await.code, 200);
}

#[tokio::test]
async fn what_is_asked_of_a_cache_that_is_not_filled_is_told_to_come_again() {
    let store = reluctant().await;
    store.is_gone.store(true, Ordering::Relaxed);
    let storage: Arc<dyn Storage> = store;
    let admission: Arc<dyn Admission> = Arc::new(Chain(Vec::new()));
    let registry = Registry::open(&[&flunder::DEFINITION], &storage, &|_| Transformer::default(), &admission);
    let Err(error) = registry.stores()[0].any() else { panic!("nothing can be there yet") };
    assert_eq!((error.code(), error.retry_after()), (429, Some(1)));
}

#[tokio::test]
async fn who_catches_up_knows_what_others_wrote() {
    let storage = Server::memory().await;
    let admission: Arc<dyn Admission> = Arc::new(Chain(Vec::new()));
    let registry = Registry::open(&[&flunder::DEFINITION], &storage, &|_| Transformer::default(), &admission);
    let server = Server::over(&[&flunder::DEFINITION], storage).await;
    let uid = server.create("a").await["metadata"]["uid"].clone();
    let store = &registry.stores()[0];
    store.catch_up().await.unwrap();
    let known = store.acknowledged().await.unwrap();
    assert_eq!(store.find(&known, "ns", "a").unwrap().uid(), uid);
}
