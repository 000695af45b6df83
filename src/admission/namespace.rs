//! Nothing is created in a namespace that is missing or going.

use super::{Admission, Attributes, Freshness, Operation};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a namespace is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceState {
    /// It takes new objects.
    Active,
    /// It is being deleted.
    Terminating,
    /// There is none of that name.
    Missing,
}

/// Who knows the namespaces: the registry itself, or the host cluster.
#[async_trait]
pub trait Namespaces: Send + Sync + 'static {
    /// The state of a namespace.
    async fn state(&self, name: &str, freshness: Freshness) -> Result<NamespaceState, ApiError>;
    /// The labels of a namespace; none where there is no such namespace.
    async fn labels(&self, name: &str, freshness: Freshness) -> Result<BTreeMap<String, String>, ApiError>;
    /// A namespace as policies see it, if there is one.
    async fn object(&self, name: &str, freshness: Freshness) -> Result<Option<Value>, ApiError>;
}

/// The admission step.
pub struct NamespaceLifecycle(pub Arc<dyn Namespaces>);

#[async_trait]
impl Admission for NamespaceLifecycle {
    async fn mutate(
        &self,
        attributes: &Attributes<'_>,
        _: &mut Box<dyn Hub>,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        if attributes.operation != Operation::Create || !attributes.definition.namespaced {
            return Ok(());
        }
        let name = attributes.namespace;
        let state = match self.0.state(name, Freshness::Cached).await? {
            NamespaceState::Active => return Ok(()),
            _ => self.0.state(name, Freshness::Newest).await?,
        };
        match state {
            NamespaceState::Active => Ok(()),
            NamespaceState::Missing => Err(ApiError::namespace_not_found(name)),
            NamespaceState::Terminating => {
                Err(ApiError::namespace_terminating(attributes.definition, attributes.name, name))
            }
        }
    }
}
