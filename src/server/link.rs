//! What admission asks of the registry that it guards.

use crate::admission::{Freshness, NamespaceState, Namespaces};
use crate::registry::{ObjectSnapshot, Registry, Store};
use apimachinery::meta::ObjectMeta;
use apimachinery::status::ApiError;
use apimachinery::wire::json as wire;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};

/// The registry, once it is open. Weak: the registry holds its admission.
#[derive(Default)]
pub struct Link(OnceLock<Weak<Registry>>);

impl Link {
    pub(super) fn set(&self, registry: &Arc<Registry>) {
        let _ = self.0.set(Arc::downgrade(registry));
    }

    /// The registry; an error that asks to come again before it is open.
    pub fn registry(&self) -> Result<Arc<Registry>, ApiError> {
        let registry = self.0.get().and_then(Weak::upgrade);
        registry.ok_or_else(|| ApiError::service_unavailable("the server is starting or ending"))
    }
}

/// The state that an answer may come from.
pub async fn state(store: &Store, freshness: Freshness) -> Result<ObjectSnapshot, ApiError> {
    match freshness {
        Freshness::Cached => store.acknowledged().await,
        Freshness::Newest => store.latest().await,
    }
}

#[async_trait]
impl Namespaces for Link {
    async fn state(&self, name: &str, freshness: Freshness) -> Result<NamespaceState, ApiError> {
        let registry = self.registry()?;
        let Some(store) = registry.store("", "namespaces") else { return Ok(NamespaceState::Missing) };
        match store.find(&state(store, freshness).await?, "", name) {
            Ok(stored) if stored.object().meta().deletion_timestamp.is_some() => {
                Ok(NamespaceState::Terminating)
            }
            Ok(_) => Ok(NamespaceState::Active),
            Err(error) if error.is_not_found() => Ok(NamespaceState::Missing),
            Err(error) => Err(error),
        }
    }

    async fn labels(&self, name: &str, freshness: Freshness) -> Result<BTreeMap<String, String>, ApiError> {
        Ok(self.metadata(name, freshness).await?.unwrap_or_default().labels)
    }

    async fn object(&self, name: &str, freshness: Freshness) -> Result<Option<Value>, ApiError> {
        let metadata = self.metadata(name, freshness).await?;
        Ok(metadata.map(|metadata| json!({ "metadata": wire::to_tree(&metadata) })))
    }
}

impl Link {
    async fn metadata(&self, name: &str, freshness: Freshness) -> Result<Option<ObjectMeta>, ApiError> {
        let registry = self.registry()?;
        let Some(store) = registry.store("", "namespaces") else { return Ok(None) };
        match store.find(&state(store, freshness).await?, "", name) {
            Ok(stored) => Ok(Some(stored.object().meta().clone())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
