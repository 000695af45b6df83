//! The cluster's quotas on the number of our objects. The last step: what it counts is created.

use crate::admission::{Admission, Attributes, Operation};
use crate::cluster::{QuotaError, Quotas};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use async_trait::async_trait;

/// Refuses what a quota has no room for.
pub struct ObjectQuota(pub Quotas);

#[async_trait]
impl Admission for ObjectQuota {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _: &dyn Hub,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        let definition = attributes.definition;
        if attributes.operation != Operation::Create || !definition.namespaced {
            return Ok(());
        }
        let resource = format!("{}.{}", definition.plural, definition.group);
        match self.0.take(attributes.namespace, &resource, attributes.dry_run).await {
            Ok(()) => Ok(()),
            Err(QuotaError::Refused(why)) => Err(ApiError::forbidden(definition, attributes.name, &why)),
            Err(QuotaError::Cluster(error)) => {
                Err(ApiError::internal(&format!("a quota cannot be charged: {error}")))
            }
        }
    }
}
