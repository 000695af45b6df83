//! Stored values that cannot be read: they are left out of lists and watches, told of, and can be deleted by those who ask
//! for just that (KEP-3926).

use super::meta::absent;
use super::store::storage_error;
use super::{ObjectSnapshot, Registry, Store};
use apimachinery::kind::Definition;
use apimachinery::status::ApiError;
use databases_storage::{Error as StorageError, ReadAt, Update};

/// A warning names so many of the objects that were left out.
const NAMED: usize = 3;

/// Where an unreadable value lies.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The kind it should be of.
    pub definition: &'static Definition,
    /// The namespace of its key; empty for what lives in none.
    pub namespace: String,
    /// The name of its key.
    pub name: String,
}

impl Registry {
    /// The unreadable values of all kinds.
    pub fn unreadable(&self) -> Vec<Unreadable> {
        self.stores().iter().flat_map(|store| store.unreadable(&store.snapshot(), "")).collect()
    }
}

impl Store {
    /// The unreadable values of a state, of all namespaces or of one.
    pub fn unreadable(&self, snapshot: &ObjectSnapshot, namespace: &str) -> Vec<Unreadable> {
        let damaged = |key: &str| {
            let (namespace, name) = self.place(key);
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            Unreadable { definition: self.definition, namespace, name }
        };
        snapshot.damaged(&self.prefix(namespace), None).map(|entry| damaged(&entry.key)).collect()
    }

    /// What a client is told whose list leaves objects out; nothing where it leaves out none.
    pub fn left_out(&self, snapshot: &ObjectSnapshot, namespace: &str) -> Option<String> {
        let all = self.unreadable(snapshot, namespace);
        let place = |one: &Unreadable| match one.namespace.as_str() {
            "" => one.name.clone(),
            namespace => format!("{namespace}/{}", one.name),
        };
        let mut names: Vec<String> = all.iter().take(NAMED).map(place).collect();
        if all.len() > NAMED {
            names.push(format!("{} more", all.len() - NAMED));
        }
        let resource = self.definition.qualified_resource();
        (!all.is_empty()).then(|| {
            format!("{resource} whose stored values cannot be read are left out: {}", names.join(", "))
        })
    }

    /// Deletes an object whose stored value cannot be read, whatever its finalizers were; one that can be read stays.
    pub async fn delete_unreadable(
        &self,
        namespace: &str,
        name: &str,
        dry_run: bool,
    ) -> Result<(), ApiError> {
        let key = self.key(namespace, name);
        loop {
            let value = match self.storage.get(&key, ReadAt::Latest).await {
                Ok((Some(value), _)) => value,
                Ok((None, _)) | Err(StorageError::InvalidKey(_)) => {
                    return Err(absent(self.definition, name));
                }
                Err(error) => return Err(storage_error(&error)),
            };
            if self.decode(&value).await.is_ok() {
                return Err(ApiError::readable(self.definition, name, &key));
            }
            if dry_run {
                return Ok(());
            }
            let outcome = self.storage.delete(&key, value.revision).await;
            if let Update::Done(revision) = outcome.map_err(|error| storage_error(&error))? {
                tracing::warn!(%key, revision, "an object that could not be read was deleted, as was asked");
                self.acknowledge(revision);
                return Ok(());
            }
        }
    }

    /// Namespace and name of a key.
    pub fn place<'k>(&self, key: &'k str) -> (&'k str, &'k str) {
        let rest = key.strip_prefix(&self.prefix("")).unwrap_or(key);
        if self.definition.namespaced { rest.split_once('/').unwrap_or(("", rest)) } else { ("", rest) }
    }

    /// The answer to whoever asks for an object that cannot be read: what it is, and how it goes.
    pub(super) fn corrupt(&self, key: &str, reason: &str) -> ApiError {
        let (namespace, name) = self.place(key);
        ApiError::corrupt(self.definition, namespace, name, key, reason)
    }
}
