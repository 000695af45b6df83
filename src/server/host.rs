//! What admission asks of the host cluster, where namespaces are the cluster's.

use super::link::Link;
use crate::admission::{AccessReview, Classes, Freshness, NamespaceState, Namespaces};
use crate::cluster::{self, Access, HostNamespaces, NamespaceFacts};
use crate::pipeline::MASTERS_GROUP;
use crate::pipeline::delegated::AccessReviews;
use apimachinery::status::ApiError;
use async_trait::async_trait;
use databases_api::databaseclass::DatabaseClass;
use k8s_openapi::api::authorization::v1::SubjectAccessReviewSpec;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The cluster's namespaces, and the classes of the registry itself.
pub(super) struct Host {
    pub(super) namespaces: HostNamespaces,
    pub(super) link: Arc<Link>,
}

impl Host {
    async fn facts(&self, name: &str, freshness: Freshness) -> Result<Option<NamespaceFacts>, ApiError> {
        match freshness {
            Freshness::Cached => Ok(self.namespaces.known(name)),
            Freshness::Newest => self.namespaces.newest(name).await.map_err(|error| unanswered(&error)),
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
            Freshness::Cached => Ok(self.namespaces.known_object(name)),
            Freshness::Newest => {
                self.namespaces.newest_object(name).await.map_err(|error| unanswered(&error))
            }
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

#[async_trait]
impl Classes for Host {
    async fn all(&self, freshness: Freshness) -> Result<Vec<DatabaseClass>, ApiError> {
        self.link.all(freshness).await
    }
}
