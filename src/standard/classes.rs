//! The classes that this server holds, for admission.

use crate::admission::{Classes, Freshness};
use crate::registry::readable;
use crate::server::{Link, state};
use apimachinery::status::ApiError;
use async_trait::async_trait;
use databases_api::GROUP;
use databases_api::databaseclass::DatabaseClass;
use std::sync::Arc;

/// The classes of a registry.
pub(super) struct StoredClasses(pub(super) Arc<Link>);

#[async_trait]
impl Classes for StoredClasses {
    async fn all(&self, freshness: Freshness) -> Result<Vec<DatabaseClass>, ApiError> {
        let registry = self.0.registry()?;
        let Some(store) = registry.store(GROUP, "databaseclasses") else { return Ok(Vec::new()) };
        let snapshot = state(store, freshness).await?;
        let classes = readable(&snapshot);
        Ok(classes.filter_map(|stored| stored.object().downcast::<DatabaseClass>().cloned()).collect())
    }
}
