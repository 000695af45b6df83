//! The classes that this server holds, for admission.

use super::foreseen::PATIENCE;
use crate::admission::{Classes, Freshness};
use crate::controller::Foresight;
use crate::registry::readable;
use crate::server::{Link, state};
use apimachinery::status::ApiError;
use async_trait::async_trait;
use databases_api::GROUP;
use databases_api::databaseclass::DatabaseClass;
use std::sync::Arc;
use tokio::time::timeout;

/// The classes of a registry, and who knows what they are offered.
pub(super) struct StoredClasses {
    pub(super) objects: Arc<Link>,
    pub(super) foresight: Arc<Foresight>,
}

#[async_trait]
impl Classes for StoredClasses {
    async fn all(&self, freshness: Freshness) -> Result<Vec<DatabaseClass>, ApiError> {
        let registry = self.objects.registry()?;
        let Some(store) = registry.store(GROUP, "databaseclasses") else { return Ok(Vec::new()) };
        let snapshot = state(store, freshness).await?;
        let classes = readable(&snapshot);
        Ok(classes.filter_map(|stored| stored.object().downcast::<DatabaseClass>().cloned()).collect())
    }

    fn answers(&self, controller_name: &str) -> bool {
        self.foresight.knows(controller_name)
    }

    async fn offered(&self, class: &DatabaseClass) -> Option<DatabaseClass> {
        let registry = self.objects.registry().ok()?;
        timeout(PATIENCE, self.foresight.offered(registry, class)).await.ok()?
    }
}
