//! What may be created, updated and deleted, beyond an object's own rules.
//!
//! A mutating step may change the object; a validating step sees the final object and runs again when a write
//! has to be tried again. The registry calls both around its own work.

mod class;
mod extension;
mod namespace;
mod origin;
mod read_access;
#[cfg(test)]
pub(crate) mod testing;

pub use class::{ClassAdmission, Classes};
pub use extension::{
    MutatingPolicies, MutatingWebhooks, Mutations, ObjectQuota, Policies, Surroundings, ValidatingWebhooks,
};
pub use namespace::{NamespaceLifecycle, NamespaceState, Namespaces};
pub use origin::{Annotations, Options, Origin, Requester, Warnings};
pub use read_access::ReadAccess;

use crate::cluster::Access;
use apimachinery::kind::{Definition, Hub};
use apimachinery::status::ApiError;
use async_trait::async_trait;
use k8s_openapi::api::authorization::v1::SubjectAccessReviewSpec;

/// What a request does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of the main resource or of scale.
    Update,
    /// A change of the status.
    UpdateStatus,
    /// A deletion.
    Delete,
}

/// Says what users may do.
#[async_trait]
pub trait AccessReview: Send + Sync {
    /// The answer to a question, or why there is none.
    async fn review(&self, question: SubjectAccessReviewSpec) -> Result<Access, String>;
}

/// How new an answer must be. A refusal counts only against the newest state; a consent may come from what is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// What is in memory, with everything that this process has written.
    Cached,
    /// No older than the question.
    Newest,
}

/// What admission knows of a request.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// What is done.
    pub operation: Operation,
    /// To which kind.
    pub definition: &'static Definition,
    /// In which namespace; empty for cluster-scoped kinds.
    pub namespace: &'a str,
    /// The object's name; empty while it is still to be generated.
    pub name: &'a str,
    /// Whether nothing will be written.
    pub dry_run: bool,
    /// Whose request it is; `None` where the server itself writes.
    pub origin: Option<Origin<'a>>,
}

impl Attributes<'_> {
    /// Whether a client changes an object, and not the server itself.
    pub fn is_clients_update(&self) -> bool {
        self.operation == Operation::Update && self.origin.is_some()
    }

    /// The client hears this, whatever becomes of its request; nobody does where the server itself writes.
    pub fn warn(&self, texts: impl IntoIterator<Item = String>) {
        if let Some(origin) = &self.origin {
            origin.warnings.extend(texts);
        }
    }
}

/// One admission step.
#[async_trait]
pub trait Admission: Send + Sync + 'static {
    /// May change the object, or refuse the request.
    async fn mutate(
        &self,
        _attributes: &Attributes<'_>,
        _object: &mut Box<dyn Hub>,
        _old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// May refuse the request.
    async fn validate(
        &self,
        _attributes: &Attributes<'_>,
        _object: &dyn Hub,
        _old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        Ok(())
    }
}

/// Steps in order.
pub struct Chain(pub Vec<Box<dyn Admission>>);

#[async_trait]
impl Admission for Chain {
    async fn mutate(
        &self,
        attributes: &Attributes<'_>,
        object: &mut Box<dyn Hub>,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        for step in &self.0 {
            step.mutate(attributes, object, old).await?;
        }
        Ok(())
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        for step in &self.0 {
            step.validate(attributes, object, old).await?;
        }
        Ok(())
    }
}
