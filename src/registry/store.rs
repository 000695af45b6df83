//! One kind's objects: where they lie, how they are read, and what every write has in common.

use super::Stored;
use super::codec::{self, Encoded};
use super::meta::absent;
use super::stored::version_index;
use super::underway::Underway;
use crate::admission::Admission;
use apimachinery::kind::{Definition, Hub, Version};
use apimachinery::status::ApiError;
use bytes::Bytes;
use databases_storage::cache::{
    Announced, Cache, CacheError, Change, Config, Decode, Entry, Snapshot, Watcher,
};
use databases_storage::encryption::Transformer;
use databases_storage::{Error as StorageError, KeyValue, ReadAt, Revision, Storage, Update};
use futures_util::future::BoxFuture;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Room for the watch frames of a change: one slot per version and form, filled by who serves it first.
#[derive(Default)]
pub struct Frames(pub [OnceLock<Bytes>; Frames::SLOTS]);

impl Frames {
    /// As many as three served versions in two media types need.
    pub const SLOTS: usize = 6;
}

/// The cache of one kind.
pub(super) type ObjectCache = Cache<Stored, Frames>;
/// A state of one kind's objects.
pub type ObjectSnapshot = Snapshot<Stored>;
/// A change of one object.
pub type ObjectChange = Change<Stored, Frames>;
/// A stream of changes.
pub type ObjectWatcher = Watcher<Stored, Frames>;

/// A write under way.
type Written = Announced<Stored, (Box<dyn Hub>, Encoded)>;

/// The outcome of a write.
pub(super) enum Put {
    /// It was made.
    Done(Arc<Stored>),
    /// Another writer was quicker: the object back, unless he wrote the same, and what is there.
    Conflict { object: Option<Box<dyn Hub>>, existing: Option<KeyValue> },
}

/// What the cache makes of stored values.
struct Decoder {
    definition: &'static Definition,
    below: String,
    transformer: Transformer,
}

impl Decode<Stored> for Decoder {
    fn decode(&self, key: &str, value: &Bytes, revision: Revision) -> Result<Stored, String> {
        let plain = self.transformer.decrypt(key, value)?;
        Stored::decode(self.definition, plain, revision)?.lies_at(&self.below, key)
    }

    fn prepare(&self, value: &Bytes) -> Option<BoxFuture<'static, ()>> {
        self.transformer.prepare(value)
    }
}

/// The objects of one kind.
pub struct Store {
    /// The kind.
    pub definition: &'static Definition,
    pub(super) storage: Arc<dyn Storage>,
    /// What stands between an object's bytes and those that are stored.
    transformer: Transformer,
    pub(super) admission: Arc<dyn Admission>,
    cache: Arc<ObjectCache>,
    prefix: String,
    /// The zero value of each version as JSON, in their order.
    zeros: Box<[Bytes]>,
    /// The newest write that this process has acknowledged.
    acknowledged: AtomicU64,
    /// Creations that may have been judged, and are not written yet.
    pub(super) creations: Underway,
}

impl Store {
    pub(super) fn open(
        definition: &'static Definition,
        storage: Arc<dyn Storage>,
        transformer: Transformer,
        admission: Arc<dyn Admission>,
    ) -> Arc<Self> {
        let group = if definition.group.is_empty() { "core" } else { definition.group };
        let prefix = format!("/{group}/{}/", definition.plural);
        let decode = Decoder { definition, below: prefix.clone(), transformer: transformer.clone() };
        let cache = Cache::start(storage.clone(), Config::new(prefix.clone()), decode);
        let zeros = definition.versions.iter().map(|version| version.zero_json().into()).collect();
        let (acknowledged, creations) = (AtomicU64::new(0), Underway::default());
        Arc::new(Store {
            definition,
            storage,
            transformer,
            admission,
            cache,
            prefix,
            zeros,
            acknowledged,
            creations,
        })
    }

    /// The zero value of a version as JSON.
    pub(super) fn zero(&self, version: &'static Version) -> &Bytes {
        &self.zeros[version_index(self.definition, version)]
    }

    /// Whether the cache holds the whole state.
    pub fn is_ready(&self) -> bool {
        self.cache.is_ready()
    }

    /// Resolves once the cache holds the whole state.
    pub async fn ready(&self) {
        self.cache.ready().await;
    }

    /// The prefix of all keys, or of one namespace's.
    pub fn prefix(&self, namespace: &str) -> String {
        if namespace.is_empty() { self.prefix.clone() } else { format!("{}{namespace}/", self.prefix) }
    }

    /// The key of an object.
    pub fn key(&self, namespace: &str, name: &str) -> String {
        if self.definition.namespaced {
            format!("{}{namespace}/{name}", self.prefix)
        } else {
            format!("{}{name}", self.prefix)
        }
    }

    /// Reads again what could not be read.
    pub(super) fn decode_again(&self) {
        self.cache.decode_again();
    }

    /// Whatever the cache holds.
    pub fn snapshot(&self) -> ObjectSnapshot {
        self.cache.snapshot()
    }

    /// Whatever the cache holds, once it holds anything: what is not known yet must not look as if it were gone.
    pub fn any(&self) -> Result<ObjectSnapshot, ApiError> {
        match self.is_ready() {
            true => Ok(self.snapshot()),
            false => Err(self.cache_error(CacheError::NotReady(self.prefix.as_str().into()))),
        }
    }

    /// The state that includes every write acknowledged before the call.
    pub async fn latest(&self) -> Result<ObjectSnapshot, ApiError> {
        self.cache.latest().await.map_err(|error| self.cache_error(error))
    }

    /// A state that includes every write this process has acknowledged; the store is not asked.
    pub async fn acknowledged(&self) -> Result<ObjectSnapshot, ApiError> {
        self.at_least(self.acknowledged.load(Ordering::Acquire)).await
    }

    /// Has this process know what others wrote until now as well as what it acknowledged itself.
    pub async fn catch_up(&self) -> Result<(), ApiError> {
        let revision = self.latest().await?.revision();
        self.acknowledge(revision);
        Ok(())
    }

    /// A state at or after a revision.
    pub async fn at_least(&self, revision: Revision) -> Result<ObjectSnapshot, ApiError> {
        self.cache.at_least(revision).await.map_err(|error| self.cache_error(error))
    }

    /// The state at a revision; a compacted one is for the caller to explain.
    pub async fn exactly(&self, revision: Revision) -> Result<ObjectSnapshot, CacheError> {
        self.cache.exactly(revision).await
    }

    /// The changes after a revision.
    pub fn watch(&self, after: Revision, namespace: &str) -> Result<ObjectWatcher, CacheError> {
        self.cache.watch(after, &self.prefix(namespace))
    }

    /// One object as of now.
    pub async fn get(&self, namespace: &str, name: &str) -> Result<Arc<Stored>, ApiError> {
        let snapshot = self.latest().await?;
        self.find(&snapshot, namespace, name)
    }

    /// One object of a state.
    pub fn find(
        &self,
        snapshot: &ObjectSnapshot,
        namespace: &str,
        name: &str,
    ) -> Result<Arc<Stored>, ApiError> {
        let entry = snapshot.get(&self.key(namespace, name));
        let entry = entry.ok_or_else(|| absent(self.definition, name))?;
        self.value(entry).cloned()
    }

    /// The object of an entry, unless its stored value cannot be read.
    pub fn value<'a>(&self, entry: &'a Entry<Stored>) -> Result<&'a Arc<Stored>, ApiError> {
        entry.value().map_err(|error| self.cache_error(error))
    }

    /// One object from storage itself, past the cache.
    pub(super) async fn read(&self, key: &str) -> Result<Option<Arc<Stored>>, ApiError> {
        match self.storage.get(key, ReadAt::Latest).await {
            Ok((found, _)) => match found {
                Some(value) => self.decode(&value).await.map(Some),
                None => Ok(None),
            },
            // Nothing lies at what cannot be a key.
            Err(StorageError::InvalidKey(_)) => Ok(None),
            Err(error) => Err(storage_error(&error)),
        }
    }

    pub(super) async fn decode(&self, value: &KeyValue) -> Result<Arc<Stored>, ApiError> {
        if let Some(prepared) = self.transformer.prepare(&value.value) {
            prepared.await;
        }
        let plain = self.transformer.decrypt(&value.key, &value.value);
        plain
            .and_then(|plain| Stored::decode(self.definition, plain, value.revision))
            .and_then(|stored| stored.lies_at(&self.prefix, &value.key))
            .map(Arc::new)
            .map_err(|reason| self.corrupt(&value.key, &reason))
    }

    /// Compare and swap; without an expected revision the key must not be there. What is too large with the record of who
    /// owns its fields is stored without, as in Kubernetes.
    pub(super) async fn put(
        &self,
        key: &str,
        mut object: Box<dyn Hub>,
        expected: Option<Revision>,
    ) -> Result<Put, ApiError> {
        loop {
            let encoded = codec::encode(self.definition, object.as_mut());
            let value = self.transformer.encrypt(key, encoded.value.clone());
            let (value, after) = (value.map_err(|error| storage_error(&error))?, expected.unwrap_or(0));
            let parts = (object, encoded);
            let announced = self.cache.announce(key, after, value.clone(), parts, Stored::written);
            let outcome = match expected {
                Some(revision) => self.storage.update(key, value.clone(), revision).await,
                None => self.storage.create(key, value.clone()).await,
            };
            match outcome {
                Ok(Update::Done(revision)) => {
                    let stored = match announced.done(revision) {
                        Some(ours) => ours,
                        None => self.decode(&KeyValue { key: key.into(), value, revision }).await?,
                    };
                    self.acknowledge(revision);
                    return Ok(Put::Done(stored));
                }
                Ok(Update::Conflict(existing)) => {
                    let object = announced.refused().map(|(mut object, _)| {
                        // It was not written: nobody who looks at it again sees a version that it never had.
                        object.meta_mut().resource_version.clear();
                        object
                    });
                    return Ok(Put::Conflict { object, existing });
                }
                Err(error) => {
                    object = self.smaller(announced, &error).ok_or_else(|| storage_error(&error))?
                }
            }
        }
    }

    /// What is too large without the record of who owns its fields.
    fn smaller(&self, announced: Written, error: &StorageError) -> Option<Box<dyn Hub>> {
        let StorageError::TooLarge { .. } = error else { return None };
        let (mut object, _) = announced.refused()?;
        let entries = &mut object.meta_mut().managed_fields;
        if entries.is_empty() {
            return None;
        }
        entries.clear();
        Some(object)
    }

    pub(super) fn acknowledge(&self, revision: Revision) {
        self.acknowledged.fetch_max(revision, Ordering::AcqRel);
    }

    /// A cache error in the words of the API.
    pub fn cache_error(&self, error: CacheError) -> ApiError {
        match error {
            CacheError::TooLarge { requested, current } => {
                ApiError::too_large_resource_version(requested, current)
            }
            CacheError::Expired { requested, oldest } => {
                ApiError::expired(&format!("too old resource version: {requested} ({oldest})"))
            }
            CacheError::Storage(error) => storage_error(&error),
            CacheError::NotReady(_) => ApiError::too_many_requests(&error.to_string(), 1),
            CacheError::Stopped => ApiError::service_unavailable("the server is shutting down"),
            CacheError::Damaged { key, reason } => self.corrupt(&key, &reason),
            CacheError::Outside(_) => ApiError::internal(&error.to_string()),
        }
    }
}

/// A storage error in the words of the API.
pub(super) fn storage_error(error: &StorageError) -> ApiError {
    match error {
        StorageError::TooLarge { .. } => ApiError::request_too_large(&error.to_string()),
        StorageError::NotOpen => ApiError::too_many_requests(&error.to_string(), 1),
        StorageError::Unavailable(_) => ApiError::server_timeout(&error.to_string()),
        other => ApiError::internal(&other.to_string()),
    }
}
