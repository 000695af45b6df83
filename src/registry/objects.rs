//! The objects of one kind in their own type: what controllers work with.

use super::{DeleteRequest, Object, ObjectSnapshot, Part, Registry, Store, Stored, UpdateOptions};
use apimachinery::kind::{Hub, Kind};
use apimachinery::meta::ObjectMeta;
use apimachinery::status::ApiError;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// The objects of a kind.
pub struct Objects<K> {
    store: Arc<Store>,
    /// The name of who works with them.
    manager: Cow<'static, str>,
    kind: PhantomData<fn() -> K>,
}

impl<K> Clone for Objects<K> {
    fn clone(&self) -> Self {
        Objects { store: self.store.clone(), manager: self.manager.clone(), kind: PhantomData }
    }
}

/// An object as it was stored, shared.
pub struct Shared<K> {
    object: Arc<Object>,
    kind: PhantomData<fn() -> K>,
}

impl<K> Clone for Shared<K> {
    fn clone(&self) -> Self {
        Shared { object: self.object.clone(), kind: PhantomData }
    }
}

impl<K: Kind> Deref for Shared<K> {
    type Target = K;

    fn deref(&self) -> &K {
        self.object.downcast().expect("a store holds objects of its own kind")
    }
}

impl<K: Kind> Shared<K> {
    fn new(stored: &Stored) -> Self {
        Shared { object: stored.object(), kind: PhantomData }
    }
}

impl Registry {
    /// The objects of a kind, for a controller of that name; `None` where this server does not serve it.
    pub fn objects<K: Kind>(&self, manager: impl Into<Cow<'static, str>>) -> Option<Objects<K>> {
        let mut stores = self.stores().iter();
        let store = stores.find(|store| std::ptr::eq(store.definition, K::definition()))?;
        Some(Objects { store: store.clone(), manager: manager.into(), kind: PhantomData })
    }

    /// All objects of a kind as they are in memory; none where this server does not serve it.
    pub fn known<K: Kind>(&self) -> Result<impl Iterator<Item = Shared<K>> + use<K>, ApiError> {
        // Who only looks needs no name.
        let objects = self.objects::<K>("").map(|objects| objects.known_all()).transpose()?;
        Ok(objects.into_iter().flatten())
    }
}

impl<K: Kind> Objects<K> {
    /// The store that they lie in.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The name of who works with them.
    pub fn manager(&self) -> &str {
        &self.manager
    }

    /// One object as of now; `None` where there is none.
    pub async fn get(&self, namespace: &str, name: &str) -> Result<Option<Shared<K>>, ApiError> {
        found(self.store.get(namespace, name).await).map(|stored| stored.map(|stored| Shared::new(&stored)))
    }

    /// One object as this process knows it: with all that it acknowledged itself, and with what others wrote as soon as that is
    /// told. The store is asked only whether there is really none.
    pub async fn current(&self, namespace: &str, name: &str) -> Result<Option<Shared<K>>, ApiError> {
        let snapshot = self.store.acknowledged().await?;
        match self.store.find(&snapshot, namespace, name) {
            Ok(stored) => Ok(Some(Shared::new(&stored))),
            Err(_) => self.get(namespace, name).await,
        }
    }

    /// One object as it is in memory, which may be a moment old.
    pub fn known(&self, namespace: &str, name: &str) -> Option<Shared<K>> {
        let stored = self.store.find(&self.store.snapshot(), namespace, name).ok()?;
        Some(Shared::new(&stored))
    }

    /// All objects as they are in memory, once anything is, but for those that cannot be read. Each is decoded when its turn
    /// comes.
    pub fn known_all(&self) -> Result<impl Iterator<Item = Shared<K>> + use<K>, ApiError> {
        let stored: Vec<Arc<Stored>> = readable(&self.store.any()?).cloned().collect();
        Ok(stored.into_iter().map(|stored| Shared::new(&stored)))
    }

    /// All objects as of now, but for those that cannot be read.
    pub async fn list(&self) -> Result<Vec<Shared<K>>, ApiError> {
        Ok(readable(&self.store.latest().await?).map(|stored| Shared::new(stored)).collect())
    }

    /// Changes a part of the object, whatever else happened to it meanwhile. `change` runs again when somebody else was
    /// quicker. `None` where the object is gone, or another one has its name by now.
    pub async fn update(
        &self,
        seen: &ObjectMeta,
        part: Part,
        change: impl FnMut(&mut K) + Send,
    ) -> Result<Option<Shared<K>>, ApiError> {
        self.write(seen, part, false, change).await
    }

    /// Changes the object and its status by one write.
    pub async fn update_whole(
        &self,
        seen: &ObjectMeta,
        change: impl FnMut(&mut K) + Send,
    ) -> Result<Option<Shared<K>>, ApiError> {
        self.write(seen, Part::Main, true, change).await
    }

    async fn write(
        &self,
        seen: &ObjectMeta,
        part: Part,
        status_too: bool,
        mut change: impl FnMut(&mut K) + Send,
    ) -> Result<Option<Shared<K>>, ApiError> {
        let manager = &self.manager;
        let options =
            UpdateOptions { part, status_too, dry_run: false, origin: None, manager, is_owned: false };
        let gone = || ApiError::not_found(K::definition(), &seen.name);
        let outcome = self.store.update(&seen.namespace, &seen.name, options, |stored| {
            let mut object = K::clone(&Shared::<K>::new(stored));
            if Kind::meta(&object).uid != seen.uid {
                return Err(gone());
            }
            change(&mut object);
            Ok(Box::new(object) as Box<dyn Hub>)
        });
        found(outcome.await).map(|updated| updated.map(|stored| Shared::new(&stored)))
    }

    /// Deletes the object; one that is gone is no error.
    pub async fn delete(&self, seen: &ObjectMeta, request: &DeleteRequest<'_>) -> Result<(), ApiError> {
        found(self.store.delete(&seen.namespace, &seen.name, request).await).map(drop)
    }
}

/// What of a state can be read.
pub fn readable(snapshot: &ObjectSnapshot) -> impl Iterator<Item = &Arc<Stored>> {
    snapshot.iter().filter_map(|entry| entry.value().ok())
}

fn found<T>(outcome: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
