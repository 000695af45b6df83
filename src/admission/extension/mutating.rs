//! What may change an object before it is stored: the cluster's policies, then its webhooks, and those of both once more
//! that want to see what others made of it.

use super::mutating_policies::MutatingPolicies;
use super::webhooks::MutatingWebhooks;
use crate::admission::{Admission, Attributes};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use async_trait::async_trait;

/// The cluster's mutating policies and webhooks as one step.
#[derive(Clone)]
pub struct Mutations {
    /// Who is asked first.
    pub policies: MutatingPolicies,
    /// Who is asked then.
    pub webhooks: MutatingWebhooks,
}

#[async_trait]
impl Admission for Mutations {
    async fn mutate(
        &self,
        attributes: &Attributes<'_>,
        object: &mut Box<dyn Hub>,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        if attributes.origin.is_none() {
            return Ok(());
        }
        let first = self.policies.ask(attributes, object, old, None).await?;
        let asked = self.webhooks.ask(attributes, object, old).await?;
        if !first.has_applied && asked.last_change.is_none() {
            return Ok(());
        }
        let second = self.policies.ask(attributes, object, old, Some(&first)).await?;
        self.webhooks.ask_again(attributes, object, old, (asked, second.has_changed)).await
    }
}
