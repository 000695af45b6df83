//! Updates: read, change, compare and swap, until it holds (V-30…V-36).

use super::meta::absent;
use super::store::{Put, storage_error};
use super::write::{Part, Stages, is_patch};
use super::{Store, Stored};
use crate::admission::{Attributes, Operation, Origin};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use databases_storage::Update;
use std::sync::Arc;

/// How an object is to be updated.
#[derive(Clone, Copy, Debug)]
pub struct UpdateOptions<'a> {
    /// The part.
    pub part: Part,
    /// Whether the status is written after it: two writes that are made as one, of which nobody sees the first alone. What
    /// clients ask for is about one part.
    pub status_too: bool,
    /// Everything but the write.
    pub dry_run: bool,
    /// Whose request it is; `None` where the server itself writes.
    pub origin: Option<Origin<'a>>,
    /// The name of what writes; may be empty.
    pub manager: &'a str,
    /// Whether the object that it becomes says already who owns its fields.
    pub is_owned: bool,
}

/// The current object, and whether it was read from storage itself and not from the cache.
pub(super) struct Current {
    pub(super) stored: Arc<Stored>,
    pub(super) sure: bool,
}

impl Store {
    /// Updates an object with what `change` makes of its current state. `change` runs again when somebody else
    /// was quicker. The resource version that the new object carries must be the current one; some kinds may carry none.
    pub async fn update(
        &self,
        namespace: &str,
        name: &str,
        options: UpdateOptions<'_>,
        mut change: impl FnMut(&Stored) -> Result<Box<dyn Hub>, ApiError> + Send,
    ) -> Result<Arc<Stored>, ApiError> {
        let key = self.key(namespace, name);
        let mut current = self.current(&key, name).await?;
        loop {
            let outcome = match change(&current.stored) {
                Ok(object) => self.try_update(&key, &current, object, options).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(Some(done)) => return Ok(done),
                Ok(None) => current = self.sure(&key, name).await?,
                Err(error) if current.sure => return Err(error),
                Err(error) => current = self.newer(&key, name, &current, error).await?,
            }
        }
    }

    /// The object as the cache has it, else as storage has it.
    pub(super) async fn current(&self, key: &str, name: &str) -> Result<Current, ApiError> {
        let snapshot = self.snapshot();
        match snapshot.get(key).map(|entry| entry.value()) {
            Some(Ok(stored)) => Ok(Current { stored: stored.clone(), sure: false }),
            Some(Err(_)) | None => self.sure(key, name).await,
        }
    }

    /// The object as storage has it.
    pub(super) async fn sure(&self, key: &str, name: &str) -> Result<Current, ApiError> {
        match self.read(key).await? {
            Some(stored) => Ok(Current { stored, sure: true }),
            None => Err(absent(self.definition, name)),
        }
    }

    /// The object as storage has it, where the cache was behind; else the error, which counts only against storage's own
    /// state (E-05).
    pub(super) async fn newer(
        &self,
        key: &str,
        name: &str,
        known: &Current,
        error: ApiError,
    ) -> Result<Current, ApiError> {
        let fresh = self.sure(key, name).await?;
        if fresh.stored.revision == known.stored.revision { Err(error) } else { Ok(fresh) }
    }

    /// One attempt; `None` when another writer was quicker.
    async fn try_update(
        &self,
        key: &str,
        current: &Current,
        mut object: Box<dyn Hub>,
        options: UpdateOptions<'_>,
    ) -> Result<Option<Arc<Stored>>, ApiError> {
        let decoded = current.stored.object();
        let old: &dyn Hub = &**decoded;
        self.check_preconditions(key, object.as_ref(), &current.stored, options.origin)?;
        if options.status_too {
            let mut first = object.boxed();
            self.stage(&current.stored, &mut first, options.part, options).await?;
            let between = Stored::new(first, current.stored.revision);
            object.meta_mut().managed_fields = between.object().meta().managed_fields.clone();
            self.stage(&between, &mut object, Part::Status, options).await?;
        } else {
            self.stage(&current.stored, &mut object, options.part, options).await?;
        }
        if object.same(old) && !current.stored.stale {
            return self.unchanged(key, current).await;
        }
        if options.dry_run {
            return Ok(Some(Arc::new(Stored::new(object, current.stored.revision))));
        }
        match is_finished(object.as_ref()) {
            true => {
                // Who updates is answered with the object as it was sent, as in Kubernetes.
                let last = Stored::new(object.boxed(), current.stored.revision);
                Ok(self.remove(key, object, current).await?.map(|_| Arc::new(last)))
            }
            false => self.write(key, object, current).await,
        }
    }

    /// What the stages of a write make of an object, after the one before.
    async fn stage(
        &self,
        before: &Stored,
        object: &mut Box<dyn Hub>,
        part: Part,
        options: UpdateOptions<'_>,
    ) -> Result<(), ApiError> {
        let operation = match part {
            Part::Main | Part::Finalize => Operation::Update,
            Part::Status => Operation::UpdateStatus,
        };
        let attributes = Attributes {
            operation,
            definition: self.definition,
            namespace: before.namespace(),
            name: before.name(),
            dry_run: options.dry_run,
            origin: options.origin,
        };
        let UpdateOptions { manager, is_owned, .. } = options;
        let stages = Stages { part, manager, is_owned, attributes, old: Some(before) };
        stages.prepare(self, object).await?;
        stages.validate(self, object.as_ref()).await
    }

    /// The uid is one in an update, and of a Scale. In any other patch it is a field that stays, and judged with the others.
    fn check_preconditions(
        &self,
        key: &str,
        object: &dyn Hub,
        current: &Stored,
        origin: Option<Origin<'_>>,
    ) -> Result<(), ApiError> {
        let current = current.object();
        let (new, old) = (object.meta(), current.meta());
        let is_field = is_patch(origin) && origin.is_some_and(|origin| origin.subresource != "scale");
        if !is_field && !new.uid.is_empty() && new.uid != old.uid {
            return Err(ApiError::uid_conflict(self.definition, &old.name, key, &new.uid, &old.uid));
        }
        match new.resource_version.as_str() {
            // Nothing is overwritten unseen, unless its kind allows just that; "0" names no version either (V-30).
            "" | "0" if object.allows_unconditional_update() => Ok(()),
            "" | "0" => Err(ApiError::resource_version_required(self.definition, &old.name)),
            version if version == old.resource_version => Ok(()),
            _ => Err(ApiError::conflict(self.definition, &old.name)),
        }
    }

    /// Nothing would change. That counts only against storage's own state, which may have become stale since it was cached.
    async fn unchanged(&self, key: &str, current: &Current) -> Result<Option<Arc<Stored>>, ApiError> {
        if !current.sure {
            let fresh = self.read(key).await?;
            let revision = current.stored.revision;
            if fresh.is_none_or(|fresh| fresh.revision != revision || fresh.stale) {
                return Ok(None);
            }
        }
        Ok(Some(current.stored.clone()))
    }

    /// Compare and swap; `None` when another writer was quicker.
    pub(super) async fn write(
        &self,
        key: &str,
        object: Box<dyn Hub>,
        current: &Current,
    ) -> Result<Option<Arc<Stored>>, ApiError> {
        match self.put(key, object, Some(current.stored.revision)).await? {
            Put::Done(stored) => Ok(Some(stored)),
            Put::Conflict { .. } => Ok(None),
        }
    }

    /// Compare and delete; `None` when another writer was quicker.
    pub(super) async fn remove(
        &self,
        key: &str,
        object: Box<dyn Hub>,
        current: &Current,
    ) -> Result<Option<Arc<Stored>>, ApiError> {
        let outcome = self.storage.delete(key, current.stored.revision).await;
        match outcome.map_err(|error| storage_error(&error))? {
            Update::Done(revision) => {
                self.acknowledge(revision);
                Ok(Some(Arc::new(Stored::new(object, revision))))
            }
            Update::Conflict(_) => Ok(None),
        }
    }
}

/// A terminating object whose last finalizer went is deleted by that very update (V-34).
fn is_finished(object: &dyn Hub) -> bool {
    let meta = object.meta();
    meta.deletion_timestamp.is_some()
        && meta.finalizers.is_empty()
        && !object.holds_deletion()
        && meta.deletion_grace_period_seconds.unwrap_or(0) == 0
}
