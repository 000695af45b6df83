//! What admission asks of the host cluster, where namespaces are the cluster's.

use crate::admission::{AccessReview, Freshness, NamespaceState, Namespaces};
use crate::cluster::{self, Access, HostNamespaces, NamespaceFacts};
use crate::pipeline::MASTERS_GROUP;
use crate::pipeline::delegated::AccessReviews;
use apimachinery::status::ApiError;
use async_trait::async_trait;
use k8s_openapi::api::authorization::v1::SubjectAccessReviewSpec;
use serde_json::Value;
use std::collections::BTreeMap;

/// The cluster's namespaces.
pub(super) struct Host(pub(super) HostNamespaces);

impl Host {
    async fn facts(&self, name: &str, freshness: Freshness) -> Result<Option<NamespaceFacts>, ApiError> {
        match freshness {
            Freshness::Cached => Ok(self.0.known(name)),
            Freshness::Newest => self.0.newest(name).await.map_err(|error| unanswered(&error)),
        }
    }
}

fn unanswered(error: &cluster::Error) -> ApiError {
    ApiError::internal(&format!("the cluster cannot be asked for its namespaces: {error}"))
}

#[async_trait]
impl Namespaces for Host {
    async fn state(&self, name: &str, freshness: Freshness) -> Result<NamespaceState, ApiError> {
        Ok(match self.facts(name, freshness).await? {
            None => NamespaceState::Missing,
            Some(facts) if facts.terminating => NamespaceState::Terminating,
            Some(_) => NamespaceState::Active,
        })
    }

    async fn labels(&self, name: &str, freshness: Freshness) -> Result<BTreeMap<String, String>, ApiError> {
        Ok(self.facts(name, freshness).await?.unwrap_or_default().labels)
    }

    async fn object(&self, name: &str, freshness: Freshness) -> Result<Option<Value>, ApiError> {
        match freshness {
            Freshness::Cached => Ok(self.0.known_object(name)),
            Freshness::Newest => self.0.newest_object(name).await.map_err(|error| unanswered(&error)),
        }
    }
}

#[async_trait]
impl AccessReview for AccessReviews {
    async fn review(&self, question: SubjectAccessReviewSpec) -> Result<Access, String> {
        if question.groups.iter().flatten().any(|group| group == MASTERS_GROUP) {
            return Ok(Access { allowed: true, reason: String::new() });
        }
        AccessReviews::review(self, question).await.map_err(|reason| reason.to_string())
    }
}
